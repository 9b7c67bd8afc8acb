"""From a person's word to a platform's: how long until a confirmed case lies with a live platform, and once only."""

import tempfile
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path

import yaml
from sqlalchemy import select

from central.bench.machine import load_of, machine_facts, versions
from central.bench.measuring import BenchPlan, database_version, refuse_real
from central.bench.processes import broker, service, simulated_platform
from central.bench.reporting import BenchReport, Percentiles, at_most, percentiles
from central.domain.delivery import DeliveryState
from central.domain.workflow import Action, CaseState, Role
from central.services.actions import CaseDesk, OperatorAction
from central.simulation.platform_records import Records
from central.store import cases
from central.store.cases import Projection
from central.store.database import Database
from central.store.deliveries import DELIVERIES
from contract.clock import Clock
from contract.ids import uuid7
from contract.taxonomy import KindGroup, Seen, Violation

CONFIRMED_PER_S = 5.0
"""A hundred times what a city confirms in its busiest hour."""
LIMIT_MS = 5000.0
PATIENCE_S = 60.0
FIELDS = {"ref": "case_id", "rev": "revision", "code": "code", "x": "lon", "y": "lat", "state": "state"}
_JUDGEMENT = '{"verdict": "violation", "law_version": "1", "sentence": {"zh": "", "en": ""}}'


def measure_delivery(plan: BenchPlan) -> BenchReport:
    """Cases confirmed five a second by another process than the one that sends; two targets, HTTP and MQTT.

    Raises:
        UsageError: the database holds events of real nodes.
    """
    database = Database(plan.database_url)
    database.create()
    refuse_real(database)
    with tempfile.TemporaryDirectory(prefix="xunjie-bench-") as name, closing(database):
        folder = Path(name)
        with (
            broker(folder, plan.protocol, plan.clock) as running,
            simulated_platform(folder, "city") as url,
            simulated_platform(folder, "bus", "--mqtt-url", f"mqtt://127.0.0.1:{running.port}"),
        ):
            targets = folder / "targets.yaml"
            targets.write_text(yaml.safe_dump(_targets(url)), encoding="utf-8")
            settings = f"targets: {targets}\n"
            roles = "ingest,api,dispatch"
            with service(
                folder, plan.database_url, running.port, roles, plan.protocol, plan.clock, settings
            ) as central:
                said_at = _confirm(plan, database)
                accepted = _await(plan.clock, database, len(said_at))
                peak_mb = load_of(central.pid).peak_rss_mb
        doubles, missing = _count(folder, set(said_at))
        return _report(plan, database, running.name, said_at, accepted, (doubles, missing), peak_mb)


def _targets(url: str) -> dict[str, object]:
    yes = {"path": "code", "accepts": [0]}
    city = {
        "name": "city",
        "kind": "http",
        "url": url,
        "create": {"method": "POST", "path": "cases", "fields": FIELDS, "said": yes, "id": "data.id"},
        "update": {"method": "PUT", "path": "cases/{external_id}", "fields": FIELDS, "said": yes},
        "find": {"path": "cases?ref={case_id}", "items": "data.list", "id": "id", "revision": "rev"},
    }
    return {"targets": [city, {"name": "bus", "kind": "mqtt"}]}


def _confirm(plan: BenchPlan, database: Database) -> dict[str, datetime]:
    """Case → when the person's word was committed."""
    desk, clock = CaseDesk(database, plan.clock, lambda: None), plan.clock
    said_at: dict[str, datetime] = {}
    began = clock.monotonic()
    for number in range(int(plan.seconds * CONFIRMED_PER_S)):
        case_id = uuid7(clock.now())
        with database.write() as connection:
            cases.open_case(connection, _pending(case_id, clock.now()))
        clock.sleep(began + number / CONFIRMED_PER_S - clock.monotonic())
        desk.act(case_id, OperatorAction(Action.CONFIRM, "bench", roles=frozenset({Role.REVIEWER})))
        said_at[case_id] = clock.now()
        plan.tick("confirmed", (number + 1) / (plan.seconds * CONFIRMED_PER_S))
    return said_at


def _await(clock: Clock, database: Database, number: int) -> dict[tuple[str, str], datetime]:
    """(Case, target) → when the target's acceptance was committed."""
    deadline = clock.monotonic() + PATIENCE_S
    query = select(DELIVERIES.c.case_id, DELIVERIES.c.target, DELIVERIES.c.settled_at)
    while True:
        with database.read() as connection:
            rows = connection.execute(query.where(DELIVERIES.c.state == DeliveryState.ACCEPTED)).all()
        if len(rows) >= 2 * number or clock.monotonic() > deadline:
            return {(row.case_id, row.target): row.settled_at for row in rows}
        clock.sleep(0.2)


def _count(folder: Path, wanted: set[str]) -> tuple[int, int]:
    """Doubles and missing, at both platforms together."""
    doubles = missing = 0
    for name in ("city", "bus"):
        records = Records(folder / f"{name}.db")
        found = Counter(record.ref for page in range(1, 1000) for record in records.page(page))
        records.close()
        doubles += sum(number - 1 for number in found.values())
        missing += len(wanted - set(found))
    return doubles, missing


def _report(
    plan: BenchPlan,
    database: Database,
    broker_name: str,
    said_at: dict[str, datetime],
    accepted: dict[tuple[str, str], datetime],
    wrong: tuple[int, int],
    peak_mb: float,
) -> BenchReport:
    taken = {
        target: percentiles(
            [(at - said_at[case_id]).total_seconds() for (case_id, name), at in accepted.items() if name == target]
        )
        for target in ("city", "bus")
    }
    doubles, missing = wrong
    return BenchReport(
        mode="delivery",
        events_sent=len(said_at),
        events_committed=min(sum(name == target for _, name in accepted) for target in taken),
        duplicates=doubles,
        lost=missing,
        rate_per_s=CONFIRMED_PER_S,
        publish_to_commit_ms=taken["city"],
        rss_mb=round(peak_mb, 1),
        details=_details(taken),
        targets=(
            at_most("confirmed to accepted over HTTP, p99 ms", LIMIT_MS, taken["city"].p99),
            at_most("confirmed to accepted over MQTT, p99 ms", LIMIT_MS, taken["bus"].p99),
            at_most("missing at the platforms", 0, missing),
            at_most("double at the platforms", 0, doubles),
        ),
        seconds=plan.seconds,
        machine=machine_facts(),
        versions=versions(broker_name, database_version(database)),
    )


def _details(taken: dict[str, Percentiles]) -> dict[str, float]:
    return {f"{target}_{name}_ms": getattr(found, name) for target, found in taken.items() for name in ("p50", "p99")}


def _pending(case_id: str, now: datetime) -> Projection:
    """A case that waits for a person, at the site's origin."""
    return Projection(
        case_id=case_id,
        group=KindGroup.FIRE,
        state=CaseState.PENDING_REVIEW,
        kind=Violation.OPEN_BBQ,
        seen=Seen.GRILL,
        severity=2,
        is_prominent=True,
        first_seen_at=now,
        last_seen_at=now,
        gone_at=None,
        east_m=0.0,
        north_m=0.0,
        zone_id=None,
        judgement=_JUDGEMENT,
    )
