"""What the control room's consoles cost, and how soon a change stands on their screens."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from central.bench.holding import Holding, hold_consoles, measure_leaving
from central.bench.machine import family_of, load_of, machine_facts, versions
from central.bench.measuring import DRAIN_S, NODES, ORIGIN, BenchPlan, database_version, refuse_real
from central.bench.opening import BENCH_SITE, open_cases
from central.bench.paging import Paging, newest_change
from central.bench.processes import Service, broker, service
from central.bench.publishing import Publisher
from central.bench.reporting import BenchReport, Percentiles, Target, at_least, at_most, percentiles
from central.bench.stages import Meter, Shares, Stages, stages_of
from central.bench.standing import StandingMint
from central.bench.watching import watchers
from central.store.database import Database
from contract.ids import uuid7

CONSOLES = 300
BROWSERS = 3
OPEN_CASES = 10_000
EVENTS_PER_S = 500
ROLES, TIDIED = "ingest,associate,api", "central.bench.tidied"
LISTS = ("", "state=all", "state=observing", "kind=open_bbq", *(f"camera=cam-{number}-3" for number in range(NODES)))
ASKED = 5
"""Times that the page of each list is asked for."""
WARM_UP_S = 10.0
PATIENCE_S = 60.0
SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class _Watched:
    """What the loaded part told. `row` is from a new event's publication to its row on a screen."""

    sent: int
    waiting: int
    seconds: float
    commit: Percentiles
    row: Percentiles
    rows: int
    share: float
    first_load_s: float
    script: Percentiles
    stages: Stages
    shares: Shares
    pages: Paging
    still: int


@dataclass(frozen=True, slots=True)
class _Room:
    """The running parts of a measurement."""

    plan: BenchPlan
    database: Database
    central: Service
    broker_pid: int
    publisher: Publisher
    mints: Sequence[StandingMint]


def measure_consoles(
    plan: BenchPlan, cases: int = OPEN_CASES, consoles: int = CONSOLES, browsers: int = BROWSERS
) -> BenchReport:
    """500 events a second about `cases` standing things, ten of them a second new, while so many consoles watch.

    Raises:
        UsageError: the database holds events of real nodes, or there is no browser.
    """
    database = Database(plan.database_url)
    database.create()
    refuse_real(database)
    run, began_at = uuid7(plan.clock.now()), plan.clock.now()
    mints = [
        StandingMint(number, began_at, run, ORIGIN, cases // NODES, EVENTS_PER_S / NODES, plan.clock)
        for number in range(NODES)
    ]
    open_cases(plan, database, mints)
    with _running(plan, database, mints) as room:
        _pace(room, WARM_UP_S, "warming up")
        _work_off(room)
        pages = Paging(plan.clock, room.central, LISTS)
        pages.ask()
        first_s = pages.took_s.pop()
        for _ in range(ASKED * len(LISTS)):
            pages.ask()
        lists = [LISTS[number % len(LISTS)] for number in range(consoles)]
        with hold_consoles(plan.clock, room.central, lists, newest_change(room.central), plan.tick) as held:
            watched = _watch(room, held, browsers)
            measure_leaving(plan.clock, room.central, held)
        rss_mb = sum(load_of(pid).peak_rss_mb for pid in family_of(room.central.pid))
    report = BenchReport(
        mode="consoles",
        events_sent=watched.sent,
        events_committed=watched.sent - watched.waiting,
        duplicates=0,
        lost=watched.waiting,
        rate_per_s=round(watched.sent / watched.seconds, 1),
        publish_to_commit_ms=watched.commit,
        rss_mb=round(rss_mb, 1),
        cpu_share=round(watched.shares.service + watched.shares.backroom, 3),
        details={
            "browsers": float(browsers),
            "list_first_ms": round(first_s * 1000, 1),
            "list_ms_p50": pages.p50_ms,
            **_details(watched, held),
        },
        targets=_targets(watched, held, pages, consoles, cases),
        seconds=plan.seconds,
        machine=machine_facts(),
        versions=versions("mosquitto", database_version(database)),
    )
    database.close()
    return report


def _targets(watched: _Watched, held: Holding, pages: Paging, consoles: int, cases: int) -> tuple[Target, ...]:
    return (
        at_most("change to row p50 ms", 400, watched.row.p50),
        at_most("change to row p99 ms", 1500, watched.row.p99),
        at_least("new cases that stood on every screen, share", 1.0, watched.share),
        at_least("consoles still connected", consoles, watched.still),
        at_most("batches in any second to one console", 4, max(one.most_in_a_second for one in held.heard)),
        at_most("server memory a console KiB", 60, held.each_kib),
        at_most("server memory a console under load KiB", 60, held.each_loaded_kib),
        at_most(f"list of {cases} open cases, worst ms", 300, pages.worst_ms),
    )


def _details(watched: _Watched, held: Holding) -> dict[str, float]:
    count, seconds = len(held.heard), watched.seconds
    return {
        "rows_measured": float(watched.rows),
        **watched.stages.as_details(),
        **watched.shares.as_details(),
        "script_ms_p50": watched.script.p50,
        "script_ms_p99": watched.script.p99,
        "most_kib_a_second_to_a_console": round(max(one.bytes_ for one in held.heard) / 1024 / seconds, 1),
        "batches_a_second_to_a_console": round(sum(one.batches for one in held.heard) / count / seconds, 2),
        "first_load_s": round(watched.first_load_s, 2),
        "different_lists": float(len(LISTS)),
        "list_under_load_ms_p50": watched.pages.p50_ms,
        "list_under_load_ms_worst": watched.pages.worst_ms,
    }


@contextmanager
def _running(plan: BenchPlan, database: Database, mints: Sequence[StandingMint]) -> Iterator[_Room]:
    with (
        tempfile.TemporaryDirectory(prefix="xunjie-bench-") as name,
        broker(Path(name), plan.protocol, plan.clock) as running,
        service(
            Path(name),
            plan.database_url,
            running.port,
            ROLES,
            plan.protocol,
            plan.clock,
            f"site: {BENCH_SITE}\n",
            program=TIDIED,
        ) as central,
    ):
        publisher = Publisher(running.port, mints, plan.clock, protocol=plan.protocol, already=mints[0].pool)
        publisher.start()
        yield _Room(plan, database, central, running.pid, publisher, mints)
        publisher.stop()


def _pace(room: _Room, seconds: float, what: str) -> None:
    plan, end = room.plan, room.plan.clock.monotonic() + seconds
    room.publisher.pace(EVENTS_PER_S, end, lambda: plan.tick(what, 1 - (end - plan.clock.monotonic()) / seconds))
    room.publisher.drain(plan.clock.monotonic() + DRAIN_S, lambda: plan.tick("last receipts", 1.0))


def _work_off(room: _Room) -> None:
    """Waits until association has taken everything: a row that comes late counts as late, not as lost."""
    clock = room.plan.clock
    until = clock.monotonic() + PATIENCE_S
    while room.central.health().get("inbox_waiting") != 0 and clock.monotonic() < until:
        room.plan.tick("association", 1.0)
        clock.sleep(0.2)


def _watch(room: _Room, held: Holding, browsers: int) -> _Watched:
    clock, publisher, central = room.plan.clock, room.publisher, room.central
    pages = Paging(clock, central, LISTS)
    with watchers(central.url, central.token, browsers) as screens:
        _forget(room, held)
        sent, meter, began = publisher.sent, Meter(central.pid, room.broker_pid, clock), clock.monotonic()
        with pages.meanwhile():
            _pace(room, room.plan.seconds, f"{EVENTS_PER_S} a second")
        took_s, shares = clock.monotonic() - began, meter.read()
        _work_off(room)
        clock.sleep(SETTLE_S)
        refused = int(str(central.health().get("dead_letters", 0)))
        seen, load_s, script_s = screens.seen(), max(screens.first_load()), screens.script_s()
    opened = {name: at for mint in room.mints for name, at in mint.opened_at.items()}
    waits = [screen[name] - at for screen in seen for name, at in opened.items() if name in screen]
    return _Watched(
        sent=publisher.sent - sent,
        waiting=publisher.waiting + refused,
        seconds=took_s,
        commit=percentiles(publisher.publish_to_receipt_s),
        row=percentiles(waits),
        rows=len(waits),
        share=round(len(waits) / max(1, len(opened) * browsers), 4),
        first_load_s=load_s,
        script=percentiles(script_s),
        stages=stages_of(room.database, opened, [one.seen for one in held.heard], seen),
        shares=shares,
        pages=pages,
        still=held.opened,
    )


def _forget(room: _Room, held: Holding) -> None:
    """What was noted while everything warmed up."""
    room.publisher.publish_to_receipt_s.clear()
    for mint in room.mints:
        mint.opened_at.clear()
    for number, one in enumerate(held.heard):
        one.batches = one.bytes_ = one.most_in_a_second = 0
        one.seen.clear()
        one.is_watchful = number % len(LISTS) == 0  # the plain list, which every new case enters
