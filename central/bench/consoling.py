"""What the control room's consoles cost, and how soon a change stands on their screens."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from central.bench.listening import Consoles
from central.bench.machine import load_of, machine_facts, versions
from central.bench.measuring import DRAIN_S, NODES, ORIGIN, BenchPlan, database_version, refuse_real
from central.bench.processes import Service, broker, service
from central.bench.publishing import Publisher
from central.bench.reporting import BenchReport, Percentiles, at_least, at_most, percentiles
from central.bench.standing import StandingMint
from central.bench.watching import watchers
from central.catalogue import load_catalogue, make_law
from central.rulebook import at_site, load_rules
from central.services.admission import Admission
from central.services.association import Association, Bench
from central.site import load_site
from central.store.database import Database
from contract.ids import NodeId, uuid7
from contract.topics import Topics

CONSOLES = 300
BROWSERS = 3
OPEN_CASES = 10_000
EVENTS_PER_S = 500
ROLES = "ingest,associate,api"
_LISTS = ("", "state=all", "state=observing", "kind=open_bbq", *(f"camera=cam-{number}" for number in range(NODES)))
CONNECT_S = 60.0
SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class _Sent:
    topic: str
    payload: bytes


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
    cpu_share: float


def measure_consoles(plan: BenchPlan, cases: int = OPEN_CASES, consoles: int = CONSOLES) -> BenchReport:
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
    _open_cases(plan, database, mints)
    with tempfile.TemporaryDirectory(prefix="xunjie-bench-") as name:
        folder = Path(name)
        with (
            broker(folder, plan.protocol, plan.clock) as running,
            service(folder, plan.database_url, running.port, ROLES, plan.protocol, plan.clock) as central,
        ):
            listing_ms = _listing_ms(plan, central)
            lists = [_LISTS[number % len(_LISTS)] for number in range(consoles)]
            first, rest = lists[: len(_LISTS)], lists[len(_LISTS) :]
            held = [Consoles(central.url, central.token, part, plan.clock, _newest(central)) for part in (first, rest)]
            lists_mb = _growth_mb(plan, central, held[0])
            kib = _growth_mb(plan, central, held[1]) * 1024 / max(1, len(rest))
            found = _watch(plan, central, running.port, mints)
            heard = [one for part in held for one in part.heard]
            still, most = sum(part.opened for part in held), max(one.most_in_a_second for one in heard)
            heard_bytes = max(one.bytes_ for one in heard)
            for part in held:
                part.close()
            rss_mb = load_of(central.pid).peak_rss_mb
    targets = (
        at_most("change to row p50 ms", 400, found.row.p50),
        at_most("change to row p99 ms", 1500, found.row.p99),
        at_least("new cases that stood on every screen, share", 1.0, found.share),
        at_least("consoles still connected", consoles, still),
        at_most("batches in any second to one console", 4, most),
        at_most("server memory a console KiB", 60, kib),
        at_most(f"list of {cases} open cases ms", 300, listing_ms),
    )
    report = BenchReport(
        mode="consoles",
        events_sent=found.sent,
        events_committed=found.sent - found.waiting,
        duplicates=0,
        lost=found.waiting,
        rate_per_s=round(found.sent / found.seconds, 1),
        publish_to_commit_ms=found.commit,
        rss_mb=round(rss_mb, 1),
        cpu_share=round(found.cpu_share, 3),
        details={
            "rows_measured": float(found.rows),
            "most_kib_a_second_to_a_console": round(heard_bytes / 1024 / found.seconds, 1),
            "first_load_s": round(found.first_load_s, 2),
            "different_lists": float(len(_LISTS)),
            "memory_of_the_lists_mb": round(lists_mb, 1),
        },
        targets=targets,
        seconds=plan.seconds,
        machine=machine_facts(),
        versions=versions("mosquitto", database_version(database)),
    )
    database.close()
    return report


def _open_cases(plan: BenchPlan, database: Database, mints: Sequence[StandingMint]) -> None:
    """The standing things become cases through the inbox and association themselves."""
    site = load_site(None)
    law = make_law(load_catalogue(None), site)
    association = Association(database, Bench(at_site(load_rules(None), site), law, ORIGIN), plan.clock, lambda: None)
    admission = Admission(database, Topics(), plan.clock)
    for mint in mints:
        topic = Topics().event_live(NodeId(mint.node_id))
        admission.take([_Sent(topic, mint.payload(seq)) for seq in range(1, mint.pool + 1)])
        while association.step():
            pass
        plan.tick("cases to watch", (mint.number + 1) / len(mints))
    association.release()


def _listing_ms(plan: BenchPlan, central: Service) -> float:
    """The slowest of some requests for the page of each list, as a browser asks for it."""
    took_s = []
    for address in _LISTS[:5] * 3:
        began = plan.clock.monotonic()
        _get(central, f"/?{address}")
        took_s.append(plan.clock.monotonic() - began)
    return max(took_s[5:]) * 1000


def _work_off(plan: BenchPlan, central: Service) -> None:
    """Waits until association has taken everything: a row that comes late counts as late, not as lost."""
    until = plan.clock.monotonic() + CONNECT_S
    while central.health().get("inbox_waiting") != 0 and plan.clock.monotonic() < until:
        plan.tick("association", 1.0)
        plan.clock.sleep(0.2)


def _newest(central: Service) -> int:
    """The change that a page loaded now is made of."""
    page = _get(central, "/")
    return int(page.partition('data-change="')[2].partition('"')[0])


def _growth_mb(plan: BenchPlan, central: Service, held: Consoles) -> float:
    """What these consoles add to the service's memory."""
    before = load_of(central.pid).rss_mb
    held.open()
    until = plan.clock.monotonic() + CONNECT_S
    while held.opened < len(held.heard) and plan.clock.monotonic() < until:
        plan.tick(f"{held.opened} consoles", held.opened / len(held.heard))
        plan.clock.sleep(0.1)
    plan.clock.sleep(SETTLE_S)
    return load_of(central.pid).rss_mb - before


def _get(central: Service, path: str) -> str:
    where = urlsplit(central.url)
    connection = HTTPConnection(where.hostname or "", where.port or 80, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {central.token}"})
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def _watch(plan: BenchPlan, central: Service, port: int, mints: Sequence[StandingMint]) -> _Watched:
    already = mints[0].pool
    publisher = Publisher(port, mints, plan.clock, protocol=plan.protocol, already=already)
    with watchers(central.url, central.token, BROWSERS) as screens:
        publisher.start()
        before, began = load_of(central.pid), plan.clock.monotonic()
        end = began + plan.seconds
        publisher.pace(
            EVENTS_PER_S, end, lambda: plan.tick("500 a second", 1 - (end - plan.clock.monotonic()) / plan.seconds)
        )
        publisher.drain(plan.clock.monotonic() + DRAIN_S, lambda: plan.tick("last receipts", 1.0))
        took_s = plan.clock.monotonic() - began
        cpu_s = load_of(central.pid).cpu_s - before.cpu_s
        _work_off(plan, central)
        plan.clock.sleep(SETTLE_S)
        refused = int(str(central.health().get("dead_letters", 0)))
        seen, load_s = screens.seen(), max(screens.first_load())
    opened = {name: at for mint in mints for name, at in mint.opened_at.items()}
    waits = [screen[name] - at for screen in seen for name, at in opened.items() if name in screen]
    publisher.stop()
    return _Watched(
        sent=publisher.sent - already * len(mints),
        waiting=publisher.waiting + refused,
        seconds=took_s,
        commit=percentiles(publisher.publish_to_receipt_s),
        row=percentiles(waits),
        rows=len(waits),
        share=round(len(waits) / max(1, len(opened) * BROWSERS), 4),
        first_load_s=load_s,
        cpu_share=cpu_s / took_s,
    )
