"""Judges a case anew and writes what follows: state, history, and the row that lists show."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.domain.alarms import CalibrationAlarm
from central.domain.board import Board, Span
from central.domain.judge import judge
from central.domain.judgement.scene import FURNITURE, neighbour_of, place_of, zones_of
from central.domain.judgement.verdicts import Judgement
from central.domain.law import Law
from central.domain.memory import NO_BAR, Bar
from central.domain.reasons import Reason
from central.domain.registration import camera_of
from central.domain.silence import Silence
from central.domain.values import CaseSnapshot, Observation
from central.domain.workflow import REVIEWED, Action, CaseState, Role, take
from central.services.records import JudgementRecord, judgement_record
from central.services.roll import Roll
from central.services.silencing import silenced
from central.services.staging import begin_reviews
from central.store import case_queries, cases, silences
from central.store.cases import HistoryEntry, Projection
from contract.ids import CaseId
from contract.taxonomy import KindGroup, Seen

NEARBY_GAP = timedelta(minutes=10)
MOST_TELLING = (Seen.FLAME, Seen.GRILL, Seen.SMOKE, Seen.STALL, Seen.CART, Seen.TABLE, Seen.PARASOL)
LARGEST_CASE_M = 15.0
"""Cases are placed by the middle of their sightings, which lie no farther from it than this; the exact distance between
two cases is the law's to judge."""
_DWELL_REASONS = frozenset({"dwell_short", "dwell_reached"})


@dataclass(frozen=True, slots=True)
class _Reviewed:
    row: Projection
    entries: tuple[HistoryEntry, ...]

    def is_raised(self, before: CaseState) -> bool:
        """Whether it waits for a person from now on."""
        return self.row.state is CaseState.PENDING_REVIEW is not before


class Judge:
    """Works inside the caller's transaction. Members that are still on the board are taken from there."""

    def __init__(
        self, board: Board, roll: Roll, law: Law, bar: Bar = NO_BAR, alarms: Iterable[CalibrationAlarm] = ()
    ) -> None:
        self._board, self._roll, self._law, self._bar = board, roll, law, bar
        self._off_m = {alarm.camera: alarm.metres for alarm in alarms}
        self._hush: Sequence[Silence] = ()

    def explained_by(self, case_ids: Iterable[CaseId]) -> set[CaseId]:
        """The cases of fire and smoke that one of the cases stands beside: a stall explains smoke."""
        found: set[CaseId] = set()
        for case_id in case_ids:
            members = self._on_board(case_id)
            if members and members[0].group is KindGroup.TRADE:
                found.update(self._beside(KindGroup.FIRE, CaseSnapshot(case_id, KindGroup.TRADE, members)))
        return found

    def review(self, connection: Connection, case_ids: Iterable[CaseId], at: datetime) -> None:
        """Brings the cases' rows, states and histories up to what their members and surroundings say now."""
        wanted = sorted(case_ids)
        rows = case_queries.find_all(connection, wanted)
        snapshots = {case.case_id: case for case in self._snapshots(connection, wanted)}
        beside = {
            case_id: self._beside(KindGroup.TRADE, case)
            for case_id, case in snapshots.items()
            if case.group is KindGroup.FIRE
        }
        traders = {case.case_id: case for case in self._snapshots(connection, sorted(set().union(*beside.values())))}
        self._hush = silences.active(connection, at)
        reviewed = [
            self._review(
                rows[case_id], case, [traders[other] for other in beside.get(case_id, ()) if other in traders], at
            )
            for case_id, case in snapshots.items()
            if case_id in rows
        ]
        cases.append(connection, *(entry for found in reviewed for entry in found.entries))
        cases.project(connection, *(found.row for found in reviewed if found.row != rows[found.row.case_id]))
        raised = [found.row for found in reviewed if found.is_raised(rows[found.row.case_id].state)]
        begin_reviews(connection, raised, at)

    def _review(self, old: Projection, snapshot: CaseSnapshot, near: Sequence[CaseSnapshot], at: datetime) -> _Reviewed:
        verdict = judge(snapshot, [neighbour_of(other, self._law) for other in near], self._law)
        verdict = replace(verdict, reasons=(*verdict.reasons, *self._off(snapshot)))
        dwell_s = (snapshot.last_seen_at - snapshot.first_seen_at).total_seconds()
        record = judgement_record(verdict, self._law, dwell_s)
        previous = JudgementRecord.model_validate_json(old.judgement) if old.judgement else None
        new = _projected(old, snapshot, self._law)
        entries = [_presence(new, at)] if (old.gone_at is None) != (new.gone_at is None) else []
        if _stands(old.state, previous, record):
            kept = previous.model_copy(update={"dwell_s": record.dwell_s}) if previous else record
            return _Reviewed(replace(new, judgement=kept.model_dump_json()), tuple(entries))
        action = _action(old.state, verdict)
        if action is Action.RAISE and not self._bar.is_passed(snapshot, at):
            action = None
        if action is Action.RAISE and (self._hush or old.silence_id is not None):
            marked, note = silenced(self._hush, replace(new, kind=record.violation or record.suggested), snapshot, at)
            new = replace(new, silence_id=marked.silence_id)
            entries += [note] if note else []
            action = action if marked.silence_id is None else None
        state = old.state if action is None else take(old.state, action, Role.JUDGE).to
        zone_id = next((str(r.facts["zone_id"]) for r in record.reasons if "zone_id" in r.facts), new.zone_id)
        text = record.model_dump_json()
        new = replace(
            new, state=state, kind=record.violation, severity=record.severity, zone_id=zone_id, judgement=text
        )
        if action is not None or previous is None or _gist(previous) != _gist(record):
            entries.insert(0, _judged(old, new, action, f"law/{self._law.version}", at))
        return _Reviewed(new, tuple(entries))

    def _off(self, case: CaseSnapshot) -> Iterator[Reason]:
        """The case's cameras whose calibration a person should look at."""
        for camera in sorted({camera_of(member) for member in case.members}):
            if camera in self._off_m:
                yield Reason("camera_off", {"camera": camera, "metres": f"{self._off_m[camera]:.1f}"})

    def _beside(self, group: KindGroup, case: CaseSnapshot) -> set[CaseId]:
        """The cases of `group` so near in time and place that one may explain the other."""
        place = place_of(case)
        if place is None:
            return set()
        gap_s, reach_m = NEARBY_GAP.total_seconds(), self._law.compound_reach_m + LARGEST_CASE_M
        span = Span(case.first_seen_at.timestamp() - gap_s, case.last_seen_at.timestamp() + gap_s)
        room = (self._board.district_of(case.members[0]), group)
        return self._roll.cases_of(self._board.around(room, place.point, reach_m, span))

    def _snapshots(self, connection: Connection, case_ids: Sequence[CaseId]) -> list[CaseSnapshot]:
        """In id order. From memory where all members are on the board, else from the database."""
        found: dict[CaseId, CaseSnapshot] = {}
        for case_id in case_ids:
            members = self._on_board(case_id)
            if members:
                found[case_id] = CaseSnapshot(case_id, members[0].group, members)
        missing = [case_id for case_id in case_ids if case_id not in found]
        if missing:
            found |= {case.case_id: case for case in case_queries.snapshots(connection, missing)}
        return [found[case_id] for case_id in case_ids if case_id in found]

    def _on_board(self, case_id: CaseId) -> tuple[Observation, ...]:
        members = [self._board.sighting(member) for member in self._roll.members(case_id)]
        there = [member for member in members if member is not None]
        if len(there) < len(members):
            return ()
        return tuple(sorted(there, key=lambda member: (member.first_seen_at, member.member_id)))


def _projected(old: Projection, snapshot: CaseSnapshot, law: Law) -> Projection:
    place = place_of(snapshot)
    zones = zones_of(snapshot, law)
    is_gone = all(member.is_gone for member in snapshot.members)
    telling = [seen for seen in MOST_TELLING if seen in snapshot.seen] or sorted(snapshot.seen)
    return replace(
        old,
        seen=telling[0],
        is_prominent=not snapshot.seen <= FURNITURE,
        first_seen_at=snapshot.first_seen_at,
        last_seen_at=snapshot.last_seen_at,
        gone_at=snapshot.last_seen_at if is_gone else None,
        east_m=place.point.east_m if place else None,
        north_m=place.point.north_m if place else None,
        zone_id=zones[0].zone_id if zones else None,
    )


def _stands(state: CaseState, previous: JudgementRecord | None, record: JudgementRecord) -> bool:
    """Whether the earlier judgement is kept: a person has spoken, or what waits for one would be taken away again."""
    if state in REVIEWED:
        return True
    if state is not CaseState.PENDING_REVIEW or previous is None:
        return False
    if record.verdict == "violation":
        return False
    return previous.verdict == "violation" or record.verdict != "needs_person"


def _action(state: CaseState, verdict: Judgement) -> Action | None:
    match verdict.kind, state:
        case "lawful", CaseState.OBSERVING:
            return Action.SUPPRESS
        case "observing", CaseState.SUPPRESSED:
            return Action.WATCH
        case (("violation" | "needs_person"), (CaseState.OBSERVING | CaseState.SUPPRESSED)):
            return Action.RAISE
        case _:
            return None


def _gist(record: JudgementRecord) -> tuple[object, ...]:
    """What makes two judgements different; the seconds that pass don't."""
    codes = tuple(reason.code for reason in record.reasons if reason.code not in _DWELL_REASONS)
    return record.verdict, record.violation, record.suggested, record.rule, codes


def _judged(old: Projection, new: Projection, action: Action | None, actor: str, at: datetime) -> HistoryEntry:
    return HistoryEntry(
        case_id=new.case_id,
        at=at,
        event_at=new.last_seen_at,
        what="judged",
        role=Role.JUDGE,
        actor=actor,
        action=action,
        from_state=old.state,
        to_state=new.state,
        facts=new.judgement,
    )


def _presence(new: Projection, at: datetime) -> HistoryEntry:
    what = "gone" if new.gone_at else "back"
    return HistoryEntry(new.case_id, at, what, Role.JUDGE, "associator", event_at=new.last_seen_at)
