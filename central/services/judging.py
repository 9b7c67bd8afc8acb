"""Judges a case anew and writes what follows: state, history, and the row that lists show."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from central.domain.alarms import CalibrationAlarm
from central.domain.board import Board
from central.domain.judge import judge_scene
from central.domain.judgement.scene import Scene, neighbour_of, scene_of
from central.domain.law import Law
from central.domain.memory import NO_BAR, Bar
from central.domain.reasons import Reason
from central.domain.registration import camera_of
from central.domain.silence import Silence
from central.domain.values import CaseSnapshot
from central.domain.workflow import Action, CaseState, Role, take
from central.services.records import JudgementRecord, judgement_record
from central.services.roll import Roll
from central.services.rulings import action_of, entry_of, gist, projected, ruled, stands
from central.services.silencing import silenced
from central.services.staging import begin_reviews
from central.services.surrounding import Surrounding
from central.services.terrain import placed_by
from central.store import case_queries, cases, silences
from central.store.cases import HistoryEntry, Projection
from contract.ids import CaseId
from contract.taxonomy import KindGroup


@dataclass(frozen=True, slots=True)
class _Reviewed:
    row: Projection
    entries: tuple[HistoryEntry, ...]

    def is_raised(self, before: CaseState) -> bool:
        """Whether it waits for a person from now on."""
        return self.row.state is CaseState.PENDING_REVIEW is not before

    def is_news(self, old: Projection) -> bool:
        """Whether more than the last sighting is new: `judgement` tells the seconds that passed, too."""
        new = self.row
        seen_again = replace(
            old, last_seen_at=new.last_seen_at, east_m=new.east_m, north_m=new.north_m, judgement=new.judgement
        )
        return bool(self.entries) or seen_again != new


class Judge:
    """Works inside the caller's transaction. Members that are still on the board are taken from there."""

    def __init__(
        self, board: Board, roll: Roll, law: Law, bar: Bar = NO_BAR, alarms: Iterable[CalibrationAlarm] = ()
    ) -> None:
        self._around, self._bar = Surrounding(board, roll), bar
        self._off_m = {alarm.camera: alarm.metres for alarm in alarms}
        self._hush: Sequence[Silence] = ()
        self.law = law
        """May be replaced between transactions: registers change."""

    def explained_by(self, case_ids: Iterable[CaseId]) -> set[CaseId]:
        """The cases of fire and smoke that one of the cases stands beside: a stall explains smoke."""
        found: set[CaseId] = set()
        for case_id in case_ids:
            members = self._around.on_board(case_id)
            if members and members[0].group is KindGroup.TRADE:
                scene = scene_of(CaseSnapshot(case_id, KindGroup.TRADE, members), (), self.law)
                found.update(self._around.beside(KindGroup.FIRE, scene, self.law))
        return found

    def review(self, connection: Connection, case_ids: Iterable[CaseId], at: datetime) -> set[CaseId]:
        """Brings the cases' rows, states and histories up to what their members and surroundings say now.

        Gives the cases that mean something else now, beyond having been seen again.
        """
        wanted = sorted(case_ids)
        rows = case_queries.find_all(connection, wanted)
        scenes = self._scenes(connection, wanted)
        self._hush = silences.active(connection, at)
        reviewed = [self._review(rows[case_id], scene, at) for case_id, scene in scenes.items() if case_id in rows]
        cases.append(connection, *(entry for found in reviewed for entry in found.entries))
        cases.project(connection, *(found.row for found in reviewed if found.row != rows[found.row.case_id]))
        raised = [found.row for found in reviewed if found.is_raised(rows[found.row.case_id].state)]
        begin_reviews(connection, raised, at)
        return {CaseId(found.row.case_id) for found in reviewed if found.is_news(rows[found.row.case_id])}

    def _scenes(self, connection: Connection, case_ids: Sequence[CaseId]) -> dict[CaseId, Scene]:
        """The cases with what stands around each; whoever stands around several is read once."""
        bare = [scene_of(case, (), self.law) for case in self._around.snapshots(connection, case_ids)]
        beside = {scene.case.case_id: self._around.of(connection, scene, self.law) for scene in bare}
        others = self._around.snapshots(connection, sorted(set().union(*beside.values())))
        known = {other.case_id: neighbour_of(other, self.law) for other in others}
        found: dict[CaseId, Scene] = {}
        for scene in bare:
            own = scene.case.case_id
            near = [known[other] for other in beside[own] if other != own and other in known]
            found[own] = replace(scene, near=near) if near else scene
        return found

    def _review(self, old: Projection, scene: Scene, at: datetime) -> _Reviewed:
        verdict = judge_scene(scene, self.law)
        off = tuple(self._off(scene.case))
        if off:
            verdict = replace(verdict, reasons=(*verdict.reasons, *off))
        record = judgement_record(verdict, self.law, scene.dwell.total_seconds(), scene.at)
        previous = JudgementRecord.model_validate_json(old.judgement) if old.judgement else None
        new = projected(old, scene, self.law)
        entries = [_presence(new, at)] if (old.gone_at is None) != (new.gone_at is None) else []
        if stands(old.state, previous, record):
            kept = previous.model_copy(update={"dwell_s": record.dwell_s}) if previous else record
            return _Reviewed(replace(new, judgement=kept.model_dump_json()), tuple(entries))
        action = action_of(old.state, verdict)
        if action is Action.RAISE and not self._bar.is_passed(scene.case, at):
            action = None
        if action is Action.RAISE and (self._hush or old.silence_id is not None):
            named = replace(new, kind=record.violation or record.suggested)
            marked, note = silenced(self._hush, named, scene.case, at)
            new = replace(new, silence_id=marked.silence_id)
            entries += [note] if note else []
            action = action if marked.silence_id is None else None
        state = old.state if action is None else take(old.state, action, Role.JUDGE).to
        new = ruled(new, record, state)
        if action is Action.RAISE:
            new = placed_by(self.law, new, at)
        if action is not None or previous is None or gist(previous) != gist(record):
            entries.insert(0, entry_of(old, new, action, f"law/{self.law.version}", at))
        return _Reviewed(new, tuple(entries))

    def _off(self, case: CaseSnapshot) -> Iterator[Reason]:
        """The case's cameras whose calibration a person should look at."""
        if not self._off_m:
            return
        for camera in sorted({camera_of(member) for member in case.members}):
            if camera in self._off_m:
                yield Reason("camera_off", {"camera": camera, "metres": f"{self._off_m[camera]:.1f}"})


def _presence(new: Projection, at: datetime) -> HistoryEntry:
    what = "gone" if new.gone_at else "back"
    return HistoryEntry(new.case_id, at, what, Role.JUDGE, "associator", event_at=new.last_seen_at)
