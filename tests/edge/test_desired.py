"""The desired bundle on the node: believed only if signed and newer, applied without touching what stays."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.bundle import secret_context
from contract.errors import PermanentError
from contract.events import IncidentState
from contract.ids import CameraId
from contract.keys import KeyPairs
from contract.reported import BundleState
from contract.signing import MAX_PAYLOAD_BYTES, Purpose
from edge.desired.last_good import LastGood
from edge.desired.secrets_at_hand import SealedSecrets, take_file
from tests.edge.desired_parts import CENTRAL, NODE, POLICIES_CONTENT, DesiredNode, bundle, camera, wire
from tests.edge.fakes import frame

STATES = BundleState
SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]


def state(node: DesiredNode) -> tuple[BundleState, int | None, int | None]:
    word = node.keeper.reported()
    runs, offered = (None if mark is None else mark.version for mark in (word.in_force, word.offered))
    return word.state, runs, offered


def reasons(node: DesiredNode) -> str:
    return "\n".join(f"{reason.where}: {reason.message}" for reason in node.keeper.reported().reasons)


def test_a_node_without_bundles_runs_its_own_file(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    assert state(node) == (STATES.NONE, None, None)
    assert node.keeper.reported().cameras == ("own-1",)


def test_a_bundle_is_applied_and_reported_and_survives_a_restart(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    assert node.offer(bundle(1, camera("cam-1"), camera("cam-2")))
    assert state(node) == (STATES.APPLIED, 1, 1)
    assert node.cameras() == ["cam-1", "cam-2"]
    assert node.versions == [node.keeper.reported().config_version]
    again = DesiredNode(tmp_path)
    assert again.cameras() == ["cam-1", "cam-2"]
    assert state(again) == (STATES.APPLIED, 1, 1)
    assert not again.offer(bundle(1, camera("cam-1"), camera("cam-2")))
    assert again.keeper.reported().config_version == node.keeper.reported().config_version


def test_tracks_of_untouched_and_merely_rezoned_cameras_go_on(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(1, camera("cam-1"), camera("cam-2"), camera("cam-3")))
    node.watch(8, "cam-1", "cam-2", "cam-3")  # two seconds short of presence
    node.opened.clear()
    zone = {"name": "kerb", "polygon": SQUARE}
    node.offer(bundle(2, camera("cam-1"), camera("cam-2", zones=[zone]), camera("cam-3", look_every_s=0.5)))
    assert node.opened == ["cam-3"]
    found = node.watch(4, "cam-1", "cam-2", "cam-3")
    opened = {event.data.camera_id: event.data for event in found if event.data.state is IncidentState.OPENED}
    assert opened.keys() == {"cam-1", "cam-2"}, "the third began anew"
    assert opened["cam-2"].zones == ("kerb",)


def test_what_was_given_up_is_not_applied_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look thread is busy for too long: central is told so, and the next bundle finds what was there before."""
    monkeypatch.setattr("edge.desired.live.APPLY_TIMEOUT_S", 0.01)
    node, waiting = DesiredNode(tmp_path), list[Callable[[], None]]()
    at_once, node.live._between_looks = node.live._between_looks, waiting.append
    node.offer(bundle(1, camera("cam-1")))
    assert "did not come to it" in reasons(node)
    for change in waiting:
        change()
    assert node.cameras() == ["own-1"]
    node.live._between_looks = at_once
    node.offer(bundle(2, camera("cam-2")))
    assert node.cameras() == ["cam-2"]


def test_cameras_come_and_go(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(1, camera("cam-1"), camera("cam-2")))
    node.offer(bundle(2, camera("cam-2"), camera("cam-9")))
    assert node.cameras() == ["cam-2", "cam-9"]
    assert node.keeper.reported().cameras == ("cam-2", "cam-9")
    node.slots.put(frame(0, CameraId("cam-1")))
    node.slots.close()
    assert node.loop.step() is False, "a late frame of a camera that left is nobody's"


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_bundle_is_refused_however_well_signed(tmp_path: Path, version: int) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(2, camera("cam-1")))
    assert node.offer(bundle(version, camera("cam-7")))
    assert state(node) == (STATES.REJECTED, 2, version)
    assert "not newer" in reasons(node)
    assert node.cameras() == ["cam-1"]
    assert DesiredNode(tmp_path).cameras() == ["cam-1"]


def test_central_may_go_back_if_it_says_so(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(9, camera("cam-9")))
    node.offer(bundle(3, camera("cam-3"), goes_back_from=8))
    assert state(node)[0] is STATES.REJECTED, "leave to replace 8 is none to replace 9"
    node.offer(bundle(4, camera("cam-4"), goes_back_from=9))
    assert state(node) == (STATES.APPLIED, 4, 4)


def test_a_bundle_that_central_did_not_sign_is_refused(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(1))
    good = json.loads(wire(bundle(2)))
    payload = base64.b64decode(good["payload"]).replace(b"cam-1", b"cam-6")
    tampered = json.dumps(good | {"payload": base64.b64encode(payload).decode()}).encode()
    as_request = CENTRAL.signing.wrap(bundle(2).to_wire(), Purpose.REQUEST).to_wire()
    huge = b"{" + b" " * (MAX_PAYLOAD_BYTES * 2)
    stranger = wire(bundle(2), KeyPairs.generate())
    for content, words in (
        (tampered, "does not fit"),
        (as_request, "signed as request"),
        (huge, "larger than any"),
        (stranger, "not pinned"),
        (b"rubbish", "no signed message"),
    ):
        assert node.keeper.offer(content)
        assert state(node)[:2] == (STATES.REJECTED, 1)
        assert words in reasons(node)
    assert not node.keeper.offer(b"rubbish"), "said once"
    assert node.cameras() == ["cam-1"]


def test_another_nodes_bundle_is_refused(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(1, node_id="node-2"))
    assert state(node) == (STATES.REJECTED, None, None)
    assert "for node node-2" in reasons(node)


@pytest.mark.parametrize(
    ("cameras", "more", "words"),
    [
        ([camera("cam-1", options={"decod": "all"})], {}, "cameras[0].decod: unknown key"),
        ([camera("cam-1", options={"decode": "sometimes"})], {}, "cameras[0].decode: "),
        ([camera("cam-1", options={"source": "x"})], {}, "has a place of its own"),
        ([camera("cam-1"), camera("cam-2", source="broken.mp4")], {}, "no such clip; check `source`"),
        ([camera("cam-1")], {"policies": {"presence": {"stall": {}}}}, "presence.stall.share: is missing"),
        ([camera("cam-1")], {"policies": {"presence": {"ufo": {}}}}, "presence.ufo"),
        ([camera("cam-1")], {"evidence": {"jpeg_quality": 4}}, "evidence.jpeg_quality"),
        ([camera("cam-1")], {"sealed_secrets": {"cam-1": "AAAA"}}, "sealed_secrets.cam-1"),
    ],
)
def test_a_bad_configuration_is_refused_with_its_place_and_the_last_good_runs_on(
    tmp_path: Path, cameras: list[dict[str, Any]], more: dict[str, Any], words: str
) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(1, camera("cam-8")))
    node.watch(8, "cam-8")
    assert node.offer(bundle(2, *cameras, **more))
    assert state(node) == (STATES.REJECTED, 1, 2)
    assert words in reasons(node)
    assert node.cameras() == ["cam-8"]
    assert [event.data.state for event in node.watch(3, "cam-8")] == [IncidentState.OPENED], "nothing was disturbed"
    node.offer(bundle(3, camera("cam-1")))
    assert state(node) == (STATES.APPLIED, 3, 3)


def test_a_disk_that_refuses_the_bundle_rolls_the_cameras_back(tmp_path: Path) -> None:
    class FullDisk(LastGood):
        is_full = False

        def keep(self, wire: bytes) -> None:
            if self.is_full:
                raise PermanentError("desired/last-good.json: can't be written (No space left on device)")
            super().keep(wire)

    disk = FullDisk(tmp_path)
    node = DesiredNode(tmp_path, last_good=disk)
    node.offer(bundle(1, camera("cam-1")))
    disk.is_full = True
    node.offer(bundle(2, camera("cam-2")))
    assert state(node) == (STATES.ROLLED_BACK, 1, 2)
    assert node.cameras() == ["cam-1"]
    assert DesiredNode(tmp_path).cameras() == ["cam-1"]


def test_a_bundle_that_ends_the_node_twice_is_not_tried_a_third_time(tmp_path: Path) -> None:
    class Killed(BaseException):
        """Stands for SIGKILL: nothing after it runs in this process."""

    class NoEnd(LastGood):
        def end(self) -> None:
            """A killed process notes nothing."""

    def die() -> None:
        raise Killed

    DesiredNode(tmp_path).offer(bundle(1, camera("cam-1")))
    for _ in range(2):
        node = DesiredNode(tmp_path, last_good=NoEnd(tmp_path))
        node.before_change = die
        with pytest.raises(Killed):
            node.offer(bundle(2, camera("cam-2")))
    node = DesiredNode(tmp_path)
    assert node.cameras() == ["cam-1"]
    node.offer(bundle(2, camera("cam-2")))
    assert state(node) == (STATES.REJECTED, 1, 2)
    assert "ended 2 times" in reasons(node)
    node.offer(bundle(3, camera("cam-3")))
    assert state(node) == (STATES.APPLIED, 3, 3)


def test_a_changed_policy_begins_every_camera_anew(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(1))
    node.watch(8, "cam-1")
    presence = POLICIES_CONTENT["presence"]
    slower = {"presence": presence | {"stall": presence["stall"] | {"present_after_s": 20}}}
    node.offer(bundle(2, policies=slower))
    assert node.watch(5, "cam-1") == []
    assert node.opened == ["cam-1"], "opened for the first bundle, not again for the second"


def test_a_damaged_last_good_falls_back_to_the_nodes_own_file(tmp_path: Path) -> None:
    DesiredNode(tmp_path).offer(bundle(1))
    path = tmp_path / "desired" / "last-good.json"
    path.write_bytes(path.read_bytes()[:-20])
    node = DesiredNode(tmp_path)
    assert node.cameras() == ["own-1"]
    assert state(node)[0] is STATES.REJECTED
    node.offer(bundle(1))
    assert state(node) == (STATES.APPLIED, 1, 1)


def test_a_sealed_secret_is_at_hand_and_a_new_value_opens_the_camera_anew(tmp_path: Path) -> None:
    def sealed(value: str) -> dict[str, str]:
        return {"cam-1": base64.b64encode(NODE.sealing.public.seal(value.encode(), secret_context("cam-1"))).decode()}

    node = DesiredNode(tmp_path)
    cameras = camera("cam-1", secret="cam-1"), camera("cam-2")
    node.offer(bundle(1, *cameras, sealed_secrets=sealed("u:old")))
    assert node.environment == {"XUNJIE_SECRET_CAM_1": "u:old"}
    node.opened.clear()
    node.offer(bundle(2, *cameras, sealed_secrets=sealed("u:new")))
    assert node.environment == {"XUNJIE_SECRET_CAM_1": "u:new"}
    assert node.opened == ["cam-1"]
    assert DesiredNode(tmp_path).environment == {"XUNJIE_SECRET_CAM_1": "u:new"}
    node.offer(bundle(3, *cameras, camera("cam-3", source="broken.mp4"), sealed_secrets=sealed("u:never")))
    assert node.environment == {"XUNJIE_SECRET_CAM_1": "u:new"}
    node.offer(bundle(4, camera("cam-2")))
    assert node.environment == {}
    for path in (tmp_path / "desired").iterdir():
        assert b"u:new" not in path.read_bytes()


def test_secrets_lie_in_a_file_of_the_nodes_own_too(tmp_path: Path) -> None:
    path, environment = tmp_path / "secrets.yaml", {"XUNJIE_SECRET_CAM_2": "from outside"}
    take_file(tmp_path, environment)
    path.write_text("cam-1: 'u:p'\ncam-2: 'u:q'\n")
    path.chmod(0o644)
    with pytest.raises(Exception, match="chmod 600"):
        take_file(tmp_path, environment)
    path.chmod(0o600)
    take_file(tmp_path, environment)
    assert environment == {"XUNJIE_SECRET_CAM_1": "u:p", "XUNJIE_SECRET_CAM_2": "from outside"}
    sealed = SealedSecrets(environment)
    assert sealed.lay({"cam-1": "sealed"}) == {"XUNJIE_SECRET_CAM_1"}
    assert sealed.lay({}) == {"XUNJIE_SECRET_CAM_1"}
    assert environment["XUNJIE_SECRET_CAM_1"] == "u:p"


def test_what_is_read_at_start_only_is_said_to_be_still_to_come(tmp_path: Path) -> None:
    node = DesiredNode(tmp_path)
    node.offer(bundle(1))
    assert reasons(node) == ""
    node.offer(bundle(2, evidence={"jpeg_quality": 60}))
    assert state(node) == (STATES.APPLIED, 2, 2)
    assert reasons(node) == "evidence: takes effect at the node's next start"
    assert DesiredNode(tmp_path).keeper.reported().reasons == ()
