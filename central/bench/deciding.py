"""How long a decision takes when the city is full: one event at a time into association with many open cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from central.bench.machine import machine_facts, versions
from central.bench.measuring import ORIGIN, BenchPlan, database_version, refuse_real
from central.bench.minting import REVISIONS, Mint
from central.bench.reporting import BenchReport, Percentiles, at_most, percentiles
from central.catalogue import load_catalogue, make_law
from central.rulebook import at_site, load_rules
from central.services.admission import Admission
from central.services.association import Association
from central.services.workingset import Bench
from central.site import load_site
from central.store.database import Database
from contract.ids import NodeId, uuid7
from contract.topics import Topics

SEEDED = 50_000
"""Open cases. A city of thirty districts holds fewer at any moment; the target names this number."""
DECISIONS = 500
_CHUNK = 500
_NODES = 16


@dataclass(frozen=True, slots=True)
class _Sent:
    topic: str
    payload: bytes


def measure_decisions(plan: BenchPlan, cases: int = SEEDED, decisions: int = DECISIONS) -> BenchReport:
    """Seeds open cases through the inbox and association themselves, then times one new event at a time.

    A decision is one whole step of association: read, decide, judge, write, commit.

    Raises:
        UsageError: the database holds events of real nodes.
    """
    database = Database(plan.database_url)
    database.create()
    refuse_real(database)
    site = load_site(None)
    law = make_law(load_catalogue(None), site)
    bench = Bench(at_site(load_rules(None), site), law, ORIGIN)
    association = Association(database, bench, plan.clock, lambda: None)
    admission = Admission(database, Topics(), plan.clock)
    mints = [Mint(number, plan.clock.now(), uuid7(plan.clock.now()), ORIGIN) for number in range(_NODES)]
    began = plan.clock.monotonic()
    done = 0
    while done < cases:
        admission.take(_openings(mints, done, min(_CHUNK, cases - done)))
        while association.step():
            pass
        done += _CHUNK
        plan.tick(f"{cases} open cases", done / cases)
    seeding_s = plan.clock.monotonic() - began
    took_s = []
    for number in range(cases, cases + decisions):
        admission.take(_openings(mints, number, 1))
        started = plan.clock.monotonic()
        association.step()
        took_s.append(plan.clock.monotonic() - started)
        plan.tick("decisions", len(took_s) / decisions)
    found = percentiles(took_s)
    report = _report(plan, database, cases + decisions, found)
    database.close()
    return report.model_copy(
        update={
            "rate_per_s": round(cases / seeding_s, 1),
            "details": {"open_cases": float(cases), "decision_p50_ms": found.p50, "decision_p99_ms": found.p99},
        }
    )


def _openings(mints: Sequence[Mint], first: int, count: int) -> list[_Sent]:
    """The first events of incidents number `first` and on, the nodes in turn."""
    sent = []
    for number in range(first, first + count):
        mint = mints[number % len(mints)]
        seq = number // len(mints) * REVISIONS + 1
        sent.append(_Sent(Topics().event_live(NodeId(mint.node_id)), mint.payload(seq)))
    return sent


def _report(plan: BenchPlan, database: Database, sent: int, found: Percentiles) -> BenchReport:
    return BenchReport(
        mode="decision",
        events_sent=sent,
        events_committed=sent,
        duplicates=0,
        lost=0,
        rate_per_s=0.0,
        publish_to_commit_ms=Percentiles(p50=0.0, p99=0.0),
        rss_mb=0.0,
        seconds=plan.seconds,
        targets=(at_most("decision p99 ms", 10, found.p99),),
        machine=machine_facts(),
        versions=versions("none", database_version(database)),
    )
