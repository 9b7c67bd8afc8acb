"""Accounts: made, given roles and districts, given a new password, disabled. Whatever changes rights ends sessions."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from central.domain.accounts import Line, NewPerson, Person, StoredSession
from central.domain.passwords import WORDS, weakness
from central.domain.people import (
    SERVICE,
    Happening,
    Operator,
    Place,
    Refusal,
    Right,
    denial,
    is_district,
    login_of,
    read_name,
)
from central.domain.workflow_words import PEOPLE, Role
from central.services.doors import Visitor
from central.services.hashing import Hasher, commonest_passwords
from central.store import access_log, case_queries, people, sessions
from central.store.database import Database
from contract.clock import Clock
from contract.errors import UsageError

FIRST_ADMIN = "admin"
LONGEST_DEPARTMENT = 64
HERE = Visitor("command line")


class UnknownPerson(Exception):
    """Nobody has such an account."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What an account may do, and where: `district` is an area code or the beginning of one, empty for everywhere.

    `department` is written as the register of responsibility writes it; a handling unit without one handles all cases.
    """

    roles: frozenset[Role]
    district: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class By:
    """Who changes an account, and from where."""

    name: str
    visitor: Visitor = HERE


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The first account and its password, which is told once."""

    name: str
    password: str


class PeopleDesk:
    """Any thread. Who may call what is the caller's to ask (`domain.people.refusal`)."""

    def __init__(self, database: Database, hasher: Hasher, clock: Clock) -> None:
        self._database = database
        self._hasher = hasher
        self._clock = clock

    def everybody(self) -> list[Person]:
        """By name, disabled ones too."""
        with self._database.read() as connection:
            return people.everybody(connection)

    def person(self, name: str) -> Person:
        """Raises:
        UnknownPerson: nobody is called so.
        """
        with self._database.read() as connection:
            return _known(people.by_login(connection, login_of(name)), name)

    def sessions(self, account: int) -> list[StoredSession]:
        """Where the person is signed in, newest first."""
        with self._database.read() as connection:
            return sessions.of_account(connection, account)

    def log(self, limit: int, who: str | None = None) -> list[Line]:
        """The newest lines of the access log."""
        with self._database.read() as connection:
            return access_log.newest(connection, limit, who)

    def add(self, name: str, password: str, rights: Rights, by: By, *, must_change: bool = True) -> Person:
        """Makes an account.

        Raises:
            UsageError: the name is none or taken, the password is weak, the rights are not rights.
        """
        proper = read_name(name)
        if proper is None:
            raise UsageError(
                f"name {name[:80]!r}: 2 to 64 letters and digits, with . _ @ - or single spaces between them; "
                "and not a name that central uses itself"
            )
        _check_rights(rights)
        _check_password(password, proper)
        new = NewPerson(
            proper,
            login_of(proper),
            self._hasher.hash(password),
            must_change,
            rights.roles,
            rights.district,
            rights.department,
            by.name,
        )
        try:
            with self._database.write() as connection:
                account = people.add(connection, new, self._clock.now())
                self._note(connection, by, Happening.ACCOUNT_MADE, proper, rights)
                return _known(people.by_account(connection, account), proper)
        except IntegrityError as error:
            raise UsageError(f"name {proper}: taken; names that differ only in capital letters are one") from error

    def set_rights(self, name: str, rights: Rights, by: By) -> Person:
        """Gives other roles and another district; holds from their next request on.

        Raises:
            UnknownPerson: nobody is called so.
            UsageError: the rights are not rights, or nobody would be an administrator any more.
        """
        _check_rights(rights)
        with self._database.write() as connection:
            person = _known(people.by_login(connection, login_of(name)), name)
            if Role.ADMIN not in rights.roles:
                _require_another_admin(connection, person)
            people.set_rights(connection, person.account, rights.roles, rights.district, rights.department)
            self._note(connection, by, Happening.RIGHTS_SET, person.name, rights)
            return _known(people.by_account(connection, person.account), name)

    def set_password(self, name: str, password: str, by: By, *, must_change: bool = True) -> int:
        """Gives a new password and ends all their sessions; gives how many.

        Raises:
            UnknownPerson: nobody is called so.
            UsageError: the password is weak.
        """
        person = self.person(name)
        _check_password(password, person.name)
        kept = self._hasher.hash(password)
        happening = Happening.PASSWORD_SET if must_change else Happening.PASSWORD_CHANGED
        with self._database.write() as connection:
            people.set_password(connection, person.account, kept, self._clock.now(), must_change=must_change)
            self._note(connection, by, happening, person.name)
            return sessions.end_all(connection, person.account)

    def set_disabled(self, name: str, by: By, *, is_disabled: bool) -> Person:
        """Shuts an account and ends its sessions at once, or opens it again.

        Raises:
            UnknownPerson: nobody is called so.
            UsageError: nobody would be an administrator any more.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            person = _known(people.by_login(connection, login_of(name)), name)
            if is_disabled:
                _require_another_admin(connection, person)
                sessions.end_all(connection, person.account)
            people.set_disabled(connection, person.account, now if is_disabled else None)
            self._note(connection, by, Happening.DISABLED if is_disabled else Happening.ENABLED, person.name)
            return _known(people.by_account(connection, person.account), name)

    def let_open(self, name: str, case_id: str, facts: Mapping[str, str]) -> Operator:
        """Notes at the command line that `name`'s account, or a service, opens an original; gives who that is.

        Raises:
            UnknownPerson: nobody is called so.
            Refusal: the account is shut, has not the right, or the case lies elsewhere.
        """
        with self._database.write() as connection:
            who: Operator = SERVICE
            if name != SERVICE.name:
                person = _known(people.by_login(connection, login_of(name)), name)
                if person.disabled_at is not None:
                    raise Refusal(f"the account {person.name} is disabled")
                who = person.operator
            case = case_queries.find(connection, case_id)
            said = denial(who, Right.OPEN_ORIGINAL, Place(case.area_code if case else None))
            if said is not None:
                raise said
            told = {"case": case_id, **facts}
            line = Line(self._clock.now(), who.name, HERE.address, Happening.ORIGINAL_OPENED, told)
            access_log.note(connection, line)
        return who

    def make_first_admin(self) -> FirstAdmin | None:
        """An administrator where there is no account at all; None where there is one. Of several processes one wins."""
        with self._database.read() as connection:
            if people.count(connection):
                return None
        password = secrets.token_urlsafe(12)
        try:
            self.add(FIRST_ADMIN, password, Rights(frozenset({Role.ADMIN})), By("central"))
        except UsageError:
            return None  # another process was quicker
        return FirstAdmin(FIRST_ADMIN, password)

    def _note(self, connection: Connection, by: By, what: Happening, name: str, rights: Rights | None = None) -> None:
        facts = {"account": name}
        if rights is not None:
            facts |= {
                "roles": ",".join(sorted(rights.roles)),
                "district": rights.district,
                "department": rights.department,
            }
        access_log.note(connection, Line(self._clock.now(), by.name, by.visitor.address[:64], what, facts))


def read_roles(words: Iterable[str]) -> frozenset[Role]:
    """Roles by name.

    Raises:
        UsageError: one of them is none of a person's.
    """
    known = {role.value: role for role in PEOPLE}
    found = [word.strip() for word in words if word.strip()]
    unknown = [word for word in found if word not in known]
    if unknown or not found:
        raise UsageError(f"roles: {', '.join(unknown) or 'none given'}; there are {', '.join(sorted(known))}")
    return frozenset(known[word] for word in found)


def _check_rights(rights: Rights) -> None:
    if not rights.roles or not rights.roles <= PEOPLE:
        raise UsageError(f"roles: an account needs one or more of {', '.join(sorted(PEOPLE))}")
    if not is_district(rights.district):
        raise UsageError(
            f"district {rights.district!r}: an area code or the beginning of one (up to 15 of 0-9 A-Z), or empty"
        )
    if not (rights.department.isprintable() and len(rights.department) <= LONGEST_DEPARTMENT):
        raise UsageError(f"department: at most {LONGEST_DEPARTMENT} letters, as the register of responsibility has it")


def _check_password(password: str, name: str) -> None:
    found = weakness(password, name, commonest_passwords())
    if found is not None:
        raise UsageError(f"password: {WORDS[found]}; take a few words that belong together for you alone")


def _require_another_admin(connection: Connection, person: Person) -> None:
    others = [
        other
        for other in people.everybody(connection)
        if other.account != person.account and Role.ADMIN in other.roles and other.disabled_at is None
    ]
    if Role.ADMIN in person.roles and person.disabled_at is None and not others:
        raise UsageError(f"{person.name} is the only administrator; make another one first")


def _known(person: Person | None, name: str) -> Person:
    if person is None:
        raise UnknownPerson(name)
    return person
