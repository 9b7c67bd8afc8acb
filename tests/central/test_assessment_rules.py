"""Formulas, intervals, exposure, coverage and open statistics: pure, and checked against plain arithmetic."""

import math
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from central.domain.assessment.coverage import HOURS_A_WEEK, coverage
from central.domain.assessment.exposure import StandingChange, live_stretches, seconds_a_day
from central.domain.assessment.figures import Measure, Tally, results
from central.domain.assessment.formula import BadFormula, NoValue, parse
from central.domain.assessment.intervals import of_rate, of_share
from central.domain.assessment.items import Mark, Moment
from central.domain.assessment.openness import withhold
from central.domain.assessment.periods import PeriodKind, parse_period, period_around
from central.domain.hours import parse_hours
from central.domain.registers.responsibility import Duty, DutyScope
from central.scorebook import PACKAGED, load_scorebook
from contract.errors import UsageError
from tests.central.assessment_world import ZONE

T0 = datetime(2026, 7, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.b",
        "a ** b",
        "a if b else 1",
        "a < b",
        "[a]",
        "f(a)",
        "min()",
        "min(a, key=b)",
        "a; b",
        "a :=",
        "True",
        "'a'",
        "1e99",
        "a +" * 400 + "a",
        "(" * 300 + "a" + ")" * 300,
    ],
)
def test_only_arithmetic_is_a_formula(text: str) -> None:
    with pytest.raises(BadFormula):
        parse(text, {"a", "b"})


def test_an_unknown_name_is_refused_and_named() -> None:
    with pytest.raises(BadFormula, match="rework_rat, which is no figure"):
        parse("1 - rework_rat", {"rework_rate"})


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-50, 50))
def test_a_formula_is_what_arithmetic_says_and_never_a_crash(a: int, b: int, c: int) -> None:
    formula = parse("30 * a + min(b, c) / (a - c) - max(a, 2)", {"a", "b", "c"})
    found = formula.value({"a": a, "b": b, "c": c})
    if a == c:
        assert found == NoValue("divides_by_zero", "a - c")
    else:
        assert found == pytest.approx(30 * a + min(b, c) / (a - c) - max(a, 2))


def test_a_missing_figure_is_passed_on_as_the_reason() -> None:
    why = NoValue("no_cases_due", "due_to_handle")
    assert parse("10 * (1 - a) + b", {"a", "b"}).value({"a": why, "b": 1.0}) == why


def test_nothing_due_is_no_value_and_never_a_zero() -> None:
    found = results(load_scorebook().to_book(), Tally())
    assert {result.value for result in found.values()} == {None}
    assert found["district_score"].finding == NoValue("no_cases_due", "due_to_handle")
    assert found["false_alarms_per_camera_day"].finding == NoValue("unknown", "camera_days")


def test_no_exposure_is_no_rate() -> None:
    rejected = {(Moment.REVIEWED, Mark.REJECTED): 3}
    found = results(load_scorebook().to_book(), Tally(rejected, measures={Measure.CAMERA_DAYS: 0.0}))
    assert found["false_alarms_per_camera_day"].value is None
    assert found["false_alarms_per_camera_day"].finding == NoValue("divides_by_zero", "camera_days")


def test_the_district_score_of_a_perfect_day_is_a_hundred() -> None:
    perfect = Mark.DONE | Mark.LIMITED | Mark.IN_TIME
    found = results(
        load_scorebook().to_book(), Tally({(Moment.HANDLE_DUE, perfect): 4, (Moment.CLOSE_DUE, perfect): 4})
    )
    assert found["district_score"].value == pytest.approx(100.0)


def changed(tmp_path: Path, change: dict[str, Any]) -> Path:
    content = yaml.safe_load(PACKAGED.read_text(encoding="utf-8"))
    for key, value in change.items():
        content["figures"][key] = value
    path = tmp_path / "assessment.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


NAMES = {"name": {"zh": "甲", "en": "a"}}


@pytest.mark.parametrize(
    ("block", "match"),
    [
        ({"formula": "1 - nothing_such"}, r"figures\.mine\.formula: the formula names nothing_such"),
        ({"formula": "import os"}, r"figures\.mine\.formula: .* is not a formula"),
        ({"numerator": "closed", "denominator": "due_to_handle"}, "closed is no part of due_to_handle"),
        ({"numerator": "handld", "denominator": "due_to_handle"}, r"figures\.mine\.numerator: no set 'handld'"),
        ({"numerator": "handled"}, "exactly one of"),
        ({"formula": "1", "numerator": "handled"}, "exactly one of"),
        ({"formula": "mine + 1"}, "need each other"),
        ({"numerator": "rejected", "per": "moons"}, "figures.mine.per"),
    ],
)
def test_a_wrong_figure_names_the_field(tmp_path: Path, block: dict[str, str], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        load_scorebook(changed(tmp_path, {"mine": NAMES | block}))


def test_the_filing_rate_may_be_of_those_reported(tmp_path: Path) -> None:
    other = NAMES | {"numerator": "reported_and_filed", "denominator": "reported"}
    settings = load_scorebook(changed(tmp_path, {"filing_rate": other}))
    filed, not_filed = Mark.DONE | Mark.REGISTERED, Mark.DONE
    found = results(settings.to_book(), Tally({(Moment.REPORTED, filed): 3, (Moment.REPORTED, not_filed): 1}))
    assert found["filing_rate"].value == 75.0
    assert settings.to_book().version != load_scorebook().to_book().version


@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (1, 1), (2, 3), (7, 40), (39, 40), (500, 1000)])
def test_a_share_lies_in_its_exact_interval(hits: int, trials: int) -> None:
    """Clopper-Pearson turned round: at each end the tail has 2.5 %, summed here term by term."""
    found = of_share(hits, trials)

    def below(p: float) -> float:
        return sum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(hits + 1))

    def above(p: float) -> float:
        return sum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(hits, trials + 1))

    assert found.low <= hits / trials <= found.high
    assert found.low == 0 if hits == 0 else above(found.low) == pytest.approx(0.025, abs=2e-3)
    assert found.high == 1 if hits == trials else below(found.high) == pytest.approx(0.025, abs=2e-3)


@pytest.mark.parametrize("hits", [0, 1, 4, 30, 200])
def test_a_rate_lies_in_its_exact_interval(hits: int) -> None:
    found = of_rate(hits, 1.0)

    def below(mean: float, most: int) -> float:
        return sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(most + 1))

    assert found.low <= hits <= found.high
    assert below(found.high, hits) == pytest.approx(0.025, abs=1e-4)
    assert found.low == 0 if hits == 0 else 1 - below(found.low, hits - 1) == pytest.approx(0.025, abs=1e-4)


def test_a_camera_counts_while_it_and_its_node_deliver() -> None:
    changes = [
        StandingChange(at(0), "node-1", "", "online"),
        StandingChange(at(0), "node-1", "cam-1", "live"),
        StandingChange(at(2), "node-1", "cam-1", "stale"),
        StandingChange(at(3), "node-1", "cam-1", "live"),
        StandingChange(at(5), "node-1", "", "offline"),
        StandingChange(at(7), "node-1", "", "online"),
        StandingChange(at(9), "node-1", "cam-2", "live"),
    ]
    stretches = live_stretches(changes, at(10))
    assert stretches == {"cam-1": [(at(0), at(2)), (at(3), at(5)), (at(7), at(10))], "cam-2": [(at(9), at(10))]}
    by_day = seconds_a_day(stretches, ZONE)
    assert sum(seconds for (_, camera), seconds in by_day.items() if camera == "cam-1") == 7 * 3600


def test_hours_fall_on_local_days() -> None:
    """16:00 UTC is midnight in Shanghai."""
    by_day = seconds_a_day({"cam-1": [(at(15), at(18))]}, ZONE)
    assert by_day == {(date(2026, 7, 1), "cam-1"): 3600, (date(2026, 7, 2), "cam-1"): 7200}


def test_a_grid_is_covered_by_whoever_answers_for_ground_around_it() -> None:
    day = parse_hours(["daily 08:00-20:00"])
    duties = [
        Duty("1", DutyScope.AREA, "370303001", "officer", shift=day),
        Duty("2", DutyScope.AREA, "370303001001001", "night officer", shift=parse_hours(["daily 20:00-08:00"])),
        Duty("3", DutyScope.AREA, "370303002001001", "", shift=day),
        Duty("4", DutyScope.ROAD, "road-1", "somebody", shift=day),
    ]
    grids = ["370303001001001", "370303001001002", "370303002001001"]
    found = coverage(grids, duties, frozenset({"370303001001002", "elsewhere"}), date(2026, 6, 29))
    assert (found.grids, found.covered, found.watched) == (3, 2, 1)
    assert found.hours_covered == HOURS_A_WEEK + 84
    gaps = {gap.grid: len(gap.hours) for gap in found.gaps}
    assert gaps == {"370303001001002": 84, "370303002001001": HOURS_A_WEEK}


@given(st.integers(0, 10_000))
def test_what_is_withheld_can_not_be_subtracted_back(seed: int) -> None:
    """From each line's total and its told cells no small count follows: two withheld, or none, or a hidden total."""
    rng = random.Random(seed)
    rows, columns = [f"r{n}" for n in range(rng.randint(1, 5))], [f"c{n}" for n in range(rng.randint(1, 5))]
    counts = {(row, column): rng.choice([0, 0, 1, 2, 4, 5, 9, 40]) for row in rows for column in columns}
    table = withhold(counts, 5)
    for key, number in counts.items():
        assert table.cells[key] in {None, number}
        assert number == 0 or number >= 5 or table.cells[key] is None
    lines = [(table.row_totals[row], [(row, column) for column in columns]) for row in rows]
    lines += [(table.column_totals[column], [(row, column) for row in rows]) for column in columns]
    for total, line in lines:
        hidden = [key for key in line if table.cells[key] is None]
        assert total is None or len(hidden) != 1 or len(line) == 1 or counts[hidden[0]] >= 5
    for totals in (table.row_totals, table.column_totals):
        assert sum(total is None for total in totals.values()) != 1 or len(totals) == 1


@pytest.mark.parametrize("kind", [kind for kind in PeriodKind if kind is not PeriodKind.SPAN])
@given(day=st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_a_period_reads_as_it_is_written(kind: PeriodKind, day: date) -> None:
    period = period_around(kind, day)
    assert period.first <= day <= period.last
    assert parse_period(str(period)) == period


@pytest.mark.parametrize("text", ["", "July", "2026-13", "2026-W54", "2026-02-30", "2026-07-09..2026-07-01", "2026-Q5"])
def test_what_is_no_period_shows_one_of_each_kind(text: str) -> None:
    with pytest.raises(ValueError, match="2026-Q3"):
        parse_period(text)
