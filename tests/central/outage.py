"""A day on which the platform struggles, is away for 24 hours, and struggles again: nothing missing, nothing double."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from central.simulation.city_platform import Fault
from central.simulation.platform_records import Records
from central.store.database import Database
from tests.central.builders import T0, uuid_of
from tests.central.delivery_parts import CITY, Post, platform

STRUGGLING = {
    Fault.FAIL_500: 0.10,
    Fault.DROP: 0.05,
    Fault.DOWN_503: 0.05,
    Fault.BUSY_429: 0.05,
    Fault.ACCEPT_THEN_500: 0.10,
    Fault.ACCEPT_THEN_DROP: 0.10,
    Fault.ACCEPT_THEN_GARBAGE: 0.05,
    Fault.ACCEPT_THEN_HANG: 0.03,
}
"""More than half of all writes go wrong."""
GIVES_UP_S = 3.0
"""The test's day passes between two calls: a platform that a busy machine holds up for longer, before it has stored a
case, would be asked for it too early."""


@dataclass
class Day:
    """What happened: cases and their newest revision, and which faults the platform's writes met."""

    told: dict[str, int] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)


def ride_out(database: Database, folder: Path, cases: int, tick: timedelta, seed: int = 1) -> Day:
    """Three hours of struggle, 24 hours without a platform, then struggle again until everything is settled.

    Cases come all the time and a third of them changes later. Two senders work by turns; the platform restarts twice.
    """
    day, rng = Day(), random.Random(seed)
    due = sorted((rng.uniform(0, 27 * 3600), f"case-{number}") for number in range(cases))
    changes = [(at + rng.uniform(600, 7200), name) for at, name in due if rng.random() < 1 / 3]
    script = sorted([(at, name, False) for at, name in due] + [(at, name, True) for at, name in changes])
    post, port = _with_platform(database, folder, 0, day, script, tick, lambda s: s < 3 * 3600)
    _run(post, script, tick, day, lambda s: s < 27 * 3600)  # nobody listens at that port
    _, port = _with_platform(database, folder, port, day, script, tick, lambda s: s < 30 * 3600, post)
    _with_platform(database, folder, port, day, script, tick, lambda _: bool(script) or post.unsettled() > 0, post)
    return day


def assert_once(day: Day, folder: Path) -> None:
    """Every case is at the platform exactly once, in its newest revision."""
    records = Records(folder / "platform.db")
    there = [record for page in range(1, 100) for record in records.page(page)]
    records.close()
    count = Counter(record.ref for record in there)
    missing, double = set(day.told) - set(count), {ref for ref, number in count.items() if number > 1}
    assert (len(missing), len(double)) == (0, 0)
    assert {record.ref: record.rev for record in there} == day.told


def _with_platform(
    database: Database,
    folder: Path,
    port: int,
    day: Day,
    script: list[tuple[float, str, bool]],
    tick: timedelta,
    goes_on: Callable[[float], bool],
    before: Post | None = None,
) -> tuple[Post, int]:
    with platform(folder, port=port) as city:
        city.control(mix=STRUGGLING, hang_s=GIVES_UP_S + 1)
        target: dict[str, Any] = {**CITY, "url": city.url, "timeout_s": GIVES_UP_S}
        post = before or Post(database, target)
        _run(post, script, tick, day, goes_on)
        day.met += city.parts.moods.met
        return post, city.port


def _run(
    post: Post, script: list[tuple[float, str, bool]], tick: timedelta, day: Day, goes_on: Callable[[float], bool]
) -> None:
    senders = [post.sender("one", 1), post.sender("two", 2)]
    while goes_on((post.clock.now() - T0).total_seconds()):
        at_s = (post.clock.now() - T0).total_seconds()
        while script and script[0][0] <= at_s:
            _, name, is_change = script.pop(0)
            _happen(post, name, is_change, day)
        while sum(sender.step() for sender in senders):
            pass
        post.clock.sleep(tick.total_seconds())


def _happen(post: Post, name: str, is_change: bool, day: Day) -> None:
    if not is_change:
        day.told[post.confirmed(name)] = 1
        return
    case_id = uuid_of("case", name)
    post.change(case_id, gone_at=post.clock.now())
    day.told[case_id] = max(row.revision for row in post.rows(case_id))
