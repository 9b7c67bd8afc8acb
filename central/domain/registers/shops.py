"""Shops, the pieces of street pictures that are their frontages, and who runs them."""

from dataclasses import dataclass
from datetime import date

from central.domain.registers.names import ALWAYS_VALID, Names, Validity
from central.domain.registers.seasons import Hours
from contract.plane import Point, contains


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop: one sign at one place of one size unless `signs_allowed` says otherwise (一店一牌)."""

    shop_id: str
    names: Names
    point: Point | None = None
    area_code: str = ""
    merchant_id: str = ""
    hours: Hours | None = None
    signs_allowed: int = 1
    validity: Validity = ALWAYS_VALID


@dataclass(frozen=True, slots=True)
class Frontage:
    """The region of a camera's picture that is a shop's front. Corners are (x, y) in 0..1 of the picture.

    `place_id`: the names of regions that the camera itself reports there, if it does.
    """

    frontage_id: str
    camera_id: str
    shop_id: str
    region_norm: tuple[tuple[float, float], ...] = ()
    place_ids: frozenset[str] = frozenset()
    preset: str = ""
    validity: Validity = ALWAYS_VALID

    def shows(self, x: float, y: float) -> bool:
        return bool(self.region_norm) and contains(self.region_norm, x, y)

    def is_in_force(self, day: date) -> bool:
        return self.validity.holds(day)


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who runs shops or stalls. Whether they are in hardship is not here: only named roles may read that."""

    merchant_id: str
    name: str
    licence: str = ""
    area_code: str = ""
    validity: Validity = ALWAYS_VALID
