"""What central thinks in: an observation of one incident, a case's snapshot, and the decisions about them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from central.domain.geometry import Position
from central.domain.workflow import CaseState
from contract.ids import CameraId, CaseId, IncidentId, NodeId
from contract.taxonomy import GROUP_BY_SEEN, KindGroup, Seen, Violation


@dataclass(frozen=True, slots=True)
class Observation:
    """One incident as its newest known revision tells it. Times are capture times, UTC."""

    incident_id: IncidentId
    revision: int
    node_id: NodeId
    camera_id: CameraId
    seen: Seen
    first_seen_at: datetime
    last_seen_at: datetime
    is_gone: bool
    position: Position | None
    zones: tuple[str, ...] = ()
    peak: float = 0.0

    @property
    def group(self) -> KindGroup:
        return GROUP_BY_SEEN[self.seen]


@dataclass(frozen=True, slots=True)
class CaseSnapshot:
    """A case as its open members tell it; `is_frozen` once a person has reviewed it. `members` is never empty."""

    case_id: CaseId
    group: KindGroup
    members: tuple[Observation, ...]
    is_frozen: bool = False

    @property
    def first_seen_at(self) -> datetime:
        return min(member.first_seen_at for member in self.members)

    @property
    def last_seen_at(self) -> datetime:
        return max(member.last_seen_at for member in self.members)

    @property
    def seen(self) -> frozenset[Seen]:
        return frozenset(member.seen for member in self.members)


Basis = Literal["track", "ground", "overlap"]


@dataclass(frozen=True, slots=True)
class Link:
    """Why an observation belongs to a case.

    `distance` is in standard deviations and `distance_m` in metres, both None where no ground was compared;
    `score` is 1 for certain and 0 at the gate.
    """

    basis: Basis
    score: float
    rule: str
    with_incident: IncidentId | None = None
    distance: float | None = None
    distance_m: float | None = None
    gate: float | None = None
    gap: timedelta | None = None


@dataclass(frozen=True, slots=True)
class New:
    """Nothing known is this thing: it opens a case."""

    kind: Literal["new"] = "new"


@dataclass(frozen=True, slots=True)
class Merge:
    """It is the thing of an existing case, seen by another track or camera."""

    case_id: CaseId
    link: Link
    kind: Literal["merge"] = "merge"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A newer revision of an incident whose case is known."""

    case_id: CaseId
    link: Link
    kind: Literal["repeat"] = "repeat"


@dataclass(frozen=True, slots=True)
class Stale:
    """A revision no newer than the one that is stored."""

    case_id: CaseId
    kind: Literal["stale"] = "stale"


Decision = New | Merge | Repeat | Stale


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a list shows. `before` is the last id of the page before; `kind` matches the violation."""

    states: frozenset[CaseState] | None = None
    kind: Violation | None = None
    only_prominent: bool = True
    before: str | None = None


ChangeTopic = Literal["case", "node"]


@dataclass(frozen=True, slots=True)
class Change:
    """`subject` (a case or a node) changed; `change_id` grows in commit order."""

    change_id: int
    topic: ChangeTopic
    subject: str
