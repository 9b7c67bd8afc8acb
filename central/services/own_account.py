"""What people do with their own account: look at it, choose another password, sign out everywhere."""

from dataclasses import dataclass

from central.domain.accounts import Person, StoredSession
from central.domain.people import Operator
from central.services.doors import Doors, Visitor
from central.services.people import By, PeopleDesk
from contract.errors import UsageError


@dataclass(frozen=True, slots=True)
class OwnPage:
    """Somebody's account and where they are signed in. A service has neither."""

    operator: Operator
    person: Person | None
    sessions: tuple[StoredSession, ...]


class OwnAccount:
    """Any thread."""

    def __init__(self, desk: PeopleDesk, doors: Doors) -> None:
        self._desk = desk
        self._doors = doors

    def page(self, operator: Operator) -> OwnPage:
        if operator.account is None:
            return OwnPage(operator, None, ())
        return OwnPage(operator, self._desk.person(operator.name), tuple(self._desk.sessions(operator.account)))

    def change_password(self, operator: Operator, old: str, new: str, visitor: Visitor) -> None:
        """Takes the new password and ends all their sessions.

        Raises:
            SignInRefused: the old one is wrong, or too many were.
            UsageError: the new one is weak or no other, or a service has no password.
        """
        if operator.account is None:
            raise UsageError("the operator token is no account; give it another value in the environment")
        person = self._desk.person(operator.name)
        self._doors.check_password(person, old, visitor)
        if new == old:
            raise UsageError("password: the new one is the old one")
        self._desk.set_password(person.name, new, By(person.name, visitor), must_change=False)

    def sign_out_everywhere(self, operator: Operator, visitor: Visitor) -> int:
        """Ends all their sessions; gives how many.

        Raises:
            UsageError: a service has no sessions of its own.
        """
        if operator.account is None:
            raise UsageError("the operator token is no account; its sessions end when it changes")
        return self._doors.sign_out_everywhere(operator.account, operator.name, visitor)
