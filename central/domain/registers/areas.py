"""The tree of areas: city → district → street or town → community or village → unit grid (DOMAIN §1, §3).

A code says its level by its length, and its parents by its beginning.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from central.domain.registers.names import Names
from central.domain.registers.shapes import Shape


class AreaLevel(StrEnum):
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"


LENGTHS = {
    AreaLevel.CITY: 4,
    AreaLevel.DISTRICT: 6,
    AreaLevel.STREET: 9,
    AreaLevel.COMMUNITY: 12,
    AreaLevel.GRID: 15,
}
"""County division 6 + street 3 + community 3 + sequence 3; a city is its counties' first four digits."""
_BY_LENGTH = {length: level for level, length in LENGTHS.items()}
_CODE = re.compile(r"[0-9]{4}(?:[0-9]{2}[0-9A-Z]*)?")


@dataclass(frozen=True, slots=True)
class Area:
    """One area of any level; `shape` is None while nobody has drawn it."""

    code: str
    names: Names
    shape: Shape | None = None

    @property
    def level(self) -> AreaLevel:
        return level_of(self.code)

    @property
    def parent(self) -> str | None:
        """The code one level up; None for a city."""
        return parent_of(self.code)


def level_of(code: str) -> AreaLevel:
    """The level that the code's length says.

    Raises:
        ValueError: no such code; the message says what is wrong with it.

    >>> level_of("370303001002003")
    <AreaLevel.GRID: 'grid'>
    """
    level = _BY_LENGTH.get(len(code))
    if level is None:
        wanted = ", ".join(f"{length} for a {name}" for name, length in LENGTHS.items())
        raise ValueError(f"area code {code!r} has {len(code)} digits; a code has {wanted}")
    if _CODE.fullmatch(code) is None:
        raise ValueError(f"area code {code!r} is made of digits (capital letters from the 7th place on)")
    return level


def parent_of(code: str) -> str | None:
    """The code of the area around it.

    >>> parent_of("370303001002003"), parent_of("370303"), parent_of("3703")
    ('370303001002', '3703', None)
    """
    lengths = sorted(LENGTHS.values())
    at = lengths.index(LENGTHS[level_of(code)])
    return code[: lengths[at - 1]] if at else None


def is_within(code: str, area: str) -> bool:
    """Whether the area `code` is `area` or lies in it; "" holds everything."""
    return code.startswith(area)
