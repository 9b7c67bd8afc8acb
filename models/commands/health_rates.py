"""`python -m models health-rates`."""

import json
from math import exp, lgamma, log
from typing import Annotated

import typer
from rich.table import Table

from datasets.commands.telling import AsJson, console, progress_bar
from models.commands.telling import errors_told
from models.health_rates import FIRST_SEED, Rates, measure_rates

DAY_S = 86400.0


def health_rates(
    hours: Annotated[float, typer.Option(min=0.05, max=2000, help="Hours of healthy camera time to watch.")] = 12.0,
    every_s: Annotated[float, typer.Option(min=0.5, max=10, help="Seconds between looks; a patrol gives 2.")] = 2.0,
    minutes: Annotated[float, typer.Option(min=3, max=240, help="Healthy minutes on each street.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """How often a healthy camera is called sick, and how long a sick one goes unnoticed, on simulated streets.

    The streets' seeds are none of those that set the thresholds. Twelve hours take some fifteen minutes.

    Example:  python -m models health-rates --hours 12 --json > runs/health-rates.json
    """
    with errors_told():
        with progress_bar() as progress:
            task = progress.add_task("healthy camera hours", total=hours)
            rates = measure_rates(hours, every_s, minutes, lambda done: progress.update(task, completed=done))
        facts = to_facts(rates, every_s)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    console.print(false_table(rates))
    console.print(delay_table(rates))


def to_facts(rates: Rates, every_s: float) -> dict[str, object]:
    """Everything that was counted, per condition and weather."""
    return {
        "first_seed": FIRST_SEED,
        "streets": rates.streets,
        "every_s": every_s,
        "watched_h": {name: round(seconds / 3600, 3) for name, seconds in sorted(rates.watched_s.items())},
        "false": [
            {"condition": kind, "slice": name, "times": rates.onsets[kind, name], "seconds": seconds}
            for (kind, name), seconds in sorted(rates.said_s.items())
        ],
        "false_a_camera_day": _summary(rates),
        "delays_s": {
            name: {
                "streets": len(delays),
                "noticed": len(noticed(delays)),
                "median": middle(noticed(delays)),
                "longest": max(noticed(delays), default=None),
            }
            for name, delays in rates.delays_s.items()
        },
        "called_instead": {name: dict(counts) for name, counts in rates.called.items()},
    }


def false_table(rates: Rates) -> Table:
    """One row a weather; a cell is how often a condition was wrongly said, and for how many seconds."""
    kinds = sorted({kind for kind, _ in rates.said_s})
    table = Table("healthy, hours", *kinds, "times a camera-day (95 % ≤)", title="wrongly called sick")
    for name, watched_s in sorted(rates.watched_s.items()):
        cells = [f"{rates.onsets[kind, name]} × ({rates.said_s[kind, name]} s)" for kind in kinds]
        times = sum(rates.onsets[kind, name] for kind in kinds)
        days = watched_s / DAY_S
        bound = f"{times / days:.1f} (≤ {upper(times) / days:.1f})"
        table.add_row(f"{name}, {watched_s / 3600:.1f}", *cells, bound)
    return table


def delay_table(rates: Rates) -> Table:
    """One row an ailment."""
    table = Table("ailment", "noticed", "median s", "longest s", "called instead", title="how long it goes unnoticed")
    for name, delays in rates.delays_s.items():
        found = noticed(delays)
        called = ", ".join(f"{word} {count}" for word, count in rates.called.get(name, {}).items())
        table.add_row(
            name, f"{len(found)} of {len(delays)}", f"{middle(found)}", f"{max(found, default=None)}", called or "–"
        )
    return table


def noticed(delays: list[float | None]) -> list[float]:
    return sorted(delay for delay in delays if delay is not None)


def middle(values: list[float]) -> float | None:
    return values[len(values) // 2] if values else None


def upper(count: int, confidence: float = 0.95) -> float:
    """The exact one-sided upper bound of a Poisson mean when `count` was seen.

    >>> round(upper(0), 3), round(upper(3), 3)
    (2.996, 7.754)
    """
    low, high = float(count), 10.0 * count + 20.0
    for _ in range(60):
        mean = (low + high) / 2
        at_most = sum(exp(-mean + k * log(mean) - lgamma(k + 1)) for k in range(count + 1))
        low, high = (mean, high) if at_most > 1 - confidence else (low, mean)
    return (low + high) / 2


def _summary(rates: Rates) -> dict[str, object]:
    days = sum(rates.watched_s.values()) / DAY_S
    times = sum(rates.onsets.values())
    return {"times": times, "rate": round(times / days, 3), "upper_95": round(upper(times) / days, 3)}
