"""What is kept of people: their account, where they are signed in, and what they did at the door. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from central.domain.people import Happening, Operator
from central.domain.workflow_words import Role


@dataclass(frozen=True, slots=True)
class Person:
    """An account. `login` is what a typed name is looked up by, `changed_at` when the password was last set.

    `must_change`: the password was given to them and is good for choosing their own.
    """

    account: int
    name: str
    login: str
    password: str
    must_change: bool
    roles: frozenset[Role]
    district: str
    department: str
    made_at: datetime
    made_by: str
    changed_at: datetime
    seen_at: datetime | None
    disabled_at: datetime | None

    def __repr__(self) -> str:  # never the hash
        return f"Person({self.account}, {self.name!r})"

    @property
    def operator(self) -> Operator:
        return Operator(self.name, self.roles, self.district, self.account, self.department)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What makes an account; `password` is the hash."""

    name: str
    login: str
    password: str
    must_change: bool
    roles: frozenset[Role]
    district: str
    department: str
    made_by: str


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session. Of a person, or of a service: then `service_mark` says with which token it was opened."""

    id_hash: str
    service_mark: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `who` is empty where nobody of that name is known: a mistyped name may be a password."""

    at: datetime
    who: str
    address: str
    what: Happening
    facts: Mapping[str, str]
