"""What the lens sees and what it may mean: the product's two vocabularies.

`Seen` is what an edge node reports; `Violation` is what central's judge decides it means there and then
(DOMAIN §2). They are two types on purpose: nothing in the edge may speak of violations.
"""

from enum import StrEnum


class Seen(StrEnum):
    """Something an edge node reports as an incident."""

    SMOKE = "smoke"
    FLAME = "flame"
    GRILL = "grill"
    STALL = "stall"
    CART = "cart"
    PARASOL = "parasol"
    TABLE = "table"
    SIGN = "sign"
    BILLBOARD = "billboard"
    BANNER = "banner"
    GARBAGE = "garbage"
    BIN_OVERFLOW = "bin_overflow"


class Context(StrEnum):
    """Something a model sees that is never an incident by itself: it explains, occludes or must be redacted."""

    PERSON = "person"
    VEHICLE = "vehicle"
    CYCLE = "cycle"
    WASTE_CONTAINER = "waste_container"


class Violation(StrEnum):
    """What a finding means in law (GB/T 47678.5 families; codes are data, `configs/central/violations.yaml`)."""

    OPEN_BBQ = "open_bbq"
    WASTE_BURNING = "waste_burning"
    MOBILE_VENDOR = "mobile_vendor"
    ROAD_OCCUPATION = "road_occupation"
    SHOP_OVERFLOW = "shop_overflow"
    NIGHT_MARKET = "night_market"
    SCRAP_DISORDER = "scrap_disorder"
    ILLEGAL_AD = "illegal_ad"
    ILLEGAL_SIGN = "illegal_sign"
    ILLEGAL_BANNER = "illegal_banner"
    AD_DAMAGED = "ad_damaged"
    OIL_FUME = "oil_fume"
    EXPOSED_GARBAGE = "exposed_garbage"
    BIN_OVERFLOW = "bin_overflow"
    PILED_GOODS = "piled_goods"


class KindGroup(StrEnum):
    """Findings that may be one thing: association only ever compares incidents of one group."""

    FIRE = "fire"
    TRADE = "trade"
    SIGNAGE = "signage"
    WASTE = "waste"


GROUP_BY_SEEN: dict[Seen, KindGroup] = {
    Seen.SMOKE: KindGroup.FIRE,
    Seen.FLAME: KindGroup.FIRE,
    Seen.GRILL: KindGroup.FIRE,
    Seen.STALL: KindGroup.TRADE,
    Seen.CART: KindGroup.TRADE,
    Seen.PARASOL: KindGroup.TRADE,
    Seen.TABLE: KindGroup.TRADE,
    Seen.SIGN: KindGroup.SIGNAGE,
    Seen.BILLBOARD: KindGroup.SIGNAGE,
    Seen.BANNER: KindGroup.SIGNAGE,
    Seen.GARBAGE: KindGroup.WASTE,
    Seen.BIN_OVERFLOW: KindGroup.WASTE,
}
"""The group of everything seen; a test asserts that no `Seen` is missing."""
