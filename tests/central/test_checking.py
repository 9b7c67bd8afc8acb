"""The check that finds two cases which the rules would make one."""

from sqlalchemy import update

from central.domain.values import CaseFilter
from central.services.checking import joinable_pairs
from central.store.cases import MEMBERS
from contract.taxonomy import Seen
from tests.central.builders import T0, Street, minutes, uuid_of
from tests.central.parts import Parts


def test_a_sound_store_has_no_joinable_pair(parts: Parts) -> None:
    street = Street()
    parts.take(
        street.event("a", Seen.STALL, (0, 0), last=T0 + minutes(3)),
        street.event("b", Seen.STALL, (0.4, 0), last=T0 + minutes(3), camera="cam-2"),
        street.event("c", Seen.STALL, (6, 0), last=T0 + minutes(3)),
    )
    assert joinable_pairs(parts.database, parts.bench.rules) == []


def test_a_double_case_is_found_and_explained(parts: Parts) -> None:
    """As a race between two associators would leave it."""
    street = Street()
    parts.take(street.event("a", Seen.STALL, (0, 0), last=T0 + minutes(3)))
    parts.take(street.event("b", Seen.STALL, (90, 0), last=T0 + minutes(3), camera="cam-2"))
    b, a = (case.id for case in parts.reader.page(CaseFilter(only_prominent=False), 9).items)
    parts.take(street.event("d", Seen.STALL, (0.4, 0), last=T0 + minutes(3), camera="cam-3"))
    with parts.database.write() as connection:
        connection.execute(update(MEMBERS).where(MEMBERS.c.incident_id == uuid_of("incident", "d")).values(case_id=b))
    (pair,) = joinable_pairs(parts.database, parts.bench.rules)
    assert {pair.case_id, pair.other_id} == {a, b}
    assert pair.link.basis == "ground"
