"""Opens a case that people bring: an inspector, a hotline, a citizen, another department."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.domain.byhand import Tale
from central.domain.law import Law
from central.domain.people import Operator, Place, require
from central.domain.workflow import FIRST_STATE, TABLE, Action, CaseState, Role
from central.domain.workflow_words import Source
from central.services.records import CodeRecord, JudgementRecord, Sentence, TaleRecord
from central.services.steps import OperatorAction, Stepper
from central.services.terrain import UNSURVEYED, Terrain
from central.store import cases
from central.store.cases import HistoryEntry, Projection
from central.store.database import Database
from contract.clock import Clock
from contract.errors import UsageError
from contract.ids import uuid7


@dataclass(frozen=True, slots=True)
class Opened:
    """The new case and the state it begins its life in."""

    case_id: str
    state: CaseState
    number: str | None


class HandDesk:
    """Any thread."""

    def __init__(
        self,
        database: Database,
        law: Law,
        stepper: Stepper,
        clock: Clock,
        on_change: Callable[[], None],
        terrain: Terrain = UNSURVEYED,
    ) -> None:
        self._database, self._law, self._stepper = database, law, stepper
        self._clock, self._on_change, self._terrain = clock, on_change, terrain

    def open(self, tale: Tale, who: Operator) -> Opened:
        """A case of its own, in a transaction of its own.

        Raises:
            Refusal: `who` may bring no case, or none there.
            UsageError: the tale can't be true.
        """
        with self._database.write() as connection:
            opened = self.open_in(connection, tale, who)
        self._on_change()
        return opened

    def open_in(self, connection: Connection, tale: Tale, who: Operator, case_id: str | None = None) -> Opened:
        """The same inside the caller's transaction: reported at once when whoever brings it is trusted to have looked,
        else raised for a reviewer. `case_id`: under which it is known elsewhere already.

        Raises:
            Refusal: `who` may bring no case, or none there.
            UsageError: the tale can't be true.
        """
        now = self._clock.now()
        _require_sense(tale, now)
        case = self._terrain.placed(connection, self._case(case_id or uuid7(now), tale), now)
        action = Action.REPORT if tale.is_reviewed else Action.RAISE
        may_bring = TABLE[FIRST_STATE, Action.REPORT].roles
        require(who, may_bring, Place(case.area_code))
        role = next(role for role in Role if role in who.roles & may_bring)
        facts = TaleRecord(source=tale.source, kind=tale.kind, address=case.address, description=case.description)
        cases.open_case(connection, case)
        cases.append(
            connection,
            HistoryEntry(case.case_id, now, "opened", role, who.name, facts.model_dump_json(), tale.seen_at),
        )
        roles = who.roles if tale.is_reviewed else frozenset({Role.PLATFORM})
        wanted = OperatorAction(action, who.name, kind=tale.kind, roles=roles)
        after = self._stepper.take(connection, case, wanted, now)
        return Opened(case.case_id, after.state, after.number)

    def _case(self, case_id: str, tale: Tale) -> Projection:
        rule = self._law.violations[tale.kind]
        codes = self._law.codes_of(tale.kind, self._law.local(tale.seen_at).date())
        judgement = JudgementRecord(
            verdict="violation",
            violation=tale.kind,
            severity=int(rule.severity),
            law_version=self._law.version,
            codes=tuple(CodeRecord(standard=code.standard, code=code.code) for code in codes),
            sentence=Sentence(zh=f"{rule.names.zh}，人工登记", en=f"{rule.names.en}, told by people"),
        )
        return Projection(
            case_id=case_id,
            group=tale.group,
            state=FIRST_STATE,
            kind=tale.kind,
            seen=tale.seen,
            severity=int(rule.severity),
            is_prominent=True,
            first_seen_at=tale.seen_at,
            last_seen_at=tale.seen_at,
            gone_at=None,
            east_m=tale.place.east_m if tale.place else None,
            north_m=tale.place.north_m if tale.place else None,
            zone_id=None,
            judgement=judgement.model_dump_json(),
            source=tale.source,
            address=tale.address.strip()[:300],
            description=tale.description.strip()[:1000],
        )


def _require_sense(tale: Tale, now: datetime) -> None:
    if tale.source is Source.VIDEO_AI:
        raise UsageError("source: cameras bring their cases themselves; say who told of it")
    if tale.seen_at > now:
        raise UsageError("seen_at: lies in the future")
    if tale.place is None and not tale.address.strip():
        raise UsageError("place: say where, by lat and lon or by an address")
