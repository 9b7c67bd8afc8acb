"""How fast a month is judged: the judgement alone, and all of it again from the database after registers changed."""

import gc
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, insert

from central.bench.machine import load_of, machine_facts, versions
from central.bench.measuring import BenchPlan, database_version
from central.bench.month import BEGAN, Month, cases_of, registers_of
from central.bench.reporting import BenchReport, Percentiles, at_least, at_most
from central.catalogue import load_catalogue, make_law
from central.domain.hours import parse_hours
from central.domain.judge import judge_scene
from central.domain.judgement.around import Around
from central.domain.judgement.scene import Scene, neighbour_of, scene_of
from central.domain.judgement.stretch import Stretch
from central.domain.judgement.verdicts import Judgement
from central.domain.law import Law
from central.domain.registers.snapshot import Registers
from central.domain.values import CaseSnapshot
from central.domain.workflow import FIRST_STATE, Role, take
from central.services.lawbook import LawBook
from central.services.records import judgement_record
from central.services.rejudging import Rejudger
from central.services.rulings import action_of, projected, ruled
from central.site import load_site
from central.store import cases, observations
from central.store.cases import MEMBERS, Projection
from central.store.database import Database
from contract.errors import UsageError

INCIDENTS = 300_000
AT_ONCE = 2000
CHANGED_ZONES = 20
"""Of the district's 400: what a register's update of an ordinary month touches."""


class _Books:
    """Registers that no database holds."""

    def __init__(self, registers: Registers) -> None:
        self._registers = registers

    def current(self, _connection: Connection) -> Registers:
        return self._registers

    def at_version(self, _connection: Connection, _version: int) -> Registers:
        return registers_of(1)


def measure_judgement(plan: BenchPlan, incidents: int = INCIDENTS) -> BenchReport:
    """Judges a month's cases in memory, writes them down, changes registers, judges all of them again.

    Raises:
        UsageError: the database holds cases already.
    """
    site = load_site(None)
    before = registers_of(1)
    base = make_law(load_catalogue(None), site)
    law = replace(base, registers=before, version=f"{base.version}+1")
    plan.tick("making a month", 0.1)
    month = list(cases_of(Month(incidents)))
    gc.freeze()  # the month itself is nothing that judgement would have to look through
    clock = plan.clock
    began = clock.monotonic()
    around = Around(neighbour_of(case, law) for case in month)
    index_s = clock.monotonic() - began
    for case in month:
        _judge(case, around, law)
    judging_s = clock.monotonic() - began
    plan.tick("writing it down", 0.2)
    database = Database(plan.database_url)
    database.create()
    _fill(plan, database, month, around, law)
    laws = LawBook(base, _Books(_changed(before)))
    rejudger = Rejudger(database, laws, clock)
    stretch = Stretch(BEGAN - timedelta(days=1))
    seen = rejudger.preview(stretch, lambda done, of: plan.tick("judging again", done / max(1, of)))
    done = rejudger.apply(stretch, "bench", lambda done, of: plan.tick("applying", done / max(1, of)))
    rate = len(month) / judging_s
    report = BenchReport(
        mode="judgement",
        events_sent=incidents,
        events_committed=incidents,
        duplicates=0,
        lost=len(month) - seen.judged,
        rate_per_s=round(rate, 1),
        publish_to_commit_ms=Percentiles(p50=0.0, p99=0.0),
        rss_mb=load_of(os.getpid()).peak_rss_mb,
        details={
            "cases": float(len(month)),
            "incidents": float(seen.incidents),
            "index_s": round(index_s, 2),
            "judging_s": round(judging_s, 2),
            "preview_s": seen.seconds,
            "apply_s": done.seconds,
            **{str(effect): float(number) for effect, number in seen.effects.items()},
        },
        targets=(
            at_least("judgements a second", 20_000, rate),
            at_most("a month judged again, s", 60, seen.seconds),
            at_most("and written, s", 60, done.seconds),
        ),
        machine=machine_facts(),
        versions=versions("none", database_version(database)),
    )
    database.close()
    return report


def _judge(case: CaseSnapshot, around: Around, law: Law) -> tuple[Scene, Judgement]:
    scene = scene_of(case, (), law)
    near = around.near(scene, law)
    if near:
        scene = replace(scene, near=near)
    return scene, judge_scene(scene, law)


def _changed(registers: Registers) -> Registers:
    """Longer hours for some markets."""
    late = parse_hours(["daily 06:00-24:00"])
    zones = [
        replace(zone, hours=late) if 0 < number <= CHANGED_ZONES else zone
        for number, zone in enumerate(registers.zones)
    ]
    return replace(registers, version=2, zones=tuple(zones))


def _fill(plan: BenchPlan, database: Database, month: Sequence[CaseSnapshot], around: Around, law: Law) -> None:
    """The rows that association would have left."""
    with database.read() as connection:
        if connection.execute(cases.CASES.select().limit(1)).first() is not None:
            raise UsageError(f"database {database}: holds cases; --mode judgement needs an empty one")
    for start in range(0, len(month), AT_ONCE):
        page = [_judge(case, around, law) for case in month[start : start + AT_ONCE]]
        with database.write() as connection:
            for scene, verdict in page:
                cases.open_case(connection, _row(scene, verdict, law))
            observations.replace_parts(connection, [member for scene, _ in page for member in scene.case.members])
            members = [
                {"case_id": scene.case.case_id, "incident_id": member.incident_id, "part": 1, "started_at": scene.since,
                 "link": "{}"}
                for scene, _ in page
                for member in scene.case.members
            ]  # fmt: skip
            connection.execute(insert(MEMBERS), members)
        plan.tick("writing it down", start / len(month))


def _row(scene: Scene, verdict: Judgement, law: Law) -> Projection:
    case = scene.case
    empty = Projection(
        case.case_id, case.group, FIRST_STATE, None, case.members[0].seen, 0, False, scene.since, scene.at, None, None,
        None, None, "",
    )  # fmt: skip
    action = action_of(FIRST_STATE, verdict)
    state = FIRST_STATE if action is None else take(FIRST_STATE, action, Role.JUDGE).to
    record = judgement_record(verdict, law, scene.dwell.total_seconds(), scene.at)
    return ruled(projected(empty, scene, law), record, state)
