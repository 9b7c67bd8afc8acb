"""What the fleet's pages make of nodes and cameras: counts, what is in trouble, shapes as a drawing takes them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from central import nodes_said
from central.services.fleet_book import CameraEntry, NodeEntry
from central.services.fleet_views import Drift
from contract.bundle import CameraBlock
from contract.events import CameraCondition
from contract.status import CameraState, NodeState

MOST_CAMERAS = 500
"""Rows of one page; a search finds the others."""
IN_ORDER = frozenset({Drift.IN_STEP, Drift.UNMANAGED})


@dataclass(frozen=True, slots=True)
class Sums:
    """The fleet in a line."""

    nodes: int
    online: int
    out_of_step: int
    cameras: int
    live: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A zone or a mask; `points` as SVG takes them, in shares of the picture."""

    what: str
    name: str
    kinds: tuple[str, ...]
    points: str


def summed_up(nodes: Sequence[NodeEntry]) -> Sums:
    """Counts over all nodes."""
    states = Counter(camera.status.state for node in nodes for camera in node.cameras if camera.status)
    return Sums(
        nodes=len(nodes),
        online=sum(node.view.state is NodeState.ONLINE for node in nodes),
        out_of_step=sum(node.view.drift not in IN_ORDER for node in nodes),
        cameras=sum(len(node.cameras) for node in nodes),
        live=states[CameraState.LIVE],
    )


def wanted(cameras: Sequence[CameraEntry], query: str, *, is_trouble_only: bool) -> list[CameraEntry]:
    """Those whose name, node or reason holds the words; the first `MOST_CAMERAS`, the worst first."""
    words = query.casefold().split()
    found = [camera for camera in cameras if all(word in _told(camera) for word in words)]
    if is_trouble_only:
        found = [camera for camera in found if is_in_trouble(camera)]
    return sorted(found, key=lambda camera: (not is_in_trouble(camera), camera.camera_id))[:MOST_CAMERAS]


def is_in_trouble(camera: CameraEntry) -> bool:
    """Whether somebody should look: no fresh frames, a picture that shows nothing, or a node that is away."""
    if camera.status is None or camera.node.view.state is not NodeState.ONLINE:
        return True
    return camera.status.state is not CameraState.LIVE or camera.status.condition not in (None, CameraCondition.CLEAR)


def _told(camera: CameraEntry) -> str:
    status = camera.status
    parts = [
        camera.camera_id,
        camera.node.view.node_id,
        status.state if status else "",
        status.reason if status else "",
        (nodes_said.in_chinese(status.reason) or "") if status else "",
    ]
    return " ".join(parts).casefold()


def shapes_of(camera: CameraEntry, preset: str) -> list[Shape]:
    """Zones and masks of the camera, or of one preset."""
    part = camera.part(preset)
    if part is None:
        return []
    found = [Shape("zone", zone.name, tuple(zone.kinds or ()), _points(zone.polygon)) for zone in part.zones]
    if isinstance(part, CameraBlock):
        found += [Shape("mask", "", tuple(mask.kinds), _points(mask.polygon)) for mask in part.masks]
    return found


def _points(polygon: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.4f},{y:.4f}" for x, y in polygon)
