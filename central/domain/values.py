"""What central thinks in: an observation of one incident, a case's snapshot, and the decisions about them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NewType

from central.domain.geometry import Position
from central.domain.storms import Storm
from central.domain.workflow import CaseState
from contract.events import BoxNorm
from contract.ids import CameraId, CaseId, IncidentId, NodeId
from contract.plane import Point
from contract.taxonomy import GROUP_BY_SEEN, KindGroup, Seen, Violation

MemberId = NewType("MemberId", str)


def member_id(incident_id: str, part: int) -> MemberId:
    """The incident's id, with ``#2`` and so on for what followed a tracker's swap.

    >>> member_id("a", 1), member_id("a", 2)
    ('a', 'a#2')
    """
    return MemberId(incident_id if part == 1 else f"{incident_id}#{part}")


class Doubt(StrEnum):
    """Why a sighting should be looked at by a person before anybody acts on it."""

    CAMERA_MOVED = "camera_moved"
    """What it says about the ground no longer holds, so its positions are not used."""
    CAMERA_BLIND = "camera_blind"
    """Its picture is frozen, black or covered: what it reports may be long gone."""
    CAMERA_DULL = "camera_dull"
    """Its picture is blurred, glaring or foggy."""
    CLOCK_UNSURE = "clock_unsure"
    """When it was seen is known roughly only."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What one event said of its incident. Times are capture times, UTC.

    `clock_slack_s`: how far they may be wrong. `place_id` names what stays where it is in that camera's picture.
    `attended_s`: the longest time so far for which somebody stayed with it; None where the node can't tell.
    """

    incident_id: IncidentId
    revision: int
    node_id: NodeId
    camera_id: CameraId
    seen: Seen
    first_seen_at: datetime
    last_seen_at: datetime
    is_gone: bool
    position: Position | None
    box: BoxNorm | None = None
    zones: tuple[str, ...] = ()
    peak: float = 0.0
    score: float = 0.0
    doubts: frozenset[Doubt] = frozenset()
    clock_slack_s: float = 0.0
    place_id: str | None = None
    attended_s: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One incident as its known revisions tell it, or a part of it where its tracker swapped things.

    Times are capture times, UTC. `position` is the mean over `looks` revisions, with one look's covariance; `revision`,
    `box`, `zones` and `peak` are the newest's. `is_confirmed`: enough of its newest looks were sure of it. `doubts`
    are those of any of its looks, `clock_slack_s` and `attended_s` are the largest.
    """

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
    part: int = 1
    looks: int = 1
    box: BoxNorm | None = None
    is_confirmed: bool = True
    doubts: frozenset[Doubt] = frozenset()
    clock_slack_s: float = 0.0
    place_id: str | None = None
    attended_s: float | None = None

    @property
    def member_id(self) -> MemberId:
        """Names this part of the incident."""
        return member_id(self.incident_id, self.part)

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

    @property
    def is_confirmed(self) -> bool:
        return any(member.is_confirmed for member in self.members)


Basis = Literal["first", "ground", "view", "picture", "place", "overlap", "person"]


@dataclass(frozen=True, slots=True)
class Link:
    """Why a sighting belongs to its case: the member it fits best, and how well.

    `basis`: it was the case's first; near on the ground; near where an uncalibrated camera's learnt view puts it; at
    the same spot of one camera's picture, or at the same named place there; seen by cameras that share a view, when the
    other was; or a person, or a case that may not change, keeps it there.
    `distance` is in standard deviations and `distance_m` in metres, both None where no ground was compared; `score` is
    1 for certain and 0 at the gate; `place` and `with_place` are the two positions compared, as the cameras gave them;
    `shift` and `with_shift` what was taken off them because the cameras are known to err by it.
    """

    basis: Basis
    score: float
    rule: str
    with_incident: IncidentId | None = None
    distance: float | None = None
    distance_m: float | None = None
    gate: float | None = None
    gap: timedelta | None = None
    place: Point | None = None
    with_place: Point | None = None
    shift: Point | None = None
    with_shift: Point | None = None


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a list shows. `before` is the last id of the page before; `kind` matches the violation."""

    states: frozenset[CaseState] | None = None
    kind: Violation | None = None
    only_prominent: bool = True
    before: str | None = None
    silenced: bool | None = None
    """Only those that a silence keeps from people, or none of them; None for both."""
    district: str = ""
    """Only those whose area code begins so: what `people.refusal` says of one case, said of a list."""
    area: str = ""
    """The same, as somebody wished it."""
    camera: str = ""
    """Only those that the camera of this name has seen."""
    assignee: str = ""
    """Only those that this person shall see to."""
    since: datetime | None = None
    """Only those first seen then or later: a shift's own."""
    storm: Storm | None = None
    """Only those of this storm."""
    without: tuple[Storm, ...] = ()
    """None of these storms', `but` those whose ids are named."""
    but: tuple[str, ...] = ()
    is_by_severity: bool = False
    """The most severe first, and the newest first among them; `before` follows that order."""


ChangeTopic = Literal["case", "seen", "node"]
"""``seen``: of the case only when and where it was seen last moved; no list looks otherwise for it."""


@dataclass(frozen=True, slots=True)
class Change:
    """`subject` (a case or a node) changed; `change_id` grows in commit order."""

    change_id: int
    topic: ChangeTopic
    subject: str

    @property
    def is_of_case(self) -> bool:
        return self.topic != "node"
