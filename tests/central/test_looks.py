"""*Show me now* as central knows it: who asked what of which node, what stands in the way, and when it is over."""

from datetime import timedelta
from pathlib import Path

import pytest

from central.artifacts import Artifacts
from central.domain.values import CaseFilter
from central.keys import central_keys
from central.services.fleet import FleetDesk, UnknownNode
from central.services.looking import LASTS, LookDesk
from central.store import fleet_requests, nodes
from contract.errors import UsageError
from contract.events import ClockState
from contract.ids import uuid7
from contract.requests import Answer, Outcome, Reply
from contract.status import CameraState, CameraStatus, NodeState, NodeStatus
from contract.taxonomy import Seen
from tests.central.builders import JPEG, T0, Street, minutes
from tests.central.parts import Parts


class Desk:
    """Central with a case that camera cam-1 of node-1 sees, and somebody who looks at it."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self.parts, self.clock = parts, parts.clock
        keys = central_keys(folder / "keys")
        parts.take(Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
        self.case = parts.reader.page(CaseFilter(), 1).items[0].id
        self.fleet = FleetDesk(parts.database, lambda: keys, parts.clock)
        self.artifacts = Artifacts(folder / "artifacts")
        self.looks = LookDesk(parts.database, self.fleet, self.artifacts)

    def node_says(self, state: NodeState, camera: CameraState, reason: str = "") -> None:
        now = self.clock.now()
        status = NodeStatus(
            node_id="node-1",
            boot_id=uuid7(now),
            state=state,
            at=now,
            software="1.0",
            config_version="c",
            clock_state=ClockState.SYNCHRONISED,
            cameras=(CameraStatus(camera_id="cam-1", state=camera, reason=reason),),
        )
        with self.parts.database.write() as connection:
            nodes.remember(connection, status, now)


@pytest.fixture
def desk(parts: Parts, tmp_path: Path) -> Desk:
    return Desk(parts, tmp_path)


def test_two_who_ask_at_once_have_each_a_request_of_their_own(desk: Desk) -> None:
    one, other = (desk.looks.look(desk.case, None, who) for who in ("li", "wang"))
    assert one.request_id != other.request_id
    assert {asked.request.by for asked in desk.fleet.requests("node-1", 10)} == {"li", "wang"}
    assert (one.state, one.camera, one.expires_at) == ("open", "cam-1", desk.clock.now() + LASTS)


def test_what_stands_in_the_way_is_told_while_somebody_waits(desk: Desk) -> None:
    asked = desk.looks.look(desk.case, None, "li")
    assert (asked.is_node_online, asked.node_heard_at, asked.camera_state) == (False, None, None)
    desk.node_says(NodeState.ONLINE, CameraState.FAILED, "rtsp://c: the stream ended")
    found = desk.looks.asked(desk.case, asked.request_id)
    assert (found.is_node_online, found.camera_state) == (True, CameraState.FAILED)
    assert (found.camera_reason, found.camera_reason_zh) == ("rtsp://c: the stream ended", "视频流已结束，正在重连")
    desk.node_says(NodeState.OFFLINE, CameraState.LIVE)
    assert desk.looks.asked(desk.case, asked.request_id).is_node_online is False


def test_the_picture_can_be_fetched_before_the_node_has_said_when_it_was_taken(desk: Desk) -> None:
    asked = desk.looks.look(desk.case, "cam-1", "li")
    assert desk.looks.picture(desk.case, asked.request_id) is None
    sha256 = desk.artifacts.keep(JPEG)
    desk.fleet.note_answer(asked.request_id, sha256, len(JPEG))
    early = desk.looks.asked(desk.case, asked.request_id)
    assert (early.is_here, early.state, early.captured_at) == (True, "open", None)
    now = desk.clock.now()
    answer = Answer(sha256=sha256, size_bytes=len(JPEG), media_type="image/jpeg", captured_at=now)
    reply = Reply(request_id=asked.request_id, node_id="node-1", at=now, outcome=Outcome.DONE, answer=answer)
    with desk.parts.database.write() as connection:
        fleet_requests.close(connection, asked.request_id, Outcome.DONE, reply, now)
    late = desk.looks.asked(desk.case, asked.request_id)
    assert (late.state, late.captured_at) == ("done", now)
    picture = desk.looks.picture(desk.case, asked.request_id)
    assert picture is not None
    assert picture.read_bytes() == JPEG


def test_a_camera_that_does_not_see_the_case_and_anothers_request_are_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="none of the case's cameras"):
        desk.looks.look(desk.case, "cam-9", "li")
    with pytest.raises(UnknownNode):
        desk.looks.asked(desk.case, uuid7(desk.clock.now() + timedelta(seconds=1)))
