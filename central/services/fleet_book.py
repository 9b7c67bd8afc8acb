"""What the engineers' pages show of nodes and cameras: wanted and reported side by side, and the newest picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from central.services.fleet import FleetDesk, UnknownNode
from central.services.fleet_views import NodeView
from central.store import fleet, fleet_requests, nodes
from central.store.database import Database
from central.store.fleet import StoredBundle
from central.store.fleet_requests import OPEN, StoredRequest
from contract.bundle import Bundle, CameraBlock, PresetBlock, parse_bundle
from contract.requests import CalibrationPicture, FreshFrame
from contract.status import CameraStatus, NodeStatus

LOOKED_AT = 300
"""Requests of a node that are searched for a camera's newest picture."""


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """A node: how it stands, what it said last, and the newest bundle it was given."""

    view: NodeView
    status: NodeStatus | None
    heard_at: datetime | None
    bundle: Bundle | None

    @property
    def cameras(self) -> tuple["CameraEntry", ...]:
        """Those that it reports and those that it shall have."""
        told = {camera.camera_id: camera for camera in (self.status.cameras if self.status else ())}
        wanted = {camera.camera_id: camera for camera in (self.bundle.cameras if self.bundle else ())}
        return tuple(CameraEntry(name, self, told.get(name), wanted.get(name)) for name in sorted({*told, *wanted}))


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """A camera of `node`. `block` is None where the node runs on its own file, `status` before it spoke of it."""

    camera_id: str
    node: NodeEntry
    status: CameraStatus | None
    block: CameraBlock | None

    @property
    def version(self) -> int:
        """Of the node's newest bundle; 0 where it has none."""
        return self.node.bundle.version if self.node.bundle else 0

    def part(self, preset: str) -> CameraBlock | PresetBlock | None:
        """The camera's settings, or those of one of its presets; None if there are none."""
        if self.block is None or not preset:
            return self.block
        return next((found for found in self.block.presets if found.name == preset), None)


@dataclass(frozen=True, slots=True)
class Pictures:
    """What was asked of a camera: the newest picture that came, and the request under way, if any."""

    shown: StoredRequest | None
    waiting: StoredRequest | None
    last: StoredRequest | None


class FleetBook:
    """Any thread. Reads only."""

    def __init__(self, database: Database, desk: FleetDesk) -> None:
        self._database, self._desk = database, desk

    def nodes(self) -> list[NodeEntry]:
        """Every node, by name."""
        with self._database.read() as connection:
            heard = {entry.status.node_id: entry for entry in nodes.every(connection)}
            wanted = {str(name): _read(bundle) for name, bundle in fleet.desired(connection).items()}
        found = []
        for view in self._desk.nodes():
            known = heard.get(view.node_id)
            at = known.received_at if known else None
            found.append(NodeEntry(view, known.status if known else None, at, wanted.get(view.node_id)))
        return found

    def node(self, node_id: str) -> NodeEntry:
        """Raises:
        UnknownNode: there is none.
        """
        found = next((entry for entry in self.nodes() if entry.view.node_id == node_id), None)
        if found is None:
            raise UnknownNode(f"node {node_id}")
        return found

    def camera(self, camera_id: str) -> CameraEntry:
        """The camera; the node that shall have it before one that merely reports it.

        Raises:
            UnknownNode: there is none.
        """
        found = [camera for node in self.nodes() for camera in node.cameras if camera.camera_id == camera_id]
        if not found:
            raise UnknownNode(f"camera {camera_id}")
        return next((camera for camera in found if camera.block is not None), found[0])

    def pictures(self, camera: CameraEntry, preset: str = "") -> Pictures:
        """What was asked of the camera, at `preset` if one is named."""
        with self._database.read() as connection:
            asked = fleet_requests.newest(connection, camera.node.view.node_id, LOOKED_AT)
        return _sorted_out([entry for entry in asked if _is_of(entry, camera.camera_id, preset)])


def _sorted_out(newest_first: Sequence[StoredRequest]) -> Pictures:
    shown = next((entry for entry in newest_first if entry.answer_sha256 and entry.state != OPEN), None)
    waiting = next((entry for entry in newest_first if entry.state == OPEN), None)
    return Pictures(shown, waiting, newest_first[0] if newest_first else None)


def _is_of(entry: StoredRequest, camera_id: str, preset: str) -> bool:
    match entry.request.ask:
        case FreshFrame(camera_id=name):
            return name == camera_id and not preset
        case CalibrationPicture(camera_id=name, preset=at):
            return name == camera_id and (at or "") == preset
        case _:
            return False


def _read(stored: StoredBundle) -> Bundle:
    return parse_bundle(stored.payload, f"version {stored.version}")
