"""One associator a database, and what it learns about the cameras."""

from datetime import timedelta

from central.domain.values import CaseFilter
from central.services.association import Association
from central.services.checking import joinable_pairs
from central.services.posts import ALONE, LEASE_LASTS, Post
from central.services.surveying import FEWEST_SIGHTINGS, Survey
from central.store import camera_errors, inbox, leases
from contract.events import Event
from contract.taxonomy import Seen
from tests.central.builders import T0, Street, minutes
from tests.central.parts import Parts


def associator(parts: Parts, holder: str) -> Association:
    return Association(parts.database, parts.bench, parts.clock, lambda: None, Post(holder))


def waiting(parts: Parts) -> int:
    with parts.database.read() as connection:
        return inbox.count_waiting(connection)


def arrive(parts: Parts, *events: Event) -> None:
    for event in events:
        parts.link.push_event(event)
    while parts.intake.step():
        pass


def test_the_second_of_two_associators_does_nothing_until_the_first_has_let_go(parts: Parts) -> None:
    street = Street()
    first, second = associator(parts, "first"), associator(parts, "second")
    arrive(parts, street.event("a", Seen.STALL, (0, 0)))
    assert first.step() == 1
    arrive(parts, street.event("b", Seen.STALL, (0.2, 0), camera="cam-2"))
    assert (second.step(), second.is_active, waiting(parts)) == (0, False, 1)
    first.release()
    assert (second.step(), second.is_active) == (1, True)
    assert len(parts.reader.page(CaseFilter(), 10).items) == 1


def test_after_a_crash_the_other_takes_over_in_time_and_the_dead_one_stays_out(parts: Parts) -> None:
    street = Street()
    first, second = associator(parts, "first"), associator(parts, "second")
    arrive(parts, street.event("a", Seen.STALL, (0, 0)))
    first.step()
    arrive(parts, street.event("b", Seen.STALL, (90, 0), camera="cam-2"))
    parts.clock.move_to(T0 + LEASE_LASTS + timedelta(seconds=1))
    assert second.step() == 1
    arrive(parts, street.event("c", Seen.STALL, (0.2, 0), camera="cam-3"))
    assert (first.step(), first.is_active, waiting(parts)) == (0, False, 1)
    second.step()
    with parts.database.read() as connection:
        lease = leases.find(connection, ALONE.lease)
    assert lease is not None
    assert (lease.holder, lease.epoch) == ("second", 2)


def test_who_slept_through_anothers_turn_reads_everything_anew(parts: Parts) -> None:
    """Its own picture of the street lacks what the other did; going on with it would double cases."""
    street = Street()
    first, second = associator(parts, "first"), associator(parts, "second")
    arrive(parts, street.event("a", Seen.STALL, (0, 0)))
    first.step()
    first.release()
    arrive(parts, street.event("b", Seen.STALL, (90, 0), camera="cam-2"))
    second.step()
    second.release()
    arrive(parts, street.event("c", Seen.STALL, (90.3, 0), camera="cam-3"))
    assert first.step() == 1
    assert len(parts.reader.page(CaseFilter(), 10).items) == 2
    assert joinable_pairs(parts.database, parts.bench.rules) == []


def stalls_seen_twice(street: Street, error_m: float, count: int) -> list[Event]:
    """Stalls 40 m apart, each seen by a camera that is right, one that is nearly so, and one that errs."""
    found = []
    for number in range(count):
        first, last = T0 + minutes(number), T0 + minutes(number + 5)
        for camera, off_m in (("cam-1", 0.0), ("cam-2", 0.3), ("cam-3", error_m)):
            at = (40.0 * number + off_m, 0.0)
            name = f"{camera}-{number}"
            found.append(street.event(name, Seen.STALL, at, first=first, last=last, camera=camera, sigma_m=0.4))
    return found


def test_a_camera_that_errs_is_learnt_raises_the_alarm_and_is_corrected_from_then_on(parts: Parts) -> None:
    street, count = Street(), FEWEST_SIGHTINGS // 2
    parts.clock.move_to(T0 + minutes(count + 9))
    parts.take(*stalls_seen_twice(street, 5.5, count))
    cases_before = len(parts.reader.page(CaseFilter(), 200).items)
    assert Survey(parts.database, parts.bench.rules, parts.clock).run()
    parts.run()
    with parts.database.read() as connection:
        learnt = camera_errors.newest(connection)
    assert learnt is not None
    assert [(alarm.camera, alarm.kind) for alarm in learnt.alarms] == [("node-1/cam-3", "off")]
    listed = parts.reader.page(CaseFilter(), 200).items
    assert cases_before > len(listed) == count
    case = parts.reader.detail(listed[0].id)
    assert case is not None
    assert "camera_off" in [reason.code for reason in case.judgement.reasons]
    assert any(o.link.shift_m or o.link.with_shift_m for o in case.observations)
    assert joinable_pairs(parts.database, parts.bench.rules, learnt.known) == []


def test_too_little_teaches_nothing_and_is_looked_at_again_later(parts: Parts) -> None:
    parts.take(Street().event("a", Seen.STALL, (0, 0)))
    survey = Survey(parts.database, parts.bench.rules, parts.clock)
    assert survey.step() == 0
    with parts.database.read() as connection:
        assert camera_errors.newest(connection) is None


def test_a_survey_that_another_process_made_lately_is_not_made_again(parts: Parts) -> None:
    parts.clock.move_to(T0 + minutes(40))
    parts.take(*stalls_seen_twice(Street(), 0.0, FEWEST_SIGHTINGS // 2))
    for _ in range(2):
        Survey(parts.database, parts.bench.rules, parts.clock).step()
    with parts.database.read() as connection:
        assert camera_errors.newest_id(connection) == 1


def test_a_case_with_old_and_new_sightings_is_not_forgotten_by_halves(parts: Parts) -> None:
    """A board that hangs again after days: the old sighting leaves the working set, the case and the new one stay."""
    street = Street()
    only = Association(parts.database, parts.bench, parts.clock, lambda: None, Post("only", lasts=timedelta(days=30)))

    def hang(name: str, at: timedelta, revision: int = 1) -> None:
        parts.clock.move_to(T0 + at)
        seen = street.event(name, Seen.BILLBOARD, None, revision=revision, first=T0 + at, last=T0 + at)
        arrive(parts, seen.model_copy(update={"data": seen.data.model_copy(update={"place_id": "board-1"})}))
        while only.step():
            pass

    hang("old", timedelta(0))
    hang("new", timedelta(days=2, hours=23, minutes=58))
    hang("new", timedelta(days=3, minutes=8), revision=2)
    assert len(parts.reader.page(CaseFilter(), 10).items) == 1
