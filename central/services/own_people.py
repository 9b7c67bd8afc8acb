"""Accounts as one administrator keeps them: those of their own district, through every door alike."""

from central.domain.accounts import Person
from central.domain.people import RIGHTS, Operator, Place, Right, require
from central.services.doors import Visitor
from central.services.people import By, PeopleDesk, Rights


class OwnPeople:
    """For one request. Whatever it refuses raises `Refusal`; an account that there is not, `UnknownPerson`."""

    def __init__(self, desk: PeopleDesk, who: Operator, visitor: Visitor) -> None:
        self._desk, self._who, self._by = desk, who, By(who.name, visitor)

    def everybody(self) -> list[Person]:
        """By name."""
        return [person for person in self._desk.everybody() if person.district.startswith(self._who.district)]

    def person(self, name: str) -> Person:
        found = self._desk.person(name)
        self._require(found.district)
        return found

    def add(self, name: str, password: str, rights: Rights) -> Person:
        """They choose a password of their own when they first sign in."""
        self._require(rights.district)
        return self._desk.add(name, password, rights, self._by)

    def set_rights(self, name: str, rights: Rights) -> Person:
        self.person(name)
        self._require(rights.district)
        return self._desk.set_rights(name, rights, self._by)

    def set_password(self, name: str, password: str) -> int:
        """Gives how many of their sessions ended."""
        return self._desk.set_password(self.person(name).name, password, self._by)

    def set_disabled(self, name: str, *, is_disabled: bool) -> Person:
        self.person(name)
        return self._desk.set_disabled(name, self._by, is_disabled=is_disabled)

    def _require(self, district: str) -> None:
        require(self._who, RIGHTS[Right.KEEP_PEOPLE], Place(district or None))
