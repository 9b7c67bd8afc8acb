"""The facts of a reason: a zone, a permit, a shop, in words of both languages."""

from central.domain.law import Zone
from central.domain.reasons import Facts
from central.domain.registers.permits import Permit
from central.domain.registers.shops import Shop


def zone_facts(zone: Zone) -> Facts:
    return {"zone_id": zone.zone_id, "zone": zone.names.zh, "zone_en": zone.names.en, "hours": zone.hours.text}


def permit_facts(permit: Permit) -> Facts:
    """`until` and `since` are days; "—" where it is open."""
    return {
        "permit_id": permit.permit_id,
        "holder": permit.holder,
        "board": permit.board.value,
        "since": permit.validity.first.isoformat() if permit.validity.first else "—",
        "until": permit.validity.last.isoformat() if permit.validity.last else "—",
    }


def shop_facts(shop: Shop) -> Facts:
    return {"shop_id": shop.shop_id, "shop": shop.names.zh, "shop_en": shop.names.en}
