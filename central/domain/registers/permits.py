"""Permits: what may hang or stand where, whose it is, and until when."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from central.domain.registers.names import ALWAYS_VALID, Validity
from central.domain.registers.seasons import Hours
from central.domain.registers.shapes import Shape
from contract.plane import Point


class PermitKind(StrEnum):
    ADVERT = "advert"
    SHOP_SIGN = "shop_sign"
    BANNER = "banner"
    STALL = "stall"


class BoardKind(StrEnum):
    """How an advert stands or hangs; some kinds have longer limits (DOMAIN §2)."""

    PILLAR = "pillar"
    ROOF = "roof"
    WALL = "wall"
    FREE_STANDING = "free_standing"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Place:
    """A region on one camera's picture that stays where it is. Without a camera the name alone must be unique."""

    camera_id: str
    place_id: str

    def __str__(self) -> str:
        return f"{self.camera_id}/{self.place_id}" if self.camera_id else self.place_id


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit. It is found by the places that show it, or by where on the ground it holds.

    `width_m` and `height_m` are for a person to compare. `is_public_service`: adverts that need no permit (公益广告).
    `hours` and `goods` limit a stall's permit; None and empty for no limit. `radius_m`: how far around `point` it
    holds where no `shape` is drawn.
    """

    permit_id: str
    kind: PermitKind
    holder: str
    validity: Validity = ALWAYS_VALID
    places: tuple[Place, ...] = ()
    shape: Shape | None = None
    point: Point | None = None
    radius_m: float = 5.0
    board: BoardKind = BoardKind.OTHER
    is_public_service: bool = False
    shop_id: str = ""
    hours: Hours | None = None
    goods: frozenset[str] = frozenset()
    width_m: float | None = None
    height_m: float | None = None
    area_code: str = ""

    def is_in_force(self, day: date) -> bool:
        return self.validity.holds(day)
