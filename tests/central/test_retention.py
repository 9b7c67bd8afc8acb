"""What is kept how long, by class; what a case needs stays; an event that came once never counts again."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import func, insert, select

from central.domain.retention import SEEN_FLOOR_DAYS, CaseFacts, RetentionRules, expiry
from central.domain.values import CaseFilter
from central.domain.workflow import Action, CaseState, RejectReason
from central.retention import Retention, Swept
from central.services.actions import CaseDesk, OperatorAction
from central.services.auditing import verify
from central.services.sealing import Sealer
from central.store.cases import CASES, HISTORY, MEMBERS
from central.store.fleet_history import CHANGES as STANDINGS
from central.store.inbox import INBOX
from central.store.observations import OBSERVATIONS
from central.store.pictures import EVIDENCE
from contract.events import Event, IncidentState
from contract.signing import SigningKey
from contract.taxonomy import Seen
from tests.central.builders import JPEG, T0, Street, evidence_ref, minutes
from tests.central.commandline import CommandLine
from tests.central.parts import Parts

RULES = RetentionRules()
KEY = SigningKey.generate()
BITE = 3


def days(count: float) -> timedelta:
    return timedelta(days=count)


def case(state: CaseState = CaseState.SUPPRESSED, **facts: object) -> CaseFacts:
    given_facts = {"was_raised": False, "last_seen_at": T0, "gone_at": T0, "person_at": None} | facts
    return CaseFacts("c", state, **given_facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "pictures", "record"),
    [
        (case(), 7, 7),
        (case(CaseState.OBSERVING), 7, 7),
        (case(was_raised=True), 30, 30),
        (case(person_at=T0 + days(2)), 32, 402),
        (case(CaseState.REJECTED_FALSE_ALARM, person_at=T0 + days(1)), 31, 401),
        (case(CaseState.CONFIRMED, person_at=T0 + days(1)), 366, 401),
        (case(CaseState.CONFIRMED, person_at=T0 + days(1), gone_at=T0 + days(100)), 465, 465),
        (case(CaseState.CONFIRMED, person_at=T0, gone_at=None), None, None),
        (case(CaseState.PENDING_REVIEW, was_raised=True), None, None),
        (case(is_merged=True, has_target=True), None, None),
        (case(is_merged=True), 7, 7),
    ],
)
def test_every_class_has_its_days(facts: CaseFacts, pictures: float | None, record: float | None) -> None:
    found = expiry(facts, RULES)
    assert found.pictures_at == (None if pictures is None else T0 + days(pictures))
    assert found.record_at == (None if record is None else T0 + days(record))


@given(
    st.builds(
        CaseFacts,
        case_id=st.just("c"),
        state=st.sampled_from(CaseState),
        was_raised=st.booleans(),
        last_seen_at=st.datetimes(T0.replace(tzinfo=None), T0.replace(tzinfo=None) + days(500)).map(
            lambda at: at.replace(tzinfo=T0.tzinfo)
        ),
        gone_at=st.none() | st.just(T0 + days(500)),
        person_at=st.none() | st.integers(0, 900).map(lambda count: T0 + days(count)),
        is_merged=st.booleans(),
        has_target=st.booleans(),
    )
)
def test_what_a_person_has_seen_stays_thirty_days_and_a_record_outlives_its_pictures(facts: CaseFacts) -> None:
    found = expiry(facts, RetentionRules(unseen=4, rejected=30, closed=30, audit=30))
    if found.pictures_at is None:
        assert found.record_at is None
        return
    assert found.record_at is not None
    assert facts.last_seen_at <= found.pictures_at <= found.record_at
    if facts.person_at is not None:
        assert found.pictures_at >= facts.person_at + days(SEEN_FLOOR_DAYS)


@pytest.mark.parametrize("wrong", [{"rejected": 29}, {"closed": 1}, {"unseen": 3}, {"audit": 0}, {"pictures": 5}])
def test_less_than_the_floor_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RetentionRules.model_validate(wrong)


@pytest.fixture
def job(parts: Parts) -> Retention:
    return Retention(parts.database, parts.objects, RULES, parts.clock, BITE)


def seal(parts: Parts) -> None:
    while Sealer(parts.database, KEY, parts.clock).step():
        pass


def counts(parts: Parts) -> dict[str, int]:
    tables = {"cases": CASES, "members": MEMBERS, "history": HISTORY, "evidence": EVIDENCE, "sightings": OBSERVATIONS}
    with parts.database.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.items()
        }


def decide(parts: Parts, action: Action, reason: RejectReason | None = None) -> None:
    (only,) = parts.reader.page(CaseFilter(only_prominent=False), 10).items
    CaseDesk(parts.database, parts.clock, lambda: None).act(only.id, OperatorAction(action, "wang", reason))


def lawful(street: Street, name: str = "stall") -> Event:
    """A stall in its zone during its hours: nobody is asked about it."""
    return street.event(name, Seen.STALL, (-30, 10), last=T0 + minutes(10), evidence=(evidence_ref(),))


def barbecue(street: Street, name: str = "grill", state: IncidentState = IncidentState.UPDATED) -> Event:
    """A grill in the ban area: it is shown and waits for a person."""
    return street.event(name, Seen.GRILL, (0, 0), last=T0 + minutes(3), evidence=(evidence_ref(),), state=state)


def later(parts: Parts, job: Retention, count: float) -> Swept:
    parts.clock.move_to(T0 + days(count))
    return job.run(parts.clock.now())


def test_a_lawful_finding_goes_after_a_week_and_leaves_a_tombstone(parts: Parts, job: Retention) -> None:
    event = lawful(Street())
    parts.take(event)
    parts.objects.put(JPEG)
    seal(parts)
    assert later(parts, job, 6.9) == Swept()
    swept = later(parts, job, 7.1)
    assert (swept.cases, swept.picture_files, swept.picture_bytes) == (1, 1, len(JPEG))
    assert set(counts(parts).values()) == {0}
    assert list(parts.objects.every()) == []
    seal(parts)
    report = verify(parts.database, [KEY.public])
    assert report.is_intact
    assert report.deleted_by_retention > 0
    parts.take(event)
    assert parts.intake.counts.repeated == 1
    assert counts(parts)["cases"] == 0


def test_a_step_that_is_not_sealed_yet_keeps_its_case(parts: Parts, job: Retention) -> None:
    parts.take(lawful(Street()))
    assert later(parts, job, 8).cases == 0
    assert counts(parts)["cases"] == 1
    seal(parts)
    assert later(parts, job, 8.5).cases == 1


def test_a_false_alarms_pictures_go_first_and_who_said_so_stays(parts: Parts, job: Retention) -> None:
    parts.take(barbecue(Street()))
    parts.objects.put(JPEG)
    decide(parts, Action.REJECT, RejectReason.LOOKALIKE)
    seal(parts)
    assert later(parts, job, 29.9).picture_files == 0
    swept = later(parts, job, 30.1)
    assert (swept.pictured_incidents, swept.picture_files, swept.cases) == (1, 1, 0)
    assert (counts(parts)["cases"], counts(parts)["evidence"]) == (1, 0)
    assert later(parts, job, 399).cases == 0
    assert later(parts, job, 401).cases == 1
    assert set(counts(parts).values()) == {0}


def test_what_waits_for_a_person_or_still_stands_there_stays(parts: Parts, job: Retention) -> None:
    parts.take(barbecue(Street()))
    seal(parts)
    assert later(parts, job, 3000).cases == 0
    decide(parts, Action.CONFIRM)
    seal(parts)
    assert later(parts, job, 6000).cases == 0
    assert counts(parts)["evidence"] == 1


def test_a_confirmed_case_goes_a_year_after_it_is_over(parts: Parts, job: Retention) -> None:
    street = Street()
    parts.take(barbecue(street))
    decide(parts, Action.CONFIRM)
    parts.take(barbecue(street, state=IncidentState.CLOSED).model_copy())
    with parts.database.write() as connection:
        connection.execute(CASES.update().values(gone_at=T0 + days(1)))
    seal(parts)
    assert later(parts, job, 365).pictured_incidents == 0
    assert later(parts, job, 367).pictured_incidents == 1
    assert later(parts, job, 401).cases == 1


def test_a_picture_that_shows_two_things_stays_for_the_second(parts: Parts, job: Retention) -> None:
    street = Street()
    parts.take(lawful(street), barbecue(street))
    parts.objects.put(JPEG)
    seal(parts)
    swept = later(parts, job, 8)
    assert (swept.cases, swept.picture_files) == (1, 0)
    assert len(list(parts.objects.every())) == 1


def test_an_events_content_goes_and_its_identity_stays(parts: Parts, job: Retention) -> None:
    street = Street()
    events = [street.event(f"n{n}", Seen.STALL, (n * 40.0, 60.0)) for n in range(BITE + 5)]
    parts.take(*events)
    parts.link.push_event(waiting := street.event("waits", Seen.STALL, (0, 200.0)))
    parts.intake.step()
    assert later(parts, job, 29).inbox_payloads == 0
    assert later(parts, job, 31).inbox_payloads == BITE + 5
    assert later(parts, job, 32).inbox_payloads == 0
    with parts.database.read() as connection:
        full = connection.execute(select(INBOX.c.event_id).where(INBOX.c.payload != b"")).scalars().all()
        assert connection.execute(select(func.count()).select_from(INBOX)).scalar_one() == BITE + 6
    assert full == [waiting.id]
    parts.link.push_event(events[0])
    parts.intake.step()
    assert parts.intake.counts.repeated == 1


def test_dead_letters_and_old_standings_go_and_the_present_stays(parts: Parts, job: Retention) -> None:
    parts.link.push("xunjie/v1/node/node-1/event/live", b"{")
    parts.run()
    with parts.database.write() as connection:
        rows = [{"at": T0 + days(n), "node_id": "n", "camera_id": "", "state": "x", "detail": ""} for n in range(3)]
        connection.execute(insert(STANDINGS), rows)
    assert later(parts, job, 91).dead_letters == 1
    assert later(parts, job, 500).status == 2
    with parts.database.read() as connection:
        assert connection.execute(select(STANDINGS.c.at)).scalars().all() == [T0 + days(2)]


def test_a_dry_run_counts_and_takes_nothing(parts: Parts, job: Retention) -> None:
    street = Street()
    parts.take(lawful(street), barbecue(street))
    parts.objects.put(JPEG)
    seal(parts)
    before = counts(parts)
    parts.clock.move_to(T0 + days(31))
    told = job.run(parts.clock.now(), dry=True)
    assert (told.cases, told.inbox_payloads) == (1, 2)
    assert counts(parts) == before
    assert len(list(parts.objects.every())) == 1
    assert job.run(parts.clock.now()).cases == told.cases


def test_a_picture_that_nothing_refers_to_goes_after_a_day(parts: Parts, job: Retention) -> None:
    parts.objects.put(JPEG)
    ((_, path),) = parts.objects.every()
    stamp = (T0 - timedelta(hours=23)).timestamp()
    os.utime(path, (stamp, stamp))
    assert job.run(T0).picture_files == 0
    assert job.run(T0 + timedelta(hours=2)).picture_files == 1


def test_it_runs_an_hour_after_the_start_and_then_once_a_day(parts: Parts, job: Retention) -> None:
    street = Street()
    parts.take(lawful(street))
    seal(parts)
    parts.clock.move_to(T0 + days(8))
    job.step()
    assert counts(parts)["cases"] == 1
    parts.clock.move_to(T0 + days(8) + timedelta(minutes=61))
    job.step()
    assert counts(parts)["cases"] == 0
    parts.take(street.event("again", Seen.STALL, (-30, 10), first=T0 + days(8), last=T0 + days(8) + minutes(10)))
    seal(parts)
    parts.clock.move_to(T0 + days(8.9))
    job.step()
    assert counts(parts)["cases"] == 1
    parts.clock.move_to(T0 + days(16))
    job.step()
    assert counts(parts)["cases"] == 0


def test_the_command_says_what_would_go(file_parts: Parts, tmp_path: Path, command_line: CommandLine) -> None:
    file_parts.take(lawful(Street()))
    seal(file_parts)
    where = ("--database-url", str(file_parts.database.url), "--evidence-dir", str(tmp_path / "evidence"), "--json")
    told = json.loads(command_line("retention", "--dry-run", *where).stdout)
    assert (told["dry_run"], told["cases"]) == (True, 1)
    assert json.loads(command_line("retention", *where).stdout)["cases"] == 1
    assert command_line("retention", "--database-url", f"sqlite:///{tmp_path}/no.db").returncode == 2
