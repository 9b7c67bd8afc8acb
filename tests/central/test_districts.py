"""A city in districts: each has its own associator, a stand-in helps out, and nobody's events are left lying."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from central.api.access import Tokens
from central.app import Central
from central.domain.districts import REST, District, Districts
from central.domain.values import CaseFilter
from central.services.admission import Admission
from central.services.association import Association
from central.services.checking import joinable_pairs
from central.services.joining import JoinDesk, Said
from central.services.posts import LEASE_LASTS, PATIENCE, Post
from central.services.replaying import Ledger, associate
from central.settings import CentralSettings
from central.site import SiteSettings
from central.store import case_lists, case_queries, inbox
from contract.clock import VirtualClock
from contract.errors import UsageError
from contract.events import Event
from contract.ids import NodeId
from contract.taxonomy import Seen
from tests.central.builders import ORIGIN, T0, Street
from tests.central.parts import BAN_SITE, TOPICS, Parts

EAST, WEST = District("east"), District("west")
CITY = Districts(((EAST, ("e-*",)), (WEST, ("w-*", "node-9/*"))))


def associator(
    parts: Parts, holder: str, district: District, *, is_own: bool = True, city: Districts = CITY
) -> Association:
    bench = replace(parts.bench, rules=parts.bench.rules.model_copy(update={"districts": city}))
    return Association(parts.database, bench, parts.clock, lambda: None, Post(holder, district, is_own))


def arrive(parts: Parts, *events: Event, city: Districts = CITY) -> None:
    around = replace(BAN_SITE.to_surroundings(), districts=city)
    admission = Admission(parts.database, TOPICS, parts.clock, around)
    admission.take([_Sent(TOPICS.event_live(NodeId(event.data.node_id)), event.to_wire()) for event in events])


class _Sent:
    def __init__(self, topic: str, payload: bytes) -> None:
        self.topic, self.payload = topic, payload


def drain(*associators: Association) -> None:
    while sum(one.step() for one in associators):
        pass


def sizes(parts: Parts) -> list[int]:
    with parts.database.read() as connection:
        ids = [case.case_id for case in case_lists.page(connection, CaseFilter(), 100)]
        return sorted(len(case.members) for case in case_queries.snapshots(connection, ids))


def waiting(parts: Parts) -> int:
    with parts.database.read() as connection:
        return inbox.count_waiting(connection)


def border(street: Street) -> list[Event]:
    """One stall at the border, seen twice from each side; and one that only a camera of the rest sees."""
    cameras = ("e-1", "w-1", "e-2", "w-2")
    seen = [street.event(camera, Seen.STALL, (0.1, 0), camera=camera) for camera in cameras]
    return [*seen, street.event("rest", Seen.STALL, (0.2, 0), camera="cam-7")]


def test_districts_never_share_a_case_whoever_works_on_them(parts: Parts) -> None:
    everyone = [associator(parts, f"p-{name}", name) for name in CITY.names]
    arrive(parts, *border(Street()))
    assert [one.step() for one in everyone] == [2, 2, 1]
    drain(*everyone)
    assert sizes(parts) == [1, 2, 2]
    rules = parts.bench.rules.model_copy(update={"districts": CITY})
    assert joinable_pairs(parts.database, rules) == []
    assert joinable_pairs(parts.database, parts.bench.rules) != []


def test_the_same_file_gives_the_same_partition_offline(parts: Parts) -> None:
    ledger = Ledger()
    rules = parts.bench.rules.model_copy(update={"districts": CITY})
    for event in border(Street()):
        ledger.take(event, rules.late)
    placed = associate(ledger.revisions(ORIGIN), rules, rounds=0).placed
    cases: dict[str, set[str]] = {}
    for entry in placed:
        cases.setdefault(entry.case_id, set()).add(entry.sighting.camera_id)
    assert sorted(map(sorted, cases.values())) == [["cam-7"], ["e-1", "e-2"], ["w-1", "w-2"]]


def test_one_process_does_not_see_anothers_district_after_a_restart(parts: Parts) -> None:
    first = associator(parts, "first", EAST)
    arrive(parts, *border(Street()))
    drain(first, associator(parts, "other", WEST))
    first.release()
    again = associator(parts, "again", EAST)
    arrive(parts, Street(seqs={"node-1": 10}).event("new", Seen.STALL, (0.0, 0), camera="e-3"))
    assert again.step() == 1
    assert sizes(parts) == [2, 3]


def test_a_stand_in_waits_helps_out_and_gives_back(parts: Parts) -> None:
    street = Street()
    stand_in, owner = associator(parts, "stand-in", EAST, is_own=False), associator(parts, "owner", EAST)
    arrive(parts, street.event("a", Seen.STALL, (0, 0), camera="e-1"))
    assert stand_in.step() == 0  # nobody was ever here: the owner may start a little later
    parts.clock.move_to(T0 + PATIENCE)
    assert (stand_in.step(), stand_in.is_active) == (1, True)
    arrive(parts, street.event("b", Seen.STALL, (0.2, 0), camera="e-2"))
    assert owner.step() == 0  # it asks
    assert (stand_in.step(), stand_in.is_active) == (0, False)  # it gives back
    assert (owner.step(), owner.is_active) == (1, True)
    assert (stand_in.step(), sizes(parts)) == (0, [2])
    owner_dies_at = parts.clock.now()
    arrive(parts, street.event("c", Seen.STALL, (0.1, 0), camera="e-3"))
    parts.clock.move_to(owner_dies_at + LEASE_LASTS + timedelta(seconds=1))
    assert stand_in.step() == 0
    parts.clock.move_to(owner_dies_at + LEASE_LASTS + PATIENCE)
    assert (stand_in.step(), sizes(parts)) == (1, [3])


def test_owners_do_not_take_a_district_from_each_other(parts: Parts) -> None:
    one, two = associator(parts, "one", EAST), associator(parts, "two", EAST)
    assert one.step() == 0
    for minute in range(1, 60):
        parts.clock.move_to(T0 + timedelta(seconds=5 * minute))
        one.step()
        two.step()
        assert (one.is_active, two.is_active) == (True, False)


def test_what_waits_for_a_district_that_is_none_any_more_is_taken_by_the_rest(parts: Parts) -> None:
    arrive(parts, *border(Street()))
    city = Districts(((EAST, ("e-*",)),))
    drain(associator(parts, "rest", REST, city=city), associator(parts, "east", EAST, city=city))
    assert (waiting(parts), sizes(parts)) == (0, [2, 3])


def test_a_camera_given_to_another_district_takes_its_waiting_events_along(parts: Parts) -> None:
    arrive(parts, *border(Street()))
    city = Districts(((EAST, ("e-1", "w-*")), (WEST, ("e-2",))))
    drain(*(associator(parts, f"p-{name}", name, city=city) for name in city.names))
    assert (waiting(parts), sizes(parts)) == (0, [1, 1, 3])


def test_what_people_say_reaches_its_own_district_and_no_further(parts: Parts) -> None:
    street = Street()
    far = [street.event(f"e{n}", Seen.STALL, (60.0 * n, 0), camera=f"e-{n}") for n in (1, 2)]
    arrive(parts, *far, street.event("w", Seen.STALL, (60, 1), camera="w-1"))
    east, west = associator(parts, "east", EAST), associator(parts, "west", WEST)
    drain(east, west)
    cases = {}
    with parts.database.read() as connection:
        for event in far:
            (cases[event.data.camera_id],) = case_queries.cases_of(connection, [event.data.incident_id])
        (other,) = {case.case_id for case in case_lists.page(connection, CaseFilter(), 9)} - set(cases.values())
    desk = JoinDesk(parts.database, parts.clock, lambda: None, CITY)
    with pytest.raises(UsageError, match="another district"):
        desk.merge(other, cases["e-1"], Said("wang"))
    desk.merge(cases["e-1"], cases["e-2"], Said("wang"))
    assert west.step() == 0
    assert east.step() > 0
    assert sizes(parts) == [1, 2]


def test_a_process_meant_for_an_unknown_district_says_which_there_are(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("districts: {east: ['e-*'], west: ['w-*']}\n")
    settings = CentralSettings(
        database_url=f"sqlite:///{tmp_path}/c.db", evidence_dir=tmp_path / "e", site=site, districts=("eats",)
    )
    with pytest.raises(UsageError, match="names no eats; it knows east, west, rest"):
        Central(settings, Tokens("operator-token", "node-token"), VirtualClock(T0))


def test_a_district_must_not_be_called_the_rest() -> None:
    with pytest.raises(ValueError, match="what no district claims"):
        SiteSettings.model_validate({"districts": {"rest": ["*"]}})


def test_the_first_that_claims_a_camera_has_it() -> None:
    assert [CITY.of("node-9", name) for name in ("e-1", "x")] == [EAST, WEST]
    assert [CITY.of("node-1", name) for name in ("x", "w-3")] == [REST, WEST]
