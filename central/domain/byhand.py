"""A case that people bring: what they saw stands for what a camera would have seen. Pure."""

from dataclasses import dataclass
from datetime import datetime

from central.domain.workflow_words import Source
from contract.plane import Point
from contract.taxonomy import GROUP_BY_SEEN, KindGroup, Seen, Violation

SEEN_BY_KIND: dict[Violation, Seen] = {
    Violation.OPEN_BBQ: Seen.GRILL,
    Violation.WASTE_BURNING: Seen.FLAME,
    Violation.MOBILE_VENDOR: Seen.CART,
    Violation.ROAD_OCCUPATION: Seen.STALL,
    Violation.SHOP_OVERFLOW: Seen.STALL,
    Violation.NIGHT_MARKET: Seen.STALL,
    Violation.SCRAP_DISORDER: Seen.GARBAGE,
    Violation.ILLEGAL_AD: Seen.BILLBOARD,
    Violation.ILLEGAL_SIGN: Seen.SIGN,
    Violation.ILLEGAL_BANNER: Seen.BANNER,
    Violation.AD_DAMAGED: Seen.BILLBOARD,
    Violation.OIL_FUME: Seen.SMOKE,
    Violation.EXPOSED_GARBAGE: Seen.GARBAGE,
    Violation.BIN_OVERFLOW: Seen.BIN_OVERFLOW,
    Violation.PILED_GOODS: Seen.GARBAGE,
}
"""What somebody who reports a kind has most likely seen; a test asserts that no kind is missing."""


@dataclass(frozen=True, slots=True)
class Tale:
    """What somebody tells: which violation, where, when, and who brought it. No name and no telephone number.

    `place` is in the site's metres, None where only an address is known. `is_reviewed`: whoever brings it is trusted to
    have looked (an inspector); else a reviewer looks first (a citizen).
    """

    kind: Violation
    source: Source
    seen_at: datetime
    place: Point | None = None
    address: str = ""
    description: str = ""
    is_reviewed: bool = True

    @property
    def seen(self) -> Seen:
        return SEEN_BY_KIND[self.kind]

    @property
    def group(self) -> KindGroup:
        return GROUP_BY_SEEN[self.seen]
