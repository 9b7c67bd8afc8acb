"""The fleet's desk and watch: versions rise, a broker that forgot is told again, drift and history are seen."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central.services.fleet import FleetDesk, Order, UnknownNode, content_of
from central.services.fleet_views import Drift
from central.store import fleet, fleet_history, nodes
from contract.bundle import parse_bundle, secret_context
from contract.errors import UsageError
from contract.events import ClockState
from contract.ids import NodeId
from contract.keys import KeyPairs, enrolment
from contract.reported import BundleMark, BundleState, Reason, Reported, Rollout, RolloutPhase
from contract.requests import FreshFrame, Original, Outcome, Reply, Request
from contract.signing import Purpose, open_signed
from contract.status import CameraState, CameraStatus, NodeState, NodeStatus
from tests.central.asgi import AsgiClient
from tests.central.builders import T0
from tests.central.fleet_parts import TOPICS, FleetParts, order, reported
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN, Parts
from tests.contract.builders import uuid_of

NODE = NodeId("node-1")
DESIRED = TOPICS.desired(NODE)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[FleetParts]:
    made = FleetParts(tmp_path)
    yield made
    made.database.close()


def mark(parts: FleetParts, version: int) -> BundleMark:
    stored = next(entry for entry in parts.desk.bundles("node-1") if entry.version == version)
    return BundleMark(version=version, sha256=stored.sha256)


def status(*cameras: CameraStatus, state: NodeState = NodeState.ONLINE) -> bytes:
    return NodeStatus(
        node_id="node-1",
        boot_id=uuid_of("boot"),
        state=state,
        at=T0,
        software="s",
        config_version="c",
        clock_state=ClockState.UNKNOWN,
        cameras=cameras,
    ).to_wire()


def test_versions_rise_and_are_signed_and_published_retained(parts: FleetParts) -> None:
    parts.desk.set_bundle("node-1", order("cam-1"))
    parts.desk.set_bundle("node-1", order("cam-1", "cam-2"))
    parts.settle()
    payload = open_signed(parts.link.retained[DESIRED], Purpose.BUNDLE, [parts.keys.signing.public])
    bundle = parse_bundle(payload, "b")
    assert (bundle.version, [camera.camera_id for camera in bundle.cameras]) == (2, ["cam-1", "cam-2"])
    assert [(entry.version, entry.made_by, entry.why) for entry in parts.desk.bundles("node-1")] == [
        (2, "wang.li", "a test"),
        (1, "wang.li", "a test"),
    ]


def test_what_the_broker_holds_is_not_published_again(parts: FleetParts) -> None:
    parts.desk.set_bundle("node-1", order("cam-1"))
    parts.settle()
    parts.settle()
    parts.reconnect()
    assert parts.watch.republished == 1


def test_a_broker_that_forgot_is_told_again(parts: FleetParts) -> None:
    parts.desk.set_bundle("node-1", order("cam-1"))
    parts.settle()
    parts.link.forget()
    parts.reconnect()
    assert DESIRED in parts.link.retained
    parts.link.say(DESIRED, b"")  # somebody cleared the topic
    parts.settle()
    assert parts.watch.republished == 3
    parts.link.say(DESIRED, b"something else")
    parts.settle()
    assert open_signed(parts.link.retained[DESIRED], Purpose.BUNDLE, [parts.keys.signing.public])


def test_nothing_is_published_before_the_broker_had_time_to_speak(parts: FleetParts) -> None:
    parts.desk.set_bundle("node-1", order("cam-1"))
    parts.watch.step()
    assert parts.link.sent == []


@pytest.mark.parametrize(
    ("state", "in_force", "offered", "later_s", "drift"),
    [
        (BundleState.APPLIED, 2, 2, 0, Drift.IN_STEP),
        (BundleState.REJECTED, 1, 2, 0, Drift.REJECTED),
        (BundleState.ROLLED_BACK, 1, 2, 0, Drift.ROLLED_BACK),
        (BundleState.REJECTED, None, 1, 0, Drift.WAITING),
        (BundleState.APPLIED, 1, 1, 0, Drift.WAITING),
        (BundleState.APPLIED, 1, 1, 61, Drift.DRIFTED),
        (BundleState.NONE, None, None, 61, Drift.DRIFTED),
    ],
)
def test_what_a_node_reports_is_compared_with_what_it_shall_run(
    parts: FleetParts, state: BundleState, in_force: int | None, offered: int | None, later_s: int, drift: Drift
) -> None:
    parts.desk.set_bundle("node-1", order("cam-1"))
    parts.desk.set_bundle("node-1", order("cam-2"))
    marks = [None if version is None else mark(parts, version) for version in (in_force, offered)]
    parts.link.say(TOPICS.reported(NODE), reported("node-1", state, *marks))
    parts.link.say(TOPICS.status(NODE), status())
    parts.watch.step()
    with parts.database.write() as connection:
        nodes.remember(connection, NodeStatus.model_validate_json(status()), T0)
    parts.clock.sleep(later_s)
    view = parts.desk.node("node-1")
    assert view.drift is drift
    assert (view.wanted_version, view.runs_version) == (2, in_force)


def test_reasons_of_a_rejection_are_shown(parts: FleetParts) -> None:
    parts.desk.set_bundle("node-1", order("cam-1"))
    word = Reported.model_validate_json(reported("node-1", BundleState.REJECTED, None, mark(parts, 1)))
    reason = Reason(message="unknown key", where="cameras[0].decod", camera_id="cam-1")
    parts.link.say(TOPICS.reported(NODE), word.model_copy(update={"reasons": (reason,)}).to_wire())
    parts.watch.step()
    assert parts.desk.node("node-1").reasons == ("cameras[0].decod: unknown key",)
    assert parts.changes == 1


def test_a_camera_belongs_to_one_node(parts: FleetParts) -> None:
    parts.desk.set_bundle("node-1", order("cam-1", "cam-2"))
    with pytest.raises(UsageError, match=r"cameras\.0: cam-2 belongs to node node-1"):
        parts.desk.set_bundle("node-2", order("cam-2"))
    parts.desk.set_bundle("node-1", order("cam-1"))
    parts.desk.set_bundle("node-2", order("cam-2"))
    with parts.database.read() as connection:
        assert fleet.node_of_camera(connection, "cam-2") == "node-2"
        assert fleet.node_of_camera(connection, "cam-9") is None
        assert fleet.nodes_of_cameras(connection) == {"cam-1": "node-1", "cam-2": "node-2"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"cameras": []}, "cameras"),
        ({"cameras": [{"camera_id": "c", "source": "rtsp://u:p@h/"}]}, "secret:"),
        ({"cameras": [{"camera_id": "c", "source": "x", "colour": 1}]}, r"cameras\.0\.colour: Extra"),
        ({}, "cameras: Field required"),
    ],
)
def test_a_wrong_bundle_changes_nothing_and_says_where(
    parts: FleetParts, content: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        parts.desk.set_bundle("node-1", Order(content, "w", "why", {}))
    with pytest.raises(UnknownNode):
        parts.desk.bundles("node-1")


def test_secrets_are_sealed_to_the_enrolled_node_and_kept_nowhere_in_the_clear(parts: FleetParts) -> None:
    secret = Order(order("cam-1").content, "w", "why", {"cam-1": "admin:hunter2"})
    with pytest.raises(UnknownNode, match="enrolment of node node-1"):
        parts.desk.set_bundle("node-1", secret)
    node = KeyPairs.generate()
    parts.desk.enrol(node.public("node", "node-1"), renew=False)
    stored = parts.desk.set_bundle("node-1", secret)
    assert b"hunter2" not in stored.payload + stored.wire
    sealed = base64.b64decode(parse_bundle(stored.payload, "b").sealed_secrets["cam-1"])
    assert node.sealing.open(sealed, secret_context("cam-1")) == b"admin:hunter2"
    again = parts.desk.set_bundle("node-1", Order(content_of(stored), "w", "back", {}))
    assert parse_bundle(again.payload, "b").sealed_secrets.keys() == {"cam-1"}


def test_a_node_is_enrolled_once_unless_it_was_renewed(parts: FleetParts) -> None:
    first, second = (KeyPairs.generate().public("node", "node-1") for _ in range(2))
    parts.desk.enrol(first, renew=False)
    parts.desk.enrol(first, renew=False)
    with pytest.raises(UsageError, match="--renew"):
        parts.desk.enrol(second, renew=False)
    parts.desk.enrol(second, renew=True)
    assert parts.desk.node("node-1").fingerprint == second.fingerprint


def test_a_difference_is_a_line_per_place(parts: FleetParts) -> None:
    parts.desk.set_bundle("node-1", order("cam-1"))
    parts.desk.set_bundle("node-1", order("cam-1", "cam-2", evidence={"jpeg_quality": 70}))
    assert parts.desk.diff("node-1", None, None) == [
        'cameras.cam-2.camera_id: — → "cam-2"',
        'cameras.cam-2.source: — → "rtsp://192.0.2.1/cam-2"',
        "evidence.jpeg_quality: — → 70",
    ]
    with pytest.raises(UnknownNode, match="version 7"):
        parts.desk.diff("node-1", 7, None)


def test_history_has_a_row_per_change_and_none_per_status(parts: FleetParts) -> None:
    live = CameraStatus(camera_id="cam-1", state=CameraState.LIVE)
    gone = CameraStatus(camera_id="cam-1", state=CameraState.FAILED, reason="no route")
    for word in (status(live), status(live), status(gone), status(gone), status(gone, state=NodeState.OFFLINE)):
        parts.link.say(TOPICS.status(NODE), word)
        parts.watch.step()
    assert [(row.camera_id, row.state, row.detail) for row in parts.desk.history("node-1", "cam-1", 10)] == [
        ("cam-1", "failed", "no route"),
        ("cam-1", "live", ""),
    ]
    assert [row.state for row in parts.desk.history("node-1", "", 10)] == ["offline", "online"]


def test_history_is_bounded_per_camera(parts: FleetParts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_history, "KEPT_PER_SUBJECT", 3)
    with parts.database.write() as connection:
        for number in range(7):
            fleet_history.add(connection, fleet_history.Standing(T0, "node-1", "cam-1", f"s{number}"))
            fleet_history.add(connection, fleet_history.Standing(T0, "node-1", "", "online"))
    assert [row.state for row in parts.desk.history("node-1", "cam-1", 10)] == ["s6", "s5", "s4"]


def test_a_node_speaks_for_itself_only(parts: FleetParts) -> None:
    parts.link.say(TOPICS.reported(NODE), reported("node-2", BundleState.APPLIED, None, None))
    parts.link.say(TOPICS.reported(NODE), b"\xff")
    parts.link.say(TOPICS.reported(NODE), b"")
    parts.watch.step()
    assert parts.desk.nodes() == []


def requests_sent(parts: FleetParts) -> list[Request]:
    wires = [payload for topic, payload in parts.link.sent if topic == TOPICS.request(NODE)]
    return [
        Request.model_validate_json(open_signed(wire, Purpose.REQUEST, [parts.keys.signing.public])) for wire in wires
    ]


def test_a_request_is_repeated_until_answered(parts: FleetParts) -> None:
    asked = parts.desk.ask("node-1", FreshFrame(camera_id="cam-1"), "wang.li", timedelta(minutes=5))
    parts.settle()
    parts.watch.step()
    parts.clock.sleep(20)
    parts.watch.step()
    assert requests_sent(parts) == [asked, asked]
    reply = Reply(request_id=asked.request_id, node_id="node-1", at=T0, outcome=Outcome.UNKNOWN, reason="no cam-1")
    for _ in range(2):
        parts.link.say(TOPICS.reply(NODE), reply.to_wire())
        parts.watch.step()
    parts.clock.sleep(20)
    parts.watch.step()
    assert len(requests_sent(parts)) == 2
    stored = parts.desk.request(asked.request_id)
    assert (stored.state, stored.reply) == ("unknown", reply)


def test_a_request_that_nobody_answers_expires_and_another_nodes_reply_counts_for_nothing(parts: FleetParts) -> None:
    asked = parts.desk.ask("node-1", FreshFrame(camera_id="cam-1"), "wang.li", timedelta(minutes=5))
    reply = Reply(request_id=asked.request_id, node_id="node-2", at=T0, outcome=Outcome.DONE)
    parts.link.say(TOPICS.reply(NodeId("node-2")), reply.to_wire())
    parts.settle()
    assert parts.desk.request(asked.request_id).state == "open"
    parts.clock.sleep(301)
    parts.watch.step()
    assert parts.desk.request(asked.request_id).state == "expired"


def test_an_answer_is_taken_for_an_open_request_only(parts: FleetParts) -> None:
    asked = parts.desk.ask(
        "node-1", Original(sha256="a" * 64, case_id=uuid_of("case"), reason="appeal"), "w", timedelta(minutes=5)
    )
    node, operator = AsgiClient(parts.http, NODE_TOKEN), AsgiClient(parts.http, OPERATOR_TOKEN)
    path = f"/api/v1/fleet/requests/{asked.request_id}/answer"
    assert operator.get(path).status_code == 404
    assert node.send("PUT", path, content=b"sealed bytes").status_code == 201
    assert operator.get(path).content == b"sealed bytes"
    assert node.get(path).status_code == 401
    reply = Reply(request_id=asked.request_id, node_id="node-1", at=T0, outcome=Outcome.DONE)
    parts.link.say(TOPICS.reply(NODE), reply.to_wire())
    parts.watch.step()
    assert node.send("PUT", path, content=b"other").status_code == 409
    unknown = path.replace(asked.request_id, uuid_of("x"))
    assert node.send("PUT", unknown, content=b"x").status_code == 404


def test_a_models_file_is_served_in_parts_to_nodes(parts: FleetParts, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(bytes(range(256)) * 40)
    sha256 = parts.artifacts.add(tmp_path / "weights.bin")
    node = AsgiClient(parts.http, NODE_TOKEN)
    for kind in ("models", "software"):
        whole = node.get(f"/api/v1/{kind}/{sha256}")
        assert (whole.status_code, len(whole.content)) == (200, 10240)
        rest = node.get(f"/api/v1/{kind}/{sha256}", headers={"Range": "bytes=10000-"})
        assert (rest.status_code, rest.content) == (206, whole.content[10000:])
    assert AsgiClient(parts.http).get(f"/api/v1/models/{sha256}").status_code == 401
    assert node.get("/api/v1/models/" + "0" * 64).status_code == 404


def test_the_register_over_http(parts: FleetParts) -> None:
    operator = AsgiClient(parts.http, OPERATOR_TOKEN)
    enrolled = operator.send("POST", "/api/v1/fleet/nodes", content=enrolment(KeyPairs.generate(), "node-1").to_wire())
    assert (enrolled.status_code, enrolled.json()["drift"]) == (201, "unmanaged")
    body = {"content": dict(order("cam-1").content), "why": "first camera"}
    assert operator.send("POST", "/api/v1/fleet/nodes/node-1/bundles", json=body).json()["version"] == 1
    wrong = operator.send("POST", "/api/v1/fleet/nodes/node-1/bundles", json=body | {"content": {"cameras": []}})
    assert (wrong.status_code, "cameras" in wrong.json()["detail"]) == (422, True)
    assert [node["drift"] for node in operator.get("/api/v1/fleet/nodes").json()] == ["waiting"]
    assert operator.get("/api/v1/fleet/nodes/node-9").status_code == 404
    asked = operator.send(
        "POST",
        "/api/v1/fleet/nodes/node-1/requests",
        json={"ask": {"kind": "fresh_frame", "camera_id": "cam-1"}, "expires_in_s": 60},
    )
    assert (asked.status_code, asked.json()["state"]) == (201, "open")
    assert operator.get("/api/v1/fleet/nodes/node-1/history").json() == []
    keys = AsgiClient(parts.http).get("/api/v1/fleet/keys").json()
    assert keys["party"] == "central"


def test_a_model_that_did_not_do_is_no_node_in_step(parts: FleetParts) -> None:
    parts.desk.set_bundle("node-1", order("cam-1"))
    word = Reported.model_validate_json(reported("node-1", BundleState.APPLIED, mark(parts, 1), mark(parts, 1)))
    failed = Rollout(
        name="street", version="3", sha256="0" * 64, phase=RolloutPhase.FAILED, reason="90 ms a look, 50 allowed"
    )
    parts.link.say(TOPICS.reported(NODE), word.model_copy(update={"model": failed}).to_wire())
    parts.watch.step()
    view = parts.desk.node("node-1")
    assert view.drift is Drift.ROLLED_BACK
    assert view.reasons == ("street 3: 90 ms a look, 50 allowed",)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_drift_stands_on_the_console(tmp_path: Path, language: str) -> None:
    parts = Parts(tmp_path)
    desk = FleetDesk(parts.database, KeyPairs.generate, parts.clock)
    stored = desk.set_bundle("node-1", order("cam-1"))
    offered = BundleMark(version=1, sha256=stored.sha256)
    word = Reported.model_validate_json(reported("node-1", BundleState.REJECTED, None, offered))
    reason = Reason(message="unknown <key>", where="cameras[0].decod")
    with parts.database.write() as connection:
        nodes.remember(connection, NodeStatus.model_validate_json(status()), T0)
        fleet.remember_reported(connection, word.model_copy(update={"reasons": (reason,)}), T0)
    page = AsgiClient(parts.http, OPERATOR_TOKEN).get(f"/?lang={language}").text
    assert "cameras[0].decod: unknown &lt;key&gt;" in page
    assert {"zh": "拒绝了新配置", "en": "refused its new configuration"}[language] in page
    parts.close()
