"""How long the whole audit chain takes to walk: a million sealed steps, all of them checked."""

import os
from datetime import timedelta

from sqlalchemy import insert, select, text

from central.bench.machine import load_of, machine_facts, versions
from central.bench.measuring import BenchPlan, database_version
from central.bench.reporting import BenchReport, Percentiles, at_most
from central.services.auditing import verify
from central.services.sealing import Sealer
from central.store.cases import CASES, HISTORY
from central.store.database import Database
from contract.errors import UsageError
from contract.ids import derived_entropy, uuid7
from contract.signing import SigningKey

STEPS = 1_000_000
_CHUNK = 10_000
_STEPS_A_CASE = 10
_FACTS = '{"reason":null,"note":"商户已被劝导，现场清理完毕","kind":"road_occupation","number":%d}'


def measure_audit(plan: BenchPlan, steps: int = STEPS) -> BenchReport:
    """Writes and seals `steps` steps of cases as a running service does, then walks the chain with all cores.

    Raises:
        UsageError: the database holds cases.
    """
    database = Database(plan.database_url)
    database.create()
    with database.read() as connection:
        if connection.execute(select(CASES.c.id).limit(1)).first() is not None:
            raise UsageError(f"database {database}: holds cases; --mode audit needs an empty one")
    key = SigningKey.from_raw(os.urandom(32))
    sealer = Sealer(database, key, plan.clock)
    began = plan.clock.monotonic()
    for start in range(0, steps, _CHUNK):
        _write(database, plan, range(start, min(steps, start + _CHUNK)))
        while sealer.step():
            pass
        plan.tick("writing and sealing", start / steps)
    seal_s = plan.clock.monotonic() - began
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))  # what the database's own housekeeping does within minutes
        connection.commit()
    processes = len(os.sched_getaffinity(0))
    began = plan.clock.monotonic()
    report = verify(database, [key.public], None, lambda done, of: plan.tick("walking", done / of), processes)
    walk_s = plan.clock.monotonic() - began
    plan.tick("walking", 1.0)
    found = BenchReport(
        mode="audit",
        events_sent=steps,
        events_committed=report.sealed,
        duplicates=0,
        lost=steps - report.sealed,
        rate_per_s=round(steps / walk_s, 1),
        publish_to_commit_ms=Percentiles(p50=0.0, p99=0.0),
        rss_mb=load_of(os.getpid()).peak_rss_mb,
        details={"write_and_seal_s": round(seal_s, 1), "walk_s": round(walk_s, 2), "processes": float(processes)},
        targets=(at_most("the whole chain walked, s", 10 * steps / STEPS, walk_s), at_most("broken", 0, report.broken)),
        seconds=plan.seconds,
        machine=machine_facts(),
        versions=versions("none", database_version(database)),
    )
    database.close()
    return found


def _write(database: Database, plan: BenchPlan, numbers: range) -> None:
    now = plan.clock.now()
    cases, history = [], []
    for number in numbers:
        case_id = uuid7(now, derived_entropy("audited", str(number // _STEPS_A_CASE)))
        if number % _STEPS_A_CASE == 0:
            case = {"id": case_id, "group": "trade", "state": "closed", "seen": "stall", "severity": 1}
            cases.append(case | {"is_prominent": True, "first_seen_at": now, "last_seen_at": now, "judgement": "{}"})
        at = now + timedelta(milliseconds=number)
        step = {"case_id": case_id, "at": at, "event_at": at, "what": "action", "action": "confirm", "role": "reviewer"}
        step |= {"actor": "bench", "from_state": "pending_review", "to_state": "confirmed", "facts": _FACTS % number}
        history.append(step)
    with database.write() as connection:
        connection.execute(insert(CASES), cases)
        connection.execute(insert(HISTORY), history)
