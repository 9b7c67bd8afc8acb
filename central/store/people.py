"""Accounts of people: name, hash of the password, roles, district. Disabled ones stay: the history names them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Row, String, Table, Update, func, insert, select, update

from central.domain.accounts import NewPerson, Person
from central.domain.workflow_words import PEOPLE, Role
from central.store.database import METADATA, ROW_ID, UtcInstant

PEOPLE_TABLE = Table(
    "people",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("login", String(200), nullable=False, unique=True),
    Column("password", String(200), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("roles", String(400), nullable=False),
    Column("district", String(15), nullable=False),
    Column("department", String(64), nullable=False, server_default=""),
    Column("made_at", UtcInstant, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("changed_at", UtcInstant, nullable=False),
    Column("seen_at", UtcInstant),
    Column("disabled_at", UtcInstant),
    sqlite_autoincrement=True,
)


def add(connection: Connection, person: NewPerson, now: datetime) -> int:
    """Gives the account's number.

    Raises:
        sqlalchemy.exc.IntegrityError: somebody has that login.
    """
    values = {
        "name": person.name,
        "login": person.login,
        "password": person.password,
        "must_change": person.must_change,
        "roles": _joined(person.roles),
        "district": person.district,
        "department": person.department,
        "made_at": now,
        "made_by": person.made_by,
        "changed_at": now,
    }
    row = connection.execute(insert(PEOPLE_TABLE).values(values).returning(PEOPLE_TABLE.c.id)).one()
    return int(row.id)


def by_login(connection: Connection, login: str) -> Person | None:
    row = connection.execute(select(PEOPLE_TABLE).where(PEOPLE_TABLE.c.login == login)).first()
    return None if row is None else person_of(row)


def by_account(connection: Connection, account: int) -> Person | None:
    row = connection.execute(select(PEOPLE_TABLE).where(PEOPLE_TABLE.c.id == account)).first()
    return None if row is None else person_of(row)


def everybody(connection: Connection) -> list[Person]:
    """All accounts, by name; disabled ones too."""
    return [person_of(row) for row in connection.execute(select(PEOPLE_TABLE).order_by(PEOPLE_TABLE.c.login))]


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(PEOPLE_TABLE)).scalar_one())


def set_password(connection: Connection, account: int, password: str, now: datetime, *, must_change: bool) -> None:
    """`password` is the hash."""
    values = {"password": password, "changed_at": now, "must_change": must_change}
    connection.execute(_of(account).values(values))


def refresh_hash(connection: Connection, account: int, password: str) -> None:
    """The same password under newer parameters."""
    connection.execute(_of(account).values(password=password))


def set_rights(connection: Connection, account: int, roles: frozenset[Role], district: str, department: str) -> None:
    connection.execute(_of(account).values(roles=_joined(roles), district=district, department=department))


def set_disabled(connection: Connection, account: int, at: datetime | None) -> None:
    connection.execute(_of(account).values(disabled_at=at))


def note_seen(connection: Connection, account: int, now: datetime) -> None:
    connection.execute(_of(account).values(seen_at=now))


def person_of(row: Row[*tuple[Any, ...]]) -> Person:
    """The account in a row that holds all of the table's columns under their names."""
    found = row._mapping
    return Person(
        account=found[PEOPLE_TABLE.c.id],
        name=found[PEOPLE_TABLE.c.name],
        login=found[PEOPLE_TABLE.c.login],
        password=found[PEOPLE_TABLE.c.password],
        must_change=found[PEOPLE_TABLE.c.must_change],
        roles=_read_roles(found[PEOPLE_TABLE.c.roles]),
        district=found[PEOPLE_TABLE.c.district],
        department=found[PEOPLE_TABLE.c.department],
        made_at=found[PEOPLE_TABLE.c.made_at],
        made_by=found[PEOPLE_TABLE.c.made_by],
        changed_at=found[PEOPLE_TABLE.c.changed_at],
        seen_at=found[PEOPLE_TABLE.c.seen_at],
        disabled_at=found[PEOPLE_TABLE.c.disabled_at],
    )


def _of(account: int) -> Update:
    return update(PEOPLE_TABLE).where(PEOPLE_TABLE.c.id == account)


def _joined(roles: frozenset[Role]) -> str:
    return ",".join(sorted(roles))


def _read_roles(text: str) -> frozenset[Role]:
    """A role that this program no longer knows gives nothing."""
    known = {role.value: role for role in PEOPLE}
    return frozenset(known[word] for word in text.split(",") if word in known)
