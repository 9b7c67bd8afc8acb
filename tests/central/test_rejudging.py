"""What becomes of known cases when a register changes: a preview first, then history; people's words stand."""

from dataclasses import replace
from datetime import timedelta

from central.domain.judgement.stretch import Stretch
from central.domain.registers.snapshot import Registers
from central.domain.silence import Silence
from central.domain.workflow import Action, CaseState, RejectReason
from central.services.actions import CaseDesk, OperatorAction
from central.services.association import Association
from central.services.lawbook import LawBook
from central.services.registers import RegisterBook
from central.services.registers_base import Register
from central.services.registers_rows import ROWS
from central.services.rejudge_report import Effect, RejudgeReport
from central.services.rejudging import Rejudger
from central.services.views import CaseDetail
from central.store import registers as stored
from central.store import silences, stages
from contract.plane import Point
from contract.taxonomy import Seen, Violation
from tests.central.builders import ORIGIN, T0, Street, minutes
from tests.central.parts import LAW, Parts
from tests.central.test_cases import listed, only_case

ALL = Stretch()


def ring(west: float, south: float, size: float) -> list[list[float]]:
    corners = ((west, south), (west + size, south), (west + size, south + size), (west, south + size))
    return [list(reversed(ORIGIN.to_degrees(Point(*corner)))) for corner in corners]


def zone(name: str, kind: str, west: float, south: float, size: float, *hours: str) -> dict[str, object]:
    rings = [ring(west, south, size)]
    return {"id": name, "name_zh": name, "kind": kind, "rings": rings, "hours": list(hours) or ["always"]}


BAN = zone("ban", "bbq_ban_area", -500, -500, 1000)
MARKET = zone("market", "vendor_guide_zone", -40, 0, 20, "daily 17:00-22:00")
HERE = zone("here", "vendor_cluster", -10, -10, 20, "daily 17:00-22:00")


def register(parts: Parts, kind: Register, *rows: dict[str, object]) -> None:
    """The register is these rows from now on."""
    with parts.database.write() as connection:
        before = {row.key for row in stored.rows_of(connection, kind)}
        made = [ROWS[kind].model_validate(row) for row in rows]
        facts = dict.fromkeys(before) | {row.key: row.model_dump(mode="json") for row in made}
        change = stored.NewChange(T0, "wang", "test", kind, "", facts, {}, len(made), 0, 0)
        stored.append(connection, change)


def laws(parts: Parts) -> LawBook:
    return LawBook(LAW, RegisterBook(ORIGIN, LAW.registers))


def rejudger(parts: Parts) -> Rejudger:
    return Rejudger(parts.database, laws(parts), parts.clock)


def detail(parts: Parts, case_id: str) -> CaseDetail:
    found = parts.reader.detail(case_id)
    assert found is not None
    return found


def counts(report: RejudgeReport) -> dict[str, int]:
    return {effect.value: number for effect, number in report.effects.items() if number}


def a_stall(parts: Parts, at: tuple[float, float] = (0, 0)) -> str:
    parts.take(Street().event("stall", Seen.STALL, at, last=T0 + minutes(20)))
    return only_case(parts).id


def test_a_preview_says_what_a_new_market_would_clear_and_writes_nothing(parts: Parts) -> None:
    case_id = a_stall(parts)
    register(parts, Register.ZONES, BAN, MARKET, HERE)
    before = detail(parts, case_id)
    report = rejudger(parts).preview(ALL)
    assert counts(report) == {"cleared": 1}
    assert report.kinds == {"violation road_occupation → lawful": 1}
    (found,) = report.cases
    assert (found.state, found.state_after) == (CaseState.PENDING_REVIEW, CaseState.SUPPRESSED)
    assert "here" in found.after.sentence.en
    assert detail(parts, case_id) == before


def test_applying_it_writes_history_and_ends_the_review_and_doing_it_again_changes_nothing(parts: Parts) -> None:
    case_id = a_stall(parts)
    register(parts, Register.ZONES, BAN, HERE)
    assert counts(rejudger(parts).apply(ALL, "wang")) == {"cleared": 1}
    case = detail(parts, case_id)
    assert (case.state, case.kind, case.judgement.rule, case.zone) == (
        CaseState.SUPPRESSED, None, "trade_zone", "here",
    )  # fmt: skip
    assert [(step.what, step.to_state) for step in case.history][-1] == ("judged", CaseState.SUPPRESSED)
    assert "wang" in case.history[-1].actor
    with parts.database.read() as connection:
        assert stages.open_of(connection, [case_id]) == {}
    assert counts(rejudger(parts).apply(ALL, "wang")) == {"same": 1}
    assert detail(parts, case_id) == case


def test_a_zone_that_is_gone_raises_what_was_lawful_in_it(parts: Parts) -> None:
    parts.take(Street().event("stall", Seen.STALL, (-30, 10), last=T0 + minutes(20)))
    case_id = only_case(parts).id
    register(parts, Register.ZONES, BAN)
    assert counts(rejudger(parts).apply(ALL, "wang")) == {"raised": 1}
    case = detail(parts, case_id)
    assert (case.state, case.kind) == (CaseState.PENDING_REVIEW, Violation.ROAD_OCCUPATION)
    with parts.database.read() as connection:
        assert case_id in stages.open_of(connection, [case_id])


def test_what_a_person_confirmed_stays_and_is_marked_once(parts: Parts) -> None:
    case_id = a_stall(parts)
    CaseDesk(parts.database, parts.clock, lambda: None).act(case_id, OperatorAction(Action.CONFIRM, "li"))
    register(parts, Register.ZONES, BAN, HERE)
    for _ in range(2):
        rejudger(parts).apply(ALL, "wang")
    case = detail(parts, case_id)
    assert (case.state, case.kind) == (CaseState.CONFIRMED, Violation.ROAD_OCCUPATION)
    assert case.judgement.violation is Violation.ROAD_OCCUPATION
    assert [step.what for step in case.history].count("rejudged") == 1
    assert counts(rejudger(parts).preview(ALL)) == {"same": 1}


def test_a_finished_case_is_not_even_looked_at(parts: Parts) -> None:
    case_id = a_stall(parts)
    rejected = OperatorAction(Action.REJECT, "li", reason=RejectReason.LAWFUL)
    CaseDesk(parts.database, parts.clock, lambda: None).act(case_id, rejected)
    before = detail(parts, case_id)
    register(parts, Register.ZONES, BAN, HERE)
    report = rejudger(parts).apply(ALL, "wang")
    assert (report.judged, report.finished) == (0, 1)
    assert detail(parts, case_id) == before


def test_without_another_law_nothing_is_judged_again(parts: Parts) -> None:
    a_stall(parts)
    assert counts(rejudger(parts).preview(ALL)) == {"same": 1}


def test_what_outstayed_its_zones_hours_is_no_change_of_law(parts: Parts) -> None:
    street = Street()
    for revision, after in enumerate((20, 245, 255, 1200), 1):
        parts.take(street.event("stall", Seen.STALL, (-30, 10), revision=revision, last=T0 + minutes(after)))
    case = only_case(parts)
    assert (case.state, case.kind) == (CaseState.PENDING_REVIEW, Violation.NIGHT_MARKET)
    register(parts, Register.SHOPS, {"id": "s", "name_zh": "店"})
    assert counts(rejudger(parts).preview(ALL)) == {"same": 1}
    register(parts, Register.ZONES, BAN, {**MARKET, "hours": ["always"]})
    assert counts(rejudger(parts).preview(ALL)) == {"cleared": 1}


def test_smoke_and_the_stall_beside_it_are_judged_together_again(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("stall", Seen.STALL, (5, 5), camera="cam-2", last=T0 + minutes(30)))
    parts.take(street.event("smoke", Seen.SMOKE, (0, 0), last=T0 + minutes(20)))
    register(parts, Register.ZONES, zone("yard", "bbq_site", -20, -20, 40, "daily 16:00-02:00"), BAN)
    report = rejudger(parts).apply(ALL, "wang")
    assert counts(report) == {"same": 1, "changed": 1}
    fire = next(case for case in listed(parts) if case.group == "fire")
    assert (fire.state, fire.kind) == (CaseState.PENDING_REVIEW, Violation.OIL_FUME)


def test_a_silence_keeps_what_a_register_would_raise(parts: Parts) -> None:
    parts.take(Street().event("stall", Seen.STALL, (-30, 10), last=T0 + minutes(20)))
    case_id = only_case(parts).id
    hush = Silence(0, "roadworks", T0 + timedelta(days=1), camera_id="cam-1")
    with parts.database.write() as connection:
        silences.add(connection, hush, "li", T0)
    register(parts, Register.ZONES, BAN)
    rejudger(parts).apply(ALL, "wang")
    case = detail(parts, case_id)
    assert case.state is CaseState.SUPPRESSED
    assert [step.what for step in case.history][-2:] == ["judged", "silenced"]


def test_only_cases_of_the_stretch_are_judged(parts: Parts) -> None:
    a_stall(parts)
    register(parts, Register.ZONES, BAN, HERE)
    assert rejudger(parts).preview(Stretch(since=T0 + minutes(21))).judged == 0
    assert rejudger(parts).preview(Stretch(until=T0 + minutes(20))).judged == 0
    assert rejudger(parts).preview(Stretch(T0, T0 + minutes(21))).judged == 1


def test_new_events_are_judged_by_the_registers_of_their_moment(parts: Parts) -> None:
    association = Association(parts.database, replace(parts.bench, laws=laws(parts)), parts.clock, lambda: None)
    parts.association = association
    street = Street()
    parts.take(street.event("stall", Seen.STALL, (0, 0), last=T0 + minutes(2)))
    assert only_case(parts).state is CaseState.OBSERVING
    register(parts, Register.ZONES, BAN, HERE)
    parts.take(street.event("stall", Seen.STALL, (0, 0), revision=2, last=T0 + minutes(20)))
    assert (only_case(parts).state, only_case(parts).judgement.law_version) == (
        CaseState.SUPPRESSED, f"{LAW.version}+1",
    )  # fmt: skip


def test_progress_is_told(parts: Parts) -> None:
    a_stall(parts)
    told: list[tuple[int, int]] = []
    rejudger(parts).preview(ALL, lambda done, of: told.append((done, of)))
    assert told == [(1, 1)]


def test_the_registers_of_the_site_hold_until_the_database_has_some(parts: Parts) -> None:
    with parts.database.read() as connection:
        assert laws(parts).current(connection) is LAW
    register(parts, Register.ZONES, HERE)
    book = laws(parts)
    with parts.database.read() as connection:
        law = book.current(connection)
        assert [found.zone_id for found in law.zones] == ["here"]
        assert book.at_version(connection, LAW.version) is book.base
        earlier = book.at_version(connection, law.version)
        assert earlier is not None
        assert earlier.registers == law.registers
        assert book.at_version(connection, "another+1") is None
        assert book.at_version(connection, f"{LAW.version}+x") is None
    assert isinstance(law.registers, Registers)


def test_every_effect_is_counted_even_when_it_is_none(parts: Parts) -> None:
    assert set(rejudger(parts).preview(ALL).effects) == set(Effect)
