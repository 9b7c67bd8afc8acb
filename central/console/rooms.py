"""Who enters which page: one right for each set of pages, asked by the pages and by whatever links to them."""

from collections.abc import Mapping
from enum import StrEnum

from central.domain.people import Operator, Right, denial


class Room(StrEnum):
    """A set of pages."""

    FLEET = "fleet"
    """Nodes and cameras, to look at."""
    WORKSHOP = "workshop"
    """Whatever changes what nodes run: zones, calibrations, policies, roll-outs; and pictures asked for it."""
    RULES = "rules"
    LETTERS = "letters"
    PEOPLE = "people"
    REGISTERS = "registers"
    STREET = "street"
    """An officer's own cases, on a phone."""


ROOMS: Mapping[Room, Right] = {
    Room.FLEET: Right.READ,
    Room.WORKSHOP: Right.KEEP_FLEET,
    Room.RULES: Right.REJUDGE,
    Room.LETTERS: Right.KEEP_INTAKE,
    Room.PEOPLE: Right.KEEP_PEOPLE,
    Room.REGISTERS: Right.READ,
    Room.STREET: Right.READ,
}
ENTRANCES: Mapping[str, tuple[Room, str]] = {
    "/fleet": (Room.FLEET, "fleet.title"),
    "/rollouts": (Room.WORKSHOP, "roll.title"),
    "/rules": (Room.RULES, "rules.title"),
    "/letters": (Room.LETTERS, "letter.title"),
    "/people": (Room.PEOPLE, "people.title"),
    "/registers": (Room.REGISTERS, "registers"),
}
"""The engineers' pages by address: whose they are, and the word that leads there."""


def is_open_to(who: Operator, room: Room) -> bool:
    """Whether they may enter; the page asks again."""
    return denial(who, ROOMS[room]) is None


def entrances_for(who: Operator) -> list[tuple[str, str]]:
    """The engineers' pages that they may enter: address and word."""
    return [(path, word) for path, (room, word) in ENTRANCES.items() if is_open_to(who, room)]
