"""The door: signing in with waits after wrong tries, sessions that end, and a line for whoever came or was sent away.

A session's id is a secret of 32 random bytes that only the browser holds; the database keeps its hash. Pages carry a
second word made from it (`Session.csrf`), which a form of another site can't know.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.domain.accounts import Line, Person, StoredSession
from central.domain.lockout import BY_ADDRESS, BY_NAME, FORGOTTEN_AFTER, one_more, ready_at
from central.domain.people import SERVICE, Happening, Operator, login_of
from central.services.hashing import Hasher
from central.store import access_log, people, sessions
from central.store.database import Database
from contract.clock import Clock

IDLE = timedelta(hours=2)
"""Without a request. The live page asks for a card at every change, so that a watched screen stays open."""
ABSOLUTE = timedelta(hours=12)
"""A shift; then everybody signs in again."""
TOUCH_EVERY = timedelta(minutes=1)
"""A session's last use is written down no more often: a write a request would queue behind intake."""
KEEP_LINES = timedelta(days=400)
"""Of the log. The law asks for six months (DOMAIN §6)."""
MAX_PASSWORD = 1000
"""Characters that are looked at; nobody's password is longer (`domain.passwords`)."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from."""

    address: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. `csrf` must come with whatever changes something; `id_hash` names the session."""

    id_hash: str
    operator: Operator
    csrf: str
    must_change: bool
    service_mark: str


class SignInRefused(Exception):
    """No session. `ready_at` says until when nothing is looked at; None: the name or the password is wrong."""

    def __init__(self, ready_at: datetime | None = None) -> None:
        super().__init__(
            "wrong name or password" if ready_at is None else f"too many wrong tries; wait until {ready_at}"
        )
        self.ready_at = ready_at


class NotSignedIn(Exception):
    """Nobody known stands behind the request. `is_page`: a person asked for a page, not a program for data."""

    def __init__(self, needs: str, *, is_page: bool = False) -> None:
        super().__init__(f"needs {needs}")
        self.is_page = is_page


class MustChangePassword(Exception):
    """Their password was given to them; until they have chosen their own they get no further."""

    def __init__(self, *, is_page: bool = False) -> None:
        super().__init__("choose a password of your own first: POST /api/v1/me/password")
        self.is_page = is_page


class Doors:
    """Any thread, any number of processes over one database."""

    def __init__(self, database: Database, hasher: Hasher, clock: Clock) -> None:
        self._database = database
        self._hasher = hasher
        self._clock = clock

    def sign_in(self, name: str, password: str, visitor: Visitor) -> str:
        """The new session's id.

        Raises:
            SignInRefused: wrong, disabled or unknown, all alike; or too soon after wrong tries.
            TransientError: too many at once.
        """
        login = login_of(name[:MAX_PASSWORD])
        person = self._begin(login, visitor)
        is_right = self._hasher.is_right(None if person is None else person.password, password[:MAX_PASSWORD])
        if person is None or not is_right:
            raise self._refused("" if person is None else person.name, visitor, "wrong")
        renewed = self._hasher.hash(password) if self._hasher.is_outdated(person.password) else None
        with self._database.write() as connection:
            known = people.by_account(connection, person.account)
            if known is not None and known.disabled_at is None and known.password == person.password:
                if renewed is not None:
                    people.refresh_hash(connection, person.account, renewed)
                return self._open(connection, known, visitor, subject=_by_name(login))
        raise self._refused(person.name, visitor, "disabled")

    def sign_in_service(self, mark: str | None, visitor: Visitor) -> str:
        """A session for whoever brought the operator's token; `mark` names the token, None: it was wrong.

        Raises:
            SignInRefused: it was wrong, or too soon after wrong tries.
        """
        self._begin(None, visitor)
        if mark is None:
            raise self._refused("", visitor, "wrong token")
        with self._database.write() as connection:
            return self._open(connection, None, visitor, mark=mark)

    def find(self, session_id: str) -> Session | None:
        """Who the id stands for; None where it is unknown, over, or its person was disabled."""
        now, id_hash = self._clock.now(), _hash(session_id)
        with self._database.read() as connection:
            found = sessions.find(connection, id_hash)
        if found is None or not _is_open(found[0], now) or (found[1] and found[1].disabled_at is not None):
            return None
        session, person = found
        if now - session.seen_at >= TOUCH_EVERY:
            with self._database.write(beside_others=True) as connection:
                sessions.touch(connection, id_hash, now)
        operator = SERVICE if person is None else person.operator
        return Session(
            id_hash, operator, csrf_of(session_id), person is not None and person.must_change, session.service_mark
        )

    def sign_out(self, session: Session, visitor: Visitor) -> None:
        with self._database.write(beside_others=True) as connection:
            sessions.end(connection, session.id_hash)
            self._note(connection, session.operator.name, visitor, Happening.SIGNED_OUT)

    def sign_out_everywhere(self, account: int, who: str, visitor: Visitor) -> int:
        """Ends all of the person's sessions, this one too; gives how many."""
        with self._database.write() as connection:
            ended = sessions.end_all(connection, account)
            self._note(connection, who, visitor, Happening.SIGNED_OUT, {"sessions": str(ended)})
        return ended

    def check_password(self, person: Person, password: str, visitor: Visitor) -> None:
        """Whether it really is them: a screen left open must not be enough to take an account over.

        Raises:
            SignInRefused: wrong, or too soon after wrong tries.
        """
        self._begin(person.login, visitor)
        if not self._hasher.is_right(person.password, password[:MAX_PASSWORD]):
            raise self._refused(person.name, visitor, "wrong")
        with self._database.write(beside_others=True) as connection:
            _forgive(connection, _by_name(person.login), visitor)

    def note(self, who: str, visitor: Visitor, what: Happening, facts: Mapping[str, str]) -> None:
        """Writes a line of the log."""
        with self._database.write(beside_others=True) as connection:
            self._note(connection, who, visitor, what, facts)

    def _begin(self, login: str | None, visitor: Visitor) -> Person | None:
        """Counts a try before anything is looked at, so that tries at one moment are all counted."""
        now = self._clock.now()
        by_address = _by_address(visitor)
        subjects = {by_address: BY_ADDRESS} | ({} if login is None else {_by_name(login): BY_NAME})
        with self._database.write() as connection:
            sessions.forget(connection, now, now - FORGOTTEN_AFTER)
            access_log.forget(connection, now - KEEP_LINES)
            tries = sessions.tries(connection, list(subjects))
            waits = [ready_at(tries.get(subject), patience) for subject, patience in subjects.items()]
            latest = max((wait for wait in waits if wait is not None), default=now)
            if latest > now:
                raise SignInRefused(latest)
            for subject in subjects:
                sessions.set_tries(connection, subject, one_more(tries.get(subject), now))
            return None if login is None else people.by_login(connection, login)

    def _open(
        self, connection: Connection, person: Person | None, visitor: Visitor, *, mark: str = "", subject: str = ""
    ) -> str:
        now, session_id = self._clock.now(), secrets.token_urlsafe(32)
        made = StoredSession(
            _hash(session_id), mark, now, now, now + ABSOLUTE, visitor.address[:64], visitor.agent[:200]
        )
        sessions.open_session(connection, made, None if person is None else person.account)
        _forgive(connection, subject, visitor)
        if person is not None:
            people.note_seen(connection, person.account, now)
        self._note(connection, SERVICE.name if person is None else person.name, visitor, Happening.SIGNED_IN)
        return session_id

    def _refused(self, who: str, visitor: Visitor, why: str) -> SignInRefused:
        self.note(who, visitor, Happening.SIGN_IN_FAILED, {"why": why})
        return SignInRefused()

    def _note(
        self,
        connection: Connection,
        who: str,
        visitor: Visitor,
        what: Happening,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        access_log.note(connection, Line(self._clock.now(), who, visitor.address[:64], what, facts or {}))


def csrf_of(session_id: str) -> str:
    """The word that forms carry: made from the id, and no way back."""
    return _hash(f"csrf:{session_id}")


def mark_of(token: str) -> str:
    """Names a service's token without telling it; a session ends with the token it was opened by."""
    return _hash(f"mark:{token}")


def _is_open(session: StoredSession, now: datetime) -> bool:
    return now < session.ends_at and now - session.seen_at < IDLE


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _by_name(login: str) -> str:
    return f"name:{_hash(login)}"  # a mistyped name may be a password


def _by_address(visitor: Visitor) -> str:
    """IPv6 by its /64: whoever has one address there has them all."""
    try:
        address = ipaddress.ip_address(visitor.address)
    except ValueError:
        return f"address:{visitor.address[:60]}"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return f"address:{mapped or ipaddress.ip_network((address, 64), strict=False)}"
    return f"address:{address}"


def _forgive(connection: Connection, subject: str, visitor: Visitor) -> None:
    """The name's tries are forgotten; of the address's only this one, or one good account would free all others."""
    if subject:
        sessions.forgive(connection, subject)
    sessions.take_back(connection, _by_address(visitor))
