"""*Show me now*: a fresh, redacted picture of a camera that sees a case, asked of its node for who reads the case."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from central.nodes_said import in_chinese
from central.services.actions import UnknownCase
from central.services.fleet import FleetDesk, UnknownNode
from central.services.views import View
from central.store import case_queries, nodes
from central.store.database import Database
from central.store.fleet_requests import StoredRequest
from contract.errors import UsageError
from contract.events import Instant
from contract.requests import FreshFrame, Original
from contract.status import CameraState, CameraStatus, NodeState, NodeStatus

LASTS = timedelta(seconds=60)
"""Who wants to see now has looked elsewhere after a minute."""


class Files(Protocol):
    """Where answers of nodes lie, by hash."""

    def find(self, sha256: str) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class Watching:
    """A camera that sees the case."""

    node_id: str
    camera_id: str


class LookView(View):
    """`state` is open, done, expired, unknown, limited or failed; `is_here`: the picture can be fetched.

    What the node last said of itself comes with it: who waits for a camera that is off should know.
    """

    request_id: str
    state: str
    reason: str
    is_here: bool
    camera: str | None
    captured_at: Instant | None
    expires_at: Instant
    node_id: str
    is_node_online: bool
    node_heard_at: Instant | None
    camera_state: CameraState | None
    camera_reason: str
    reason_zh: str = ""
    camera_reason_zh: str = ""
    """The two reasons in Chinese; empty where the node's own words are not known."""


class LookDesk:
    """Any thread. Whether they may see the case is the caller's to ask."""

    def __init__(self, database: Database, fleet: FleetDesk, files: Files) -> None:
        self._database, self._fleet, self._files = database, fleet, files

    def cameras(self, case_id: str) -> list[Watching]:
        """The cameras of the case, whose last look is newest first.

        Raises:
            UnknownCase: no such case.
        """
        with self._database.read() as connection:
            if case_queries.find(connection, case_id) is None:
                raise UnknownCase(case_id)
            found = case_queries.snapshots(connection, [case_id])
        members = sorted(found[0].members, key=lambda one: one.last_seen_at, reverse=True) if found else []
        return list(dict.fromkeys(Watching(one.node_id, one.camera_id) for one in members))

    def look(self, case_id: str, camera: str | None, by: str) -> LookView:
        """Asks for a picture of `camera`, or of the one that saw the case last.

        Raises:
            UnknownCase: no such case.
            UsageError: no camera sees the case, or not this one.
        """
        watching = [one for one in self.cameras(case_id) if camera in (None, one.camera_id)]
        if not watching:
            raise UsageError("camera: none of the case's cameras" if camera else "no camera has seen this case")
        first = watching[0]
        asked = self._fleet.ask(first.node_id, FreshFrame(camera_id=first.camera_id), by, LASTS)
        return self._view(self._fleet.request(asked.request_id))

    def asked(self, case_id: str, request_id: str) -> LookView:
        """How a request for a picture of this case stands, an original's too.

        Raises:
            UnknownNode: there is none.
        """
        return self._view(self._found(case_id, request_id))

    def picture(self, case_id: str, request_id: str) -> Path | None:
        """The fresh picture, once it is here. An original is opened by its own desk only.

        Raises:
            UnknownNode: there is no such request.
        """
        found = self._found(case_id, request_id)
        if not isinstance(found.request.ask, FreshFrame) or found.answer_sha256 is None:
            return None
        return self._files.find(found.answer_sha256)

    def _found(self, case_id: str, request_id: str) -> StoredRequest:
        """A request for a picture of this case.

        Raises:
            UnknownNode: there is none.
        """
        found = self._fleet.request(request_id)
        ask = found.request.ask
        if isinstance(ask, Original) and ask.case_id == case_id:
            return found
        if isinstance(ask, FreshFrame) and Watching(found.request.node_id, ask.camera_id) in self.cameras(case_id):
            return found
        raise UnknownNode(f"request {request_id} of case {case_id}")

    def _view(self, stored: StoredRequest) -> LookView:
        reply, ask = stored.reply, stored.request.ask
        name = None if isinstance(ask, Original) else ask.camera_id
        with self._database.read() as connection:
            known = nodes.find(connection, stored.request.node_id)
        camera = None if known is None else _camera(known.status, name)
        reason = "" if reply is None else reply.reason
        camera_reason = "" if camera is None else camera.reason
        return LookView(
            request_id=stored.request.request_id,
            state=stored.state,
            reason=reason,
            is_here=stored.answer_sha256 is not None,
            camera=name,
            captured_at=None if reply is None or reply.answer is None else reply.answer.captured_at,
            expires_at=stored.request.expires_at,
            node_id=stored.request.node_id,
            is_node_online=known is not None and known.status.state is NodeState.ONLINE,
            node_heard_at=None if known is None else known.received_at,
            camera_state=None if camera is None else camera.state,
            camera_reason=camera_reason,
            reason_zh=in_chinese(reason) or "",
            camera_reason_zh=in_chinese(camera_reason) or "",
        )


def _camera(status: NodeStatus, name: str | None) -> CameraStatus | None:
    return next((one for one in status.cameras if one.camera_id == name), None)
