"""The count of false alarms and delays: right about what it counts, honest about how little it saw."""

import pytest

from contract.events import CameraCondition
from models.commands.health_rates import delay_table, false_table, to_facts, upper
from models.health_rates import Rates, measure_rates


def test_the_bound_on_a_rate_is_exact() -> None:
    assert upper(0) == pytest.approx(2.9957, abs=1e-3)
    assert upper(10) == pytest.approx(16.962, abs=1e-3)


def test_a_camera_gets_sick_and_is_noticed() -> None:
    done: list[float] = []
    rates = measure_rates(hours=0.02, every_s=6.0, minutes_a_street=1.5, tell=done.append)
    assert (rates.streets, len(done)) == (1, 1)
    facts = to_facts(rates, 6.0)
    assert set(rates.delays_s) >= {"black", "frozen", "covered", "moved by 10°"}
    (black,) = rates.delays_s["black"]
    assert black is not None
    assert black <= 12
    assert facts["false"] == []


def test_what_is_wrongly_said_is_counted_by_weather() -> None:
    rates = Rates()
    rates.watched_s["night rain"] = 86400
    rates.said_s[CameraCondition.BLURRED, "night rain"] = 120
    rates.onsets[CameraCondition.BLURRED, "night rain"] = 1
    rates.delays_s["black"] = [8.0, None]
    facts = to_facts(rates, 2.0)
    assert facts["false"] == [{"condition": "blurred", "slice": "night rain", "times": 1, "seconds": 120}]
    assert facts["false_a_camera_day"] == {"times": 1, "rate": 1.0, "upper_95": 4.744}
    assert false_table(rates).row_count == delay_table(rates).row_count == 1
