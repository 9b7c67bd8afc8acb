"""What a target holds against what it told us it has: missing, extra, different, double. The night's own check."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from central.domain.delivery import CaseSheet, TargetRule
from central.domain.workflow import CaseState
from central.services.delivery_port import Gateway, Holding
from central.store import deliveries, delivery_audit, delivery_sheets, delivery_targets, leases
from central.store.database import Database
from central.store.deliveries import StandingRow
from contract.clock import Clock
from contract.errors import TransientError
from contract.events import Instant

EVERY = timedelta(days=1)
LEASE = timedelta(hours=1)
MOST_NAMED = 1000
"""Findings a report names; it counts all."""
LOG = structlog.get_logger("central.delivery")


class Difference(BaseModel):
    """One finding about one case."""

    model_config = ConfigDict(frozen=True)

    case_id: str | None
    external_id: str | None = None
    ours: str = ""
    theirs: str = ""


class Reconciliation(BaseModel):
    """`missing`: they said they have it and don't. `extra`: theirs is of no case we told them of. `different`: an older
    revision, another id or another state. `double`: one case, several records. `untold`: the target's rule wants the
    case and it was never queued. `repaired`: queued again just now. `can_list` is false where a target can't be asked
    for all that it has; then only `untold` is looked for.
    """

    model_config = ConfigDict(frozen=True)

    target: str
    at: Instant
    can_list: bool
    compared: int = 0
    under_way: int = 0
    missing: tuple[Difference, ...] = ()
    extra: tuple[Difference, ...] = ()
    different: tuple[Difference, ...] = ()
    double: tuple[Difference, ...] = ()
    untold: tuple[Difference, ...] = ()
    counts: dict[str, int] = {}
    repaired: int = 0

    @property
    def is_clean(self) -> bool:
        return not any(self.counts.values())


@dataclass(frozen=True, slots=True)
class Subject:
    """The target that is asked; `words` are its own for states."""

    rule: TargetRule
    gateway: Gateway
    words: Mapping[str, CaseState]

    @property
    def name(self) -> str:
        return self.rule.target


class Reconciler:
    """`run` does it once; `step` is for a worker and does it once a day, in one of the processes."""

    def __init__(
        self, database: Database, subject: Subject, clock: Clock, holder: str, wake: Callable[[], None] = lambda: None
    ) -> None:
        """`wake` tells the senders that something was queued."""
        self._database = database
        self._subject = subject
        self._clock = clock
        self._holder = holder
        self._wake = wake

    def step(self) -> int:
        """Always 0: no more is to be done at once. A target that is away is compared later.

        Raises:
            TransientError: the database is away.
        """
        now, name = self._clock.now(), self._subject.name
        with self._database.read() as connection:
            target = delivery_targets.find(connection, name)
        if target is None or (target.reconciled_at is not None and now - target.reconciled_at < EVERY):
            return 0
        with self._database.write() as connection:
            if leases.hold(connection, f"reconcile/{name}"[:64], self._holder, now, LEASE) is None:
                return 0
        try:
            report = self.run()
        except TransientError as error:
            LOG.warning("comparison put off", target=name, why=str(error))
            return 0
        if not report.is_clean:
            LOG.error("target and central differ; a person must look", target=name, **report.counts)
        return 0

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """Nothing to put right."""

    def run(self, repair: bool = False) -> Reconciliation:
        """Compares, keeps the report, and with `repair` queues anew what is missing, old or was never queued.

        What is double or extra at the target is for a person: central takes nothing away from others.

        Raises:
            TransientError: the target or the database is away.
        """
        held = self._subject.gateway.holdings()
        theirs = None if held is None else list(held)
        now, name = self._clock.now(), self._subject.name
        with self._database.read() as connection:
            ours = delivery_audit.settled(connection, name)
            busy = delivery_audit.under_way(connection, name)
            states = delivery_audit.states_of(connection, name)
            untold = self._untold(connection)
        found: dict[str, list[Difference]] = {} if theirs is None else self._compare(ours, states, busy, theirs)
        found["untold"] = [Difference(case_id=sheet.case_id, ours=sheet.state) for sheet in untold]
        repaired = self._repair(found) if repair else 0
        report = Reconciliation(
            target=name,
            at=now,
            can_list=theirs is not None,
            compared=len(ours),
            under_way=len(busy),
            counts={kind: len(entries) for kind, entries in found.items()},
            repaired=repaired,
            **{kind: tuple(entries[:MOST_NAMED]) for kind, entries in found.items()},
        )
        with self._database.write() as connection:
            delivery_audit.keep_report(connection, name, report.model_dump(mode="json"), now)
        return report

    def _untold(self, connection: Connection) -> list[CaseSheet]:
        found = delivery_audit.never_told(connection, self._subject.name, sorted(self._subject.rule.states))
        sheets = delivery_sheets.sheets_of(connection, found)
        return [sheet for sheet in sheets if self._subject.rule.wants(sheet)]

    def _compare(
        self, ours: Mapping[str, StandingRow], states: Mapping[str, CaseState], busy: set[str], theirs: list[Holding]
    ) -> dict[str, list[Difference]]:
        by_external = {row.external_id: case_id for case_id, row in ours.items() if row.external_id}
        found: dict[str, list[Difference]] = {"missing": [], "extra": [], "different": [], "double": []}
        seen: Counter[str] = Counter()
        for one in theirs:
            case_id = one.case_id or by_external.get(one.external_id or "")
            if case_id is None or (case_id not in ours and case_id not in busy):
                found["extra"].append(Difference(case_id=case_id, external_id=one.external_id))
                continue
            seen[case_id] += 1
            if seen[case_id] == 2:
                found["double"].append(Difference(case_id=case_id, external_id=one.external_id))
            if case_id in ours and case_id not in busy and seen[case_id] == 1:
                found["different"] += self._differences(ours[case_id], states.get(case_id), one)
        gone = sorted(set(ours) - set(seen) - busy)
        found["missing"] = [Difference(case_id=case_id, external_id=ours[case_id].external_id) for case_id in gone]
        return found

    def _differences(self, row: StandingRow, state: CaseState | None, one: Holding) -> list[Difference]:
        case_id, external_id = row.case_id, one.external_id
        if one.revision is not None and one.revision != row.accepted_revision:
            ours, theirs = f"revision {row.accepted_revision}", f"revision {one.revision}"
            return [Difference(case_id=case_id, external_id=external_id, ours=ours, theirs=theirs)]
        if row.external_id and external_id and row.external_id != external_id:
            return [Difference(case_id=case_id, external_id=external_id, ours=row.external_id, theirs=external_id)]
        said = self._subject.words.get(one.state or "")
        if said is not None and state is not None and said is not state:
            return [Difference(case_id=case_id, external_id=external_id, ours=state, theirs=said)]
        return []

    def _repair(self, found: Mapping[str, list[Difference]]) -> int:
        wanted = {one.case_id for kind in ("missing", "different", "untold") for one in found.get(kind, ())}
        lost = {one.case_id for one in found.get("missing", ())}
        now, name, done = self._clock.now(), self._subject.name, 0
        with self._database.write() as connection:
            for sheet in delivery_sheets.sheets_of(connection, [case_id for case_id in wanted if case_id]):
                if sheet.case_id in lost:
                    delivery_audit.forget_id(connection, sheet.case_id, name)
                deliveries.put(connection, name, sheet, now)
                done += 1
        self._wake()
        return done
