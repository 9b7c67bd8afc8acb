"""What central asks of a node: believed if signed, answered once, in time, redacted, and not too often."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.clock import VirtualClock
from contract.errors import PermanentError, TransientError
from contract.ids import CameraId
from contract.keys import KeyPairs
from contract.requests import CalibrationPicture, FreshFrame, Original, Outcome, Reply, Request
from contract.signing import Purpose
from contract.taxonomy import Context
from edge.evidence.originals import Originals
from edge.evidence.pictures import Picture, decode_jpeg
from edge.evidence_settings import EvidenceSettings
from edge.requests.desk import MAX_PER_HOUR, RequestDesk
from edge.requests.photographer import Photographer
from edge.values import Detection
from tests.contract.builders import uuid_of
from tests.edge.fakes import T0, ScriptedDetector, frame, noise, saw
from tests.edge.waiting import until

CENTRAL = KeyPairs.generate()
CAM = CameraId("cam-1")
PICTURE = Picture("a" * 64, b"\xff\xd8jpeg", 64, 36, T0)
HASH = "ab" * 32


class FakePhotographer:
    def __init__(self) -> None:
        self.taken: list[tuple[str, str | None, bool]] = []
        self.error: Exception | None = None

    def take(self, camera_id: CameraId, preset: str | None, in_full: bool, timeout_s: float) -> Picture:
        self.taken.append((camera_id, preset, in_full))
        if self.error is not None:
            raise self.error
        return PICTURE


class FakeUpload:
    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.error: Exception | None = None

    def put(self, request_id: str, content: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.got.append(content)


class Rig:
    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(T0)
        self.photographer, self.upload = FakePhotographer(), FakeUpload()
        self.originals = Originals(folder)
        self.sent: list[bytes] = []
        self.stop = threading.Event()
        self.desk = RequestDesk(
            "node-1",
            CENTRAL.public("central", "central"),
            lambda: (CAM,),
            self.photographer,
            self.originals,
            self.upload,
            self.sent.append,
            self.clock,
            self.stop,
        )

    def answer(self, wire: bytes) -> Reply:
        reply = self.desk.answer(wire)
        assert reply is not None
        return reply


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def ask(what: Any = None, name: str = "r", keys: KeyPairs = CENTRAL, **more: Any) -> bytes:
    content = {
        "request_id": uuid_of(name),
        "node_id": "node-1",
        "ask": what or FreshFrame(camera_id=CAM),
        "by": "wang.li",
        "issued_at": T0,
        "expires_at": T0 + timedelta(minutes=10),
    }
    request = Request.model_validate(content | more)
    return keys.signing.wrap(request.to_wire(), Purpose.REQUEST).to_wire()


ORIGINAL = Original(sha256=HASH, case_id=uuid_of("case"), reason="appeal of the owner")


def test_a_fresh_frame_is_taken_uploaded_and_named(rig: Rig) -> None:
    reply = rig.answer(ask())
    assert reply.outcome is Outcome.DONE
    assert rig.upload.got == [PICTURE.jpeg]
    assert reply.answer is not None
    assert (reply.answer.media_type, reply.answer.captured_at, reply.answer.is_sealed) == ("image/jpeg", T0, False)
    assert reply.answer.redaction


def test_a_request_that_comes_twice_is_answered_the_same_and_done_once(rig: Rig) -> None:
    assert rig.answer(ask()) == rig.answer(ask())
    assert len(rig.upload.got) == 1


def test_a_calibration_picture_is_wanted_in_full_at_its_preset(rig: Rig) -> None:
    rig.answer(ask(CalibrationPicture(camera_id=CAM, preset="corner")))
    assert rig.photographer.taken == [("cam-1", "corner", True)]


def test_an_original_stays_sealed_on_its_way(rig: Rig) -> None:
    assert rig.answer(ask(ORIGINAL, "none")).outcome is Outcome.UNKNOWN
    rig.originals.seal(HASH, b"faces", CENTRAL.sealing.public)
    reply = rig.answer(ask(ORIGINAL))
    assert reply.outcome is Outcome.DONE
    assert reply.answer is not None
    assert reply.answer.is_sealed
    assert b"faces" not in rig.upload.got[0]
    assert CENTRAL.sealing.open(rig.upload.got[0], f"original:{HASH}") == b"faces"


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"{}",
        ask(keys=KeyPairs.generate()),
        ask(node_id="node-2"),
        ask(expires_at=T0 + timedelta(days=8)),
        CENTRAL.signing.wrap(b"{}", Purpose.REQUEST).to_wire(),
        CENTRAL.signing.wrap(b"{}", Purpose.BUNDLE).to_wire(),
    ],
)
def test_what_central_did_not_ask_of_this_node_gets_no_answer(rig: Rig, wire: bytes) -> None:
    assert rig.desk.answer(wire) is None
    assert rig.upload.got == []


def test_a_request_that_comes_too_late_is_not_done(rig: Rig) -> None:
    rig.clock.sleep(601)
    assert rig.answer(ask()).outcome is Outcome.EXPIRED
    assert rig.photographer.taken == []


def test_too_many_requests_are_put_off_until_the_hour_is_over(rig: Rig) -> None:
    for number in range(MAX_PER_HOUR):
        assert rig.answer(ask(name=f"r{number}")).outcome is Outcome.DONE
    assert rig.answer(ask(name="one more")).outcome is Outcome.LIMITED
    rig.clock.sleep(3600)
    later = ask(name="later", expires_at=T0 + timedelta(hours=2))
    assert rig.answer(later).outcome is Outcome.DONE


def test_a_camera_that_is_unknown_or_away_is_said(rig: Rig) -> None:
    assert "not one of this node" in rig.answer(ask(FreshFrame(camera_id="cam-9"), "a")).reason
    rig.photographer.error = TransientError("camera cam-1: no picture within 20 s")
    reply = rig.answer(ask(name="b"))
    assert (reply.outcome, reply.reason) == (Outcome.FAILED, "camera cam-1: no picture within 20 s")


def test_an_original_that_could_not_be_sent_is_tried_again(rig: Rig) -> None:
    rig.originals.seal(HASH, b"faces", CENTRAL.sealing.public)
    rig.upload.error = TransientError("central is away")
    assert rig.desk.answer(ask(ORIGINAL)) is None
    rig.upload.error = PermanentError("HTTP 409")
    assert rig.answer(ask(ORIGINAL, "refused")).outcome is Outcome.FAILED
    rig.upload.error = None
    assert rig.answer(ask(ORIGINAL)).outcome is Outcome.DONE


def test_the_desks_thread_answers_what_it_hears(rig: Rig) -> None:
    thread = threading.Thread(target=rig.desk.run)
    thread.start()
    try:
        rig.desk.hear(b"rubbish")
        rig.desk.hear(ask())
        until(lambda: len(rig.sent) == 1, "the reply")
    finally:
        rig.stop.set()
        thread.join()
    assert Reply.model_validate_json(rig.sent[0]).outcome is Outcome.DONE


class PersonDetector(ScriptedDetector):
    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        return (saw(Context.PERSON, (0.25, 0.0, 0.75, 1.0)),)


def take(photographer: Photographer, preset: str | None = None, timeout_s: float = 20.0) -> "Taking":
    return Taking(photographer, preset, timeout_s)


class Taking:
    """A wish on a thread of its own."""

    def __init__(self, photographer: Photographer, preset: str | None, timeout_s: float) -> None:
        self.picture: Picture | None = None
        self.error: Exception | None = None

        def run() -> None:
            try:
                self.picture = photographer.take(CAM, preset, True, timeout_s)
            except (TransientError, PermanentError) as error:
                self.error = error

        self.thread = threading.Thread(target=run)
        self.thread.start()


def test_a_wished_picture_is_the_cameras_next_and_people_are_pixelated() -> None:
    photographer = Photographer(PersonDetector(), lambda _image: (), EvidenceSettings())
    image = noise(width_px=640, height_px=360)
    photographer.note(frame(0, CAM, image), 0.0)
    taking = take(photographer)
    until(lambda: photographer._wish is not None, "the wish")
    photographer.note(frame(1, CameraId("cam-2"), image), 0.0)
    assert taking.picture is None
    photographer.note(frame(2, CAM, image), 0.0)
    taking.thread.join()
    assert taking.picture is not None
    assert taking.picture.captured_at == datetime.fromisoformat("2026-07-01T10:00:02+00:00")
    shown = decode_jpeg(taking.picture.jpeg)
    inside, outside = shown[:, 200:440].std(), shown[:, :100].std()
    assert inside < outside / 2, "the person is blurred out, the rest is not"


def test_a_camera_that_does_not_come_is_waited_for_in_vain() -> None:
    photographer = Photographer(PersonDetector(), lambda _image: (), EvidenceSettings())
    taking = take(photographer, preset="corner", timeout_s=0.05)
    taking.thread.join()
    assert "no picture at preset corner within" in str(taking.error)
    assert photographer._wish is None
