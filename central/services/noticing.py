"""What is odd about a valid event: its camera, its time, its place, its revision. Decides nothing and reads nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from central.domain.districts import ONE_CITY, District, Districts
from central.services.outcomes import Mark
from central.store.inbox import Newest
from contract.events import IncidentEvent
from contract.plane import Origin, contains

AHEAD = timedelta(minutes=5)
"""How far a node's clock may run ahead unremarked. NTP keeps it within milliseconds; below a minute a slow look and
network delay would be marked, above an hour a stall's permitted hours are judged by the wrong time."""


ANY_NODE = "*"
"""In place of a node: the camera is known, and nobody has written down on which node it hangs."""


class CameraBook(Protocol):
    """Which cameras there are, and on which node each hangs."""

    @property
    def is_kept(self) -> bool:
        """Whether there is such a register; without one no camera is unknown."""
        ...

    def nodes_of(self, camera_id: str) -> frozenset[str]:
        """The nodes that have a camera of that name; empty if nobody has, `ANY_NODE` if nobody knows which."""
        ...


@dataclass(frozen=True, slots=True)
class ListedCameras:
    """A register that is a list: node → its cameras."""

    cameras_by_node: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        return bool(self.cameras_by_node)

    def nodes_of(self, camera_id: str) -> frozenset[str]:
        return frozenset(node for node, cameras in self.cameras_by_node.items() if camera_id in cameras)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an event is compared with. `bounds` is the outline, (east, north) metres from `origin`; may be empty.

    `districts` is no comparison: it says whose associator the event waits for; `outlines` are theirs, where drawn.
    """

    book: CameraBook = field(default_factory=ListedCameras)
    bounds: tuple[tuple[float, float], ...] = ()
    origin: Origin | None = None
    districts: Districts = ONE_CITY
    outlines: Mapping[District, tuple[tuple[float, float], ...]] = field(default_factory=dict)


def notice(data: IncidentEvent, around: Surroundings, newest: Newest | None, now: datetime) -> tuple[Mark, ...]:
    """The marks of an event; `newest` is what is already known of its incident."""
    marks = []
    camera = _camera_mark(data, around.book)
    if camera is not None:
        marks.append(camera)
    if data.last_seen_at > now + AHEAD:
        marks.append(Mark.CLOCK_AHEAD)
    if _is_outside(data, around):
        marks.append(Mark.OUTSIDE_CITY)
    if newest is not None and data.seq > newest.seq and data.revision <= newest.revision:
        marks.append(Mark.REVISION_BACKWARDS)
    return tuple(marks)


def _camera_mark(data: IncidentEvent, book: CameraBook) -> Mark | None:
    if not book.is_kept:
        return None
    nodes = book.nodes_of(data.camera_id)
    if not nodes:
        return Mark.UNKNOWN_CAMERA
    return None if nodes & {data.node_id, ANY_NODE} else Mark.FOREIGN_CAMERA


def _is_outside(data: IncidentEvent, around: Surroundings) -> bool:
    if data.ground is None or around.origin is None or not around.bounds:
        return False
    at = around.origin.to_local(data.ground.lat, data.ground.lon)
    return not contains(around.bounds, at.east_m, at.north_m)
