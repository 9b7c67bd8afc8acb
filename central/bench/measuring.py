"""The measurements: what is sent, how fast, and what counts as the result. Everything runs on this machine."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from central.bench.machine import load_of, machine_facts, versions
from central.bench.minting import PREFIX, REVISIONS, Mint
from central.bench.processes import Service, broker, service
from central.bench.publishing import Publisher
from central.bench.reporting import BenchReport, Percentiles, Target, at_least, at_most, percentiles
from central.store import inbox
from central.store.database import Database
from central.store.inbox import INBOX
from contract.clock import Clock
from contract.errors import UsageError
from contract.ids import uuid7
from contract.plane import Origin

ORIGIN = Origin(36.8135, 118.0548)
NODES = 8
PACED_PER_S = 500.0
CASES_PER_S = 100.0
LIVE_PER_S = 20.0
"""Beside a backlog: what a district's cameras find at an ordinary moment."""
DRAIN_S = 120.0
RSS_LIMIT_MB = 300.0


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What to measure on. `tick` is called often, with how far the present step is (0..1)."""

    database_url: str
    seconds: float
    protocol: str
    clock: Clock
    tick: Callable[[str, float], None]


@dataclass(slots=True)
class Street:
    """A running broker and service, and the database they write to."""

    plan: BenchPlan
    database: Database
    broker_port: int
    broker_name: str
    service: Service
    run: str

    def publisher(self, first_node: int, nodes: int, is_backfill: bool = False) -> Publisher:
        """Nodes with numbers from `first_node` on, subscribed and ready."""
        began_at = self.plan.clock.now() - timedelta(minutes=10)
        mints = [Mint(number, began_at, self.run, ORIGIN) for number in range(first_node, first_node + nodes)]
        made = Publisher(self.broker_port, mints, self.plan.clock, is_backfill, self.plan.protocol)
        made.start()
        return made

    def committed(self, streams: list[str]) -> tuple[int, int]:
        """Rows of those streams in the inbox, and how many different events they are."""
        query = select(func.count(), func.count(INBOX.c.event_id.distinct())).where(INBOX.c.stream_id.in_(streams))
        with self.database.read() as connection:
            rows, different = connection.execute(query).one()
        return int(rows), int(different)

    def waiting(self) -> int:
        with self.database.read() as connection:
            return inbox.count_waiting(connection)


@contextmanager
def street(plan: BenchPlan, roles: str) -> Iterator[Street]:
    """Broker and service up and connected.

    Raises:
        UsageError: the database holds events of real nodes.
    """
    database = Database(plan.database_url)
    database.create()
    refuse_real(database)
    with tempfile.TemporaryDirectory(prefix="xunjie-bench-") as name:
        folder = Path(name)
        with (
            broker(folder, plan.protocol, plan.clock) as running,
            service(folder, plan.database_url, running.port, roles, plan.protocol, plan.clock) as central,
        ):
            yield Street(plan, database, running.port, running.name, central, uuid7(plan.clock.now()))
    database.close()


def refuse_real(database: Database) -> None:
    """Raises:
    UsageError: it holds events of nodes that are none of a measurement's.
    """
    with database.read() as connection:
        query = select(INBOX.c.node_id).where(INBOX.c.node_id.not_like(f"{PREFIX}%")).limit(1)
        real = connection.execute(query).scalar()
    if real is not None:
        raise UsageError(f"--database-url: {database} holds events of {real}; measure on an empty database")


def measure_intake(plan: BenchPlan) -> BenchReport:
    """As fast as it goes, then 500 a second; without association, which has a process of its own at that load."""
    with street(plan, "ingest") as here:
        fast = here.publisher(0, NODES)
        began, before = plan.clock.monotonic(), load_of(here.service.pid)
        end = began + plan.seconds
        fast.flood(10**9, end, lambda: plan.tick("as fast as it goes", _share(plan, began, end)))
        fast.drain(plan.clock.monotonic() + DRAIN_S, lambda: plan.tick("last receipts", 1.0))
        took_s = plan.clock.monotonic() - began
        cpu_share = (load_of(here.service.pid).cpu_s - before.cpu_s) / took_s
        paced = here.publisher(NODES, NODES)
        _pace(here, paced, PACED_PER_S, max(10.0, plan.seconds / 3))
        is_postgres = plan.database_url.startswith("postgres")
        rate = fast.sent / took_s
        latency = percentiles(paced.publish_to_receipt_s)
        peak = load_of(here.service.pid).peak_rss_mb
        targets = [at_least("events/s", 1500 if is_postgres else 800, rate), *_latency_targets(latency), *_rss(peak)]
        details = {"in_flight_p50_ms": percentiles(fast.publish_to_receipt_s).p50}
        return _report(here, "intake", [fast, paced], rate, latency, cpu_share, targets, details)


def measure_paced(plan: BenchPlan) -> BenchReport:
    """500 events a second for the whole time."""
    with street(plan, "ingest") as here:
        before = load_of(here.service.pid)
        paced = here.publisher(0, NODES)
        _pace(here, paced, PACED_PER_S, plan.seconds)
        cpu_share = (load_of(here.service.pid).cpu_s - before.cpu_s) / plan.seconds
        latency = percentiles(paced.publish_to_receipt_s)
        return _report(
            here, "paced", [paced], paced.sent / plan.seconds, latency, cpu_share, _latency_targets(latency), {}
        )


def measure_cases(plan: BenchPlan) -> BenchReport:
    """100 a second through to cases for what share of a core; then as many at once, for how many a second."""
    with street(plan, "ingest,associate,api") as here:
        before, began = load_of(here.service.pid), plan.clock.monotonic()
        paced = here.publisher(0, NODES)
        _pace(here, paced, CASES_PER_S, plan.seconds)
        _work_off(here, began)
        cpu_share = (load_of(here.service.pid).cpu_s - before.cpu_s) / (plan.clock.monotonic() - began)
        fast, began = here.publisher(NODES, NODES), plan.clock.monotonic()
        fast.flood(int(200 * plan.seconds), began + plan.seconds, lambda: plan.tick("a rush", 0.0))
        fast.drain(began + plan.seconds + DRAIN_S, lambda: plan.tick("last receipts", 1.0))
        _work_off(here, began)
        rate = fast.sent / (plan.clock.monotonic() - began)
        targets = [
            at_least("through to case, events/s", 200, rate),
            at_most("share of a core at 100/s", 0.35, cpu_share),
        ]
        latency = percentiles(paced.publish_to_receipt_s)
        return _report(here, "cases", [paced, fast], rate, latency, cpu_share, targets, {})


def measure_backlog(plan: BenchPlan, queued: int) -> BenchReport:
    """So many queued events of sixteen nodes that come back, while others go on seeing things."""
    with street(plan, "ingest") as here:
        live, late = here.publisher(0, 4), here.publisher(4, 2 * NODES, is_backfill=True)
        began, before = plan.clock.monotonic(), load_of(here.service.pid)
        turns = _Turns(plan.clock, live, began)

        def tick() -> None:
            turns.step()
            plan.tick("backlog", (late.sent - late.waiting) / queued)

        late.flood(queued, began + 3600, tick)
        late.drain(plan.clock.monotonic() + DRAIN_S, tick)
        took_s = plan.clock.monotonic() - began
        cpu_share = (load_of(here.service.pid).cpu_s - before.cpu_s) / took_s
        live.drain(plan.clock.monotonic() + DRAIN_S, lambda: plan.tick("last receipts", 1.0))
        latency = percentiles(live.publish_to_receipt_s)
        rate = late.sent / took_s
        targets = [
            at_most("minutes for a million", 15, 1e6 / rate / 60),
            at_most("live p99 ms meanwhile", 5000, latency.p99),
            *_rss(load_of(here.service.pid).peak_rss_mb),
        ]
        details = {"queued": float(queued), "minutes": round(took_s / 60, 2), "live_events": float(live.sent)}
        return _report(here, "backlog", [live, late], rate, latency, cpu_share, targets, details)


class _Turns:
    """Sends a live event whenever one is due, between two backlog rounds."""

    def __init__(self, clock: Clock, live: Publisher, began_s: float) -> None:
        self._clock = clock
        self._live = live
        self._began_s = began_s

    def step(self) -> None:
        due = int((self._clock.monotonic() - self._began_s) * LIVE_PER_S)
        self._live.send_until(due)


def _pace(here: Street, paced: Publisher, per_s: float, seconds: float) -> None:
    clock = here.plan.clock
    began = clock.monotonic()
    end = began + seconds
    paced.pace(per_s, end, lambda: here.plan.tick(f"{per_s:.0f} a second", _share(here.plan, began, end)))
    paced.drain(clock.monotonic() + DRAIN_S, lambda: here.plan.tick("last receipts", 1.0))


def _work_off(here: Street, began_s: float) -> None:
    """Waits until association has taken everything, at most ten minutes from `began_s`."""
    while (left := here.waiting()) and here.plan.clock.monotonic() < began_s + 600:
        here.plan.tick(f"association, {left} left", 0.0)
        here.plan.clock.sleep(0.2)


def _share(plan: BenchPlan, began: float, end: float) -> float:
    return (plan.clock.monotonic() - began) / (end - began)


def _latency_targets(latency: Percentiles) -> list[Target]:
    return [
        at_most("publish to commit p50 ms at 500/s", 100, latency.p50),
        at_most("publish to commit p99 ms at 500/s", 500, latency.p99),
    ]


def _rss(peak_mb: float) -> list[Target]:
    return [at_most("RSS MB", RSS_LIMIT_MB, peak_mb)]


def _report(
    here: Street,
    mode: str,
    publishers: list[Publisher],
    rate: float,
    latency: Percentiles,
    cpu_share: float,
    targets: list[Target],
    details: dict[str, float],
) -> BenchReport:
    for publisher in publishers:
        publisher.stop()
    sent = sum(publisher.sent for publisher in publishers)
    rows, different = here.committed([stream for publisher in publishers for stream in publisher.streams])
    targets = [*targets, at_most("lost", 0, sent - different), at_most("doubled", 0, rows - different)]
    return BenchReport(
        mode=mode,
        events_sent=sent,
        events_committed=different,
        duplicates=rows - different,
        lost=sent - different,
        rate_per_s=round(rate, 1),
        publish_to_commit_ms=latency,
        rss_mb=round(load_of(here.service.pid).peak_rss_mb, 1),
        sent_again=sum(publisher.repeated for publisher in publishers),
        cpu_share=round(cpu_share, 3),
        details={**details, "revisions_per_incident": float(REVISIONS)},
        targets=tuple(targets),
        seconds=here.plan.seconds,
        machine=machine_facts(),
        versions=versions(here.broker_name, database_version(here.database)),
    )


def database_version(database: Database) -> str:
    """Which database, which version."""
    with database.read() as connection:
        name = connection.dialect.name
        found = connection.exec_driver_sql("SELECT version()" if name == "postgresql" else "SELECT sqlite_version()")
        return f"{name} {str(found.scalar()).removeprefix('PostgreSQL ').split(' ')[0]}"
