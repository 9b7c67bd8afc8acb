"""The cameras' looks after handling: after so many clear ones closing is proposed, or done where a city says so."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from central.domain.workflow import Action, CaseState, Role
from central.domain.workflow_words import Condition
from central.services.exchange_guard import is_ours
from central.services.records import SuggestionRecord
from central.services.steps import OperatorAction, Stepper
from central.services.timekeeping import Timekeeper, record_of
from central.store import case_queries, cases, nodes
from central.store.cases import HistoryEntry, Projection
from central.store.stages import StageRow
from contract.status import CameraState, NodeState

FRESH = timedelta(minutes=3)
"""A node reports at least once a minute; what it said longer ago proves nothing about its cameras now."""
AROUND_M = 8.0
"""What newly stands this near counts as the same thing come back. Farther: the neighbour's stall keeps a case open."""
CAMERA = "camera"


class Seen(StrEnum):
    """What a look showed."""

    CLEAR = "clear"
    STANDING = "standing"
    BACK = "back"
    """It was seen after it was said to be handled."""
    BLIND = "blind"
    """No camera of the case can see just now: the look doesn't count."""


class Recheckers:
    """Works inside the caller's transaction."""

    def __init__(self, keeper: Timekeeper, stepper: Stepper) -> None:
        self._keeper, self._stepper = keeper, stepper

    def look(
        self, connection: Connection, case: Projection, row: StageRow, now: datetime
    ) -> tuple[StageRow, Projection]:
        """One look, if it is time for it; gives the stage and the case as they are then."""
        recheck = None if case.kind is None else self._keeper.rules.recheck.get(case.kind)
        record = record_of(row)
        if recheck is None or (record.looked_at or row.entered_at) + recheck.every > now:
            return row, case
        found = _seen(connection, case, row, now)
        clear = record.clear + 1 if found is Seen.CLEAR else record.clear if found is Seen.BLIND else 0
        record = record.model_copy(update={"looked_at": now, "clear": clear})
        proposal = None
        if found is Seen.BACK and Action.SEND_BACK not in record.proposed:
            proposal = SuggestionRecord(action=Action.SEND_BACK, why="seen_again")
        elif clear >= recheck.looks and Action.CLOSE not in record.proposed:
            proposal = SuggestionRecord(action=Action.CLOSE, why="seen_clear", looks=clear)
        if proposal is not None:
            record = record.model_copy(update={"proposed": (*record.proposed, proposal.action)})
            note = proposal.model_dump_json()
            cases.append(connection, HistoryEntry(case.case_id, now, "suggested", Role.CAMERA, CAMERA, note))
        row = replace(row, clock=record.model_dump_json())
        if (
            clear >= recheck.looks
            and case.kind in self._keeper.rules.auto_close
            and is_ours(connection, case, Action.CLOSE)
        ):
            case = self._close(connection, case, now)
        return row, case

    def _close(self, connection: Connection, case: Projection, now: datetime) -> Projection:
        roles = frozenset({Role.CAMERA})
        if case.state is CaseState.HANDLED:
            case = self._stepper.take(connection, case, OperatorAction(Action.CHECK, CAMERA, roles=roles), now)
        wanted = OperatorAction(Action.CLOSE, CAMERA, condition=Condition.CLEARED_ON_CAMERA, roles=roles)
        return self._stepper.take(connection, case, wanted, now)


def _seen(connection: Connection, case: Projection, row: StageRow, now: datetime) -> Seen:
    if case.last_seen_at > row.entered_at and case.gone_at is None:
        return Seen.BACK
    if case.gone_at is None:
        return Seen.STANDING
    if case_queries.standing_beside(connection, case, row.entered_at, AROUND_M):
        return Seen.BACK
    return Seen.CLEAR if _is_watched(connection, case, now) else Seen.BLIND


def _is_watched(connection: Connection, case: Projection, now: datetime) -> bool:
    """Whether some camera that saw the case shows fresh pictures."""
    found = case_queries.snapshots(connection, [case.case_id])
    theirs = {(member.node_id, member.camera_id) for snapshot in found for member in snapshot.members}
    for node in nodes.every(connection):
        if node.status.state is not NodeState.ONLINE or node.received_at < now - FRESH:
            continue
        for camera in node.status.cameras:
            if (node.status.node_id, camera.camera_id) in theirs and camera.state is CameraState.LIVE:
                return True
    return False
