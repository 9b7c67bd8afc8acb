"""A shift handed over: what is open and how old, what runs late, which silences end, which cameras fail; both sign."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from central.domain.people import Operator
from central.domain.silence import Silence
from central.domain.values import CaseFilter
from central.domain.workflow import OPEN, CaseState
from central.services.records import Sentence
from central.store import assignments, case_lists, handovers, nodes, silences, stages
from central.store.cases import Projection
from central.store.database import Database
from central.store.handovers import Handover
from contract.clock import Clock
from contract.errors import UsageError
from contract.events import Instant
from contract.status import CameraState, NodeState
from contract.taxonomy import Seen, Violation

MOST_CASES = 500
LONGEST_NOTES = 20_000
SOON = timedelta(hours=24)
"""A silence that ends within it is told: two shifts on, somebody is called again."""
FIRST_SHIFT = timedelta(hours=12)
"""How far back the first handover of all reaches."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class OpenCase(_Told):
    """One open case as it stood."""

    case_id: str
    number: str | None
    kind: Violation | None
    seen: Seen
    state: CaseState
    severity: int
    area_code: str | None
    first_seen_at: Instant
    due_at: Instant | None
    assignee: str | None


class EndingSilence(_Told):
    """One that ends soon. `what` names camera, zone and kind."""

    silence_id: int
    reason: str
    expires_at: Instant
    what: tuple[str, ...]


class AilingCamera(_Told):
    """A camera that does not deliver; `state` is null where its node is away."""

    camera_id: str
    node_id: str
    state: CameraState | None


class Sheet(_Told):
    """The facts of a handover. `opened` counts since the one before; `is_all`: no open case is left out."""

    at: Instant
    since: Instant
    open: tuple[OpenCase, ...]
    is_all: bool
    opened: int
    silences: tuple[EndingSilence, ...]
    cameras: tuple[AilingCamera, ...]

    @property
    def late(self) -> int:
        """Open cases whose stage should have ended."""
        return sum(case.due_at is not None and case.due_at < self.at for case in self.open)


class HandoverDesk:
    """Any thread."""

    def __init__(self, database: Database, clock: Clock, named: Callable[[Violation | None], Sentence | None]) -> None:
        """`named` says what a violation is called."""
        self._database, self._clock, self.named = database, clock, named

    def sheet(self, district: str) -> Sheet:
        """How things stand now."""
        with self._database.read() as connection:
            return self._sheet(connection, district, self._clock.now())

    def give(self, notes: str, who: Operator) -> int:
        """Writes the handover with its facts as they stand, signed by `who`; gives its number.

        Raises:
            UsageError: the notes are too long, or the handover before waits for its second signature.
        """
        notes = notes.replace("\0", "").strip()
        if len(notes) > LONGEST_NOTES:
            raise UsageError(f"notes: at most {LONGEST_NOTES} characters, got {len(notes)}")
        now = self._clock.now()
        with self._database.write() as connection:
            last = handovers.newest(connection, who.district, 1)
            if last and last[0].taken_by is None:
                raise UsageError(f"handover {last[0].number} waits for its second signature; have it signed first")
            sheet = self._sheet(connection, who.district, now)
            made = Handover(0, who.district, sheet.since, notes, sheet.model_dump_json(), who.name, now)
            return handovers.add(connection, made)

    def take(self, number: int, who: Operator) -> None:
        """Signs for the shift that begins.

        Raises:
            UsageError: there is none, it is of another district, was signed, or `who` gave it.
        """
        with self._database.write() as connection:
            found = handovers.find(connection, number)
            if found is None or found.district != who.district:
                raise UsageError(f"handover {number}: there is none for {who.name} to sign")
            if found.given_by == who.name:
                raise UsageError(f"handover {number}: {who.name} gave it; the second signature is the next shift's")
            if not handovers.take(connection, number, who.name, self._clock.now()):
                raise UsageError(f"handover {number}: {found.taken_by} has signed it already")

    def find(self, number: int, district: str) -> tuple[Handover, Sheet] | None:
        """A handover of the district, with its facts as they stood."""
        with self._database.read() as connection:
            found = handovers.find(connection, number)
        if found is None or not found.district.startswith(district):
            return None
        return found, Sheet.model_validate_json(found.facts)

    def listed(self, district: str, limit: int = 30) -> list[Handover]:
        """The newest first."""
        with self._database.read() as connection:
            return handovers.newest(connection, district, limit)

    def _sheet(self, connection: Connection, district: str, now: datetime) -> Sheet:
        last = handovers.newest(connection, district, 1)
        since = last[0].given_at if last else now - FIRST_SHIFT
        wanted = CaseFilter(states=OPEN, district=district, is_by_severity=True)
        found = case_lists.page(connection, wanted, MOST_CASES + 1)
        opened = case_lists.counts(connection, CaseFilter(district=district, since=since))
        return Sheet(
            at=now,
            since=since,
            open=_open(connection, found[:MOST_CASES]),
            is_all=len(found) <= MOST_CASES,
            opened=sum(opened.values()),
            silences=tuple(_ending(one) for one in silences.active(connection, now) if one.expires_at <= now + SOON),
            cameras=tuple(_ailing(connection)),
        )


def _open(connection: Connection, cases: Sequence[Projection]) -> tuple[OpenCase, ...]:
    names = [case.case_id for case in cases]
    clocks, whose = stages.open_of(connection, names), assignments.of_cases(connection, names)
    return tuple(
        OpenCase(
            case_id=case.case_id,
            number=case.number,
            kind=case.kind,
            seen=case.seen,
            state=case.state,
            severity=case.severity,
            area_code=case.area_code,
            first_seen_at=case.first_seen_at,
            due_at=clocks[case.case_id].due_at if case.case_id in clocks else None,
            assignee=whose[case.case_id].person if case.case_id in whose else None,
        )
        for case in cases
    )


def _ending(silence: Silence) -> EndingSilence:
    what = tuple(filter(None, (silence.camera_id, silence.zone_id, silence.kind and silence.kind.value)))
    if silence.radius_m is not None:
        what = (*what, f"± {silence.radius_m:.0f} m")
    return EndingSilence(silence_id=silence.silence_id, reason=silence.reason, expires_at=silence.expires_at, what=what)


def _ailing(connection: Connection) -> list[AilingCamera]:
    found = []
    for node in nodes.every(connection):
        is_away = node.status.state is NodeState.OFFLINE
        for camera in node.status.cameras:
            if is_away or camera.state not in {CameraState.LIVE, CameraState.ENDED}:
                state = None if is_away else camera.state
                found.append(AilingCamera(camera_id=camera.camera_id, node_id=node.status.node_id, state=state))
    return found
