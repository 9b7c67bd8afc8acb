"""Cases under re-consideration, on the real store: order, people's word, frozen cases, swaps, late events."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from central.domain.rules import AssociationRules
from central.domain.values import CaseFilter, CaseSnapshot, Revision
from central.domain.workflow import Action, CaseState, RejectReason
from central.rulebook import at_site, load_rules, make_rules
from central.services.actions import CaseDesk, OperatorAction
from central.services.association import Association
from central.services.observing import to_revision
from central.services.replaying import associate
from central.services.shuffling import Arrivals, settle_in_order
from central.services.views import CaseDetail
from central.services.workingset import Bench
from central.simulation.simulate import Simulation, simulate
from central.simulation.world import ORIGIN, Conditions
from central.store.database import Database
from contract.clock import VirtualClock
from contract.events import Event
from contract.ids import IncidentId
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import T0, Street, minutes, uuid_of
from tests.central.parts import BAN_SITE, LAW, OPERATOR_TOKEN, Parts


@cache
def busy_corner() -> Simulation:
    """Forty minutes with swaps and cameras without a pose; one of its four crossings' events."""
    whole = simulate(3, 1, 0.67, Conditions(swap_share=0.2, late_share=0.0, unposed_share=0.2))
    events = tuple(event for event in whole.events if event.data.node_id == "d1-x1-node")
    return Simulation(whole.city, events, whole.truth)


def rules_there() -> AssociationRules:
    pairs = frozenset(frozenset(pair) for pair in busy_corner().city.overlaps)
    return load_rules().model_copy(update={"overlaps": pairs})


def details(parts: Parts) -> list[CaseDetail]:
    listed = parts.reader.page(CaseFilter(only_prominent=False), 500).items
    return [detail for case in listed if (detail := parts.reader.detail(case.id)) is not None]


def members(parts: Parts) -> set[frozenset[str]]:
    """Incident and revision-free: which incidents (twice where a track was cut) are together."""
    return {frozenset(f"{o.incident_id}/{o.first_seen_at}" for o in case.observations) for case in details(parts)}


def review(parts: Parts, case_id: str, action: Action = Action.CONFIRM) -> None:
    desk = CaseDesk(parts.database, parts.clock, lambda: None)
    desk.act(case_id, OperatorAction(action, "operator", RejectReason.OTHER))


def case_of(parts: Parts, name: str) -> CaseDetail:
    incident = uuid_of("incident", name)
    return next(case for case in details(parts) if incident in {o.incident_id for o in case.observations})


def offline_parts(events: Iterable[Event]) -> set[frozenset[str]]:
    """Which incidents and parts are together, reckoned without a database."""
    revisions: dict[IncidentId, list[Revision]] = {}
    for event in events:
        revisions.setdefault(IncidentId(event.data.incident_id), []).append(to_revision(event.data, ORIGIN))
    found: dict[str, set[str]] = {}
    for entry in associate(revisions, rules_there(), rounds=0).placed:
        found.setdefault(entry.case_id, set()).add(f"{entry.sighting.incident_id}#{entry.sighting.part}")
    return {frozenset(own) for own in found.values()}


def offline(events: Iterable[Event]) -> set[frozenset[str]]:
    revisions: dict[IncidentId, list[object]] = {}
    for event in events:
        revisions.setdefault(IncidentId(event.data.incident_id), []).append(to_revision(event.data, ORIGIN))
    found: dict[str, set[str]] = {}
    for entry in associate(revisions, rules_there(), rounds=0).placed:  # type: ignore[arg-type]
        name = f"{entry.sighting.incident_id}/{entry.sighting.first_seen_at}"
        found.setdefault(entry.case_id, set()).add(name)
    return {frozenset(own) for own in found.values()}


@pytest.mark.parametrize("seed", [0, 7])
def test_any_order_repetition_and_batches_give_the_partition_of_the_whole(seed: int, database_url: str) -> None:
    """Through the inbox and the service's own steps, as `score-orders` does it for a whole day."""
    database = Database(database_url)
    clock = VirtualClock(T0)
    bench = Bench(rules_there(), LAW, ORIGIN)
    events = busy_corner().events
    settled = settle_in_order(
        database, lambda own: (Association(own, bench, clock, lambda: None), clock), Arrivals(events, seed)
    )
    assert settled.joinable == 0
    together: dict[str, set[str]] = {}
    for member, case_id in settled.case_of.items():
        together.setdefault(case_id, set()).add(member)
    assert {frozenset(own) for own in together.values()} == offline_parts(events)
    database.close()


def test_a_restart_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    """The board is memory only: what it is rebuilt from lies in the database."""
    parts = Parts(tmp_path)
    events = busy_corner().events[:200]
    for half in (events[:100], events[100:]):
        parts.association = Association(parts.database, Bench(rules_there(), LAW, ORIGIN), parts.clock, lambda: None)
        parts.take(*half)
    assert members(parts) == offline(events)
    parts.close()


def three_stalls(street: Street) -> list[Event]:
    """Two cameras' views of one stall, and a neighbour 30 m off."""
    last = T0 + minutes(3)
    return [
        street.event("a", Seen.STALL, (0, 0), last=last),
        street.event("b", Seen.STALL, (0.5, 0), last=last, camera="cam-2"),
        street.event("c", Seen.STALL, (30, 0), last=last, camera="cam-3"),
    ]


def test_what_people_merge_and_split_stays_so_whatever_comes_later(parts: Parts) -> None:
    street = Street()
    parts.take(*three_stalls(street))
    client = AsgiClient(parts.http, OPERATOR_TOKEN)
    joined, other = case_of(parts, "a").id, case_of(parts, "c").id
    assert client.send("POST", f"/api/v1/cases/{other}/merge", json={"into": joined, "note": "one"}).status_code == 202
    parts.run()
    assert case_of(parts, "c").id == joined
    answer = client.get(f"/api/v1/cases/{other}")
    assert (answer.status_code, answer.json()) == (301, {"merged_into": joined})
    assert answer.headers["location"] == f"/api/v1/cases/{joined}"
    out = {"incidents": [uuid_of("incident", "b")]}
    assert client.send("POST", f"/api/v1/cases/{joined}/split", json=out).status_code == 202
    parts.run()
    for name, camera, at in (("a", "cam-1", (0.2, 0.0)), ("b", "cam-2", (0.1, 0.0)), ("c", "cam-3", (30.0, 0.0))):
        parts.take(street.event(name, Seen.STALL, at, revision=2, last=T0 + minutes(4), camera=camera))
    assert case_of(parts, "a").id == case_of(parts, "c").id != case_of(parts, "b").id
    assert {link.link.basis for link in case_of(parts, "a").observations} == {"first", "person"}


@pytest.mark.parametrize(
    ("action", "body"), [("merge", {"into": uuid_of("x")}), ("split", {"incidents": [uuid_of("y")]})]
)
def test_nonsense_about_joining_is_refused(parts: Parts, action: str, body: dict[str, object]) -> None:
    parts.take(*three_stalls(Street()))
    client = AsgiClient(parts.http, OPERATOR_TOKEN)
    path = f"/api/v1/cases/{case_of(parts, 'a').id}/{action}"
    assert client.send("POST", path, json=body).status_code in {404, 422}


def test_a_reviewed_case_can_not_be_split(parts: Parts) -> None:
    parts.take(*three_stalls(Street()))
    parts.take(Street({"node-1": 9}).event("a", Seen.STALL, (0, 0), revision=2, last=T0 + minutes(9)))
    case = case_of(parts, "a")
    review(parts, case.id)
    client = AsgiClient(parts.http, OPERATOR_TOKEN)
    answer = client.send("POST", f"/api/v1/cases/{case.id}/split", json={"incidents": [uuid_of("incident", "b")]})
    assert (answer.status_code, answer.json()["open_actions"]) == (409, ["reopen"])


def test_two_reviewed_cases_that_turn_out_to_be_one_are_proposed_and_not_joined(parts: Parts) -> None:
    street = Street()
    parts.take(
        street.event("a", Seen.GRILL, (0, 0), last=T0 + minutes(3)),
        street.event("b", Seen.GRILL, (9, 0), last=T0 + minutes(3), camera="cam-2"),
    )
    first, second = case_of(parts, "a").id, case_of(parts, "b").id
    review(parts, first)
    review(parts, second)
    parts.take(street.event("b", Seen.GRILL, (0.4, 0), revision=1, last=T0 + minutes(4), camera="cam-2"))
    assert (case_of(parts, "a").id, case_of(parts, "b").id) == (first, second)
    for case_id, other in ((first, second), (second, first)):
        case = parts.reader.detail(case_id)
        assert case is not None
        assert [step.facts for step in case.history if step.what == "proposed"] == [{"other_case_id": other}]


def test_a_track_that_takes_a_neighbour_for_its_thing_is_in_both_cases(parts: Parts) -> None:
    street = Street()
    own = [
        street.event("l", Seen.STALL, (0, 0), revision=n, last=T0 + minutes(n), camera="cam-2", sigma_m=0.5)
        for n in range(1, 13)
    ]
    neighbour = [
        street.event("r", Seen.STALL, (6, 0), revision=n, last=T0 + minutes(n), camera="cam-2", sigma_m=0.5)
        for n in range(1, 7)
    ]
    lost = [
        street.event("s", Seen.STALL, (0 if n < 7 else 6, 0), revision=n, last=T0 + minutes(n), sigma_m=0.5)
        for n in range(1, 13)
    ]
    parts.take(*own, *neighbour, *lost)
    swapped = uuid_of("incident", "s")
    holding = [case for case in details(parts) if swapped in {o.incident_id for o in case.observations}]
    assert {case.id for case in holding} == {case_of(parts, "l").id, case_of(parts, "r").id}
    assert len(details(parts)) == 2


def test_what_was_over_a_day_before_it_was_told_is_kept_and_raises_nothing(parts: Parts) -> None:
    parts.clock.move_to(T0 + timedelta(days=1, minutes=10))
    street = Street()
    parts.take(street.event("old", Seen.GRILL, (0, 0), last=T0 + minutes(9)))
    assert case_of(parts, "old").state is CaseState.OBSERVING
    parts.take(street.event("new", Seen.GRILL, (50, 0), last=T0 + minutes(11)))
    assert case_of(parts, "new").state is CaseState.PENDING_REVIEW


def test_a_late_event_finds_neighbours_that_have_left_the_board(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("a", Seen.STALL, (0, 0), last=T0 + minutes(3)))
    parts.clock.move_to(T0 + timedelta(days=9))
    parts.take(street.event("x", Seen.STALL, (90, 0), first=T0 + timedelta(days=9)))
    parts.take(street.event("b", Seen.STALL, (0.5, 0), camera="cam-2", last=T0 + minutes(2)))
    assert case_of(parts, "b").id == case_of(parts, "a").id


class Doubtful:
    """People have found nothing at this place before."""

    def looks_needed(self, case: CaseSnapshot) -> int:
        return 3


def test_where_people_found_nothing_a_case_must_rest_on_more_looks(parts: Parts) -> None:
    bench = Bench(make_rules(BAN_SITE), LAW, BAN_SITE.to_origin(), memory=Doubtful())
    parts.association = Association(parts.database, bench, parts.clock, lambda: None)
    street = Street()
    for revision, state in ((1, CaseState.OBSERVING), (2, CaseState.OBSERVING), (3, CaseState.PENDING_REVIEW)):
        parts.take(street.event("g", Seen.GRILL, (0, 0), revision=revision, last=T0 + minutes(2 + revision)))
        assert case_of(parts, "g").state is state


def test_the_rules_in_the_packaged_file_are_the_codes_own() -> None:
    assert make_rules(BAN_SITE) == at_site(AssociationRules(), BAN_SITE)


def test_a_case_that_falls_apart_again_gets_its_old_id_back(parts: Parts) -> None:
    street = Street()
    parts.take(*_late_bridge(street))
    before = {case.id for case in details(parts)}
    parts.take(street.event("b", Seen.STALL, (3, 0), revision=2, last=T0 + minutes(3), camera="cam-2"))
    assert len(details(parts)) == 1
    parts.take(*(_away(street, revision) for revision in range(3, 14)))
    assert {case.id for case in details(parts)} == before


def test_what_turns_out_to_stand_far_away_leaves_its_case(parts: Parts) -> None:
    """Nothing hangs together with it there, so its old case has to be asked."""
    street = Street()
    parts.take(*_late_bridge(street))
    parts.take(street.event("b", Seen.STALL, (3, 0), revision=2, last=T0 + minutes(3), camera="cam-2"))
    assert len(details(parts)) == 1
    far = [
        street.event("b", Seen.STALL, (40, 0), revision=n, last=T0 + minutes(n), camera="cam-2", sigma_m=9)
        for n in range(3, 14)
    ]
    parts.take(*far)
    assert case_of(parts, "a").id != case_of(parts, "b").id


def _late_bridge(street: Street) -> Sequence[Event]:
    return [
        street.event("a", Seen.STALL, (0, 0), last=T0 + minutes(3)),
        street.event("b", Seen.STALL, (6, 0), last=T0 + minutes(3), camera="cam-2", sigma_m=0.6),
    ]


def _away(street: Street, revision: int) -> Event:
    last = T0 + minutes(revision)
    return street.event("b", Seen.STALL, (6.2, 0), revision=revision, last=last, camera="cam-2", sigma_m=0.6)
