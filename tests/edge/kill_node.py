"""A node made to be killed: real capture loop, look loop, pipeline, outbox and uplink over a street that changes fast.

    python -m tests.edge.kill_node STATE_DIR MQTT_URL POINT NUMBER

It kills itself (SIGKILL) when it reaches POINT for the NUMBERth time; with POINT ``none`` its street is empty: it lives
until every incident has ended and all is sent. ``w EVENT_ID`` on standard output: `append` returned.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.clock import SystemClock
from contract.events import ClockState, Event
from contract.ids import CameraId, NodeId, uuid7
from contract.status import NodeState, NodeStatus
from contract.taxonomy import Seen
from edge.capture.loop import CaptureLoop
from edge.capture.slot import FrameSlots
from edge.events import BuildEvent, RandomIds, Sender
from edge.evidence.assemble import Signer, open_evidence
from edge.evidence_settings import EvidenceSettings
from edge.faults import Faults, Point, no_fault
from edge.keys import node_keys
from edge.look_loop import LookLoop
from edge.outbox.sqlite import Outbox
from edge.pipeline import Pipeline, View
from edge.rules.policy import Policies
from edge.schedule import LookSchedule
from edge.uplink.mqtt import Uplink
from edge.uplink_settings import UplinkSettings
from edge.values import Detection, Frame
from tests.edge.fakes import MANIFEST, ScriptedDetector, blank, policy, saw

CAMERAS = (CameraId("cam-1"), CameraId("cam-2"))
PERIOD_S = 0.01
"""Between frames of a camera. The policy is as hasty: a stall opens, is updated and closes within half a second."""
CYCLE = 40
PRESENT = 25
HASTY = policy(look_every_s=0.02, present_after_s=0.04, gone_after_s=0.08, update_every_s=0.06)
POLICIES = Policies(presence={Seen.STALL: HASTY})


class FastStreet:
    """A stall stands there in 25 of every 40 frames; never, if `is_empty`."""

    def __init__(self, camera_id: CameraId, is_empty: bool) -> None:
        self._camera_id = camera_id
        self._is_empty = is_empty

    @property
    def camera_id(self) -> CameraId:
        return self._camera_id

    @property
    def name(self) -> str:
        return f"fast {self._camera_id}"

    def frames(self) -> Iterator[Frame]:
        clock = SystemClock()
        index = 0
        while True:
            image = blank()
            image[0, 0, 0] = PRESENT if self._is_empty else index % CYCLE
            yield Frame(self._camera_id, image, clock.now(), index)
            index += 1
            clock.sleep(PERIOD_S)


class CycleDetector(ScriptedDetector):
    """Sees the stall in the first part of each cycle."""

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        return (saw(Seen.STALL),) if frame[0, 0, 0] < PRESENT else ()


class SayingBook:
    """An outbox that says what it has written."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def append(self, build: BuildEvent) -> Event:
        event = self._outbox.append(build)
        os.write(1, f"w {event.id}\n".encode())
        return event


def killer(point: str, number: int) -> Faults:
    if point == "none":
        return no_fault
    left = [number]

    def reach(reached: Point) -> None:
        if reached == point:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reach


def main(folder: Path, url: str, point: str, number: int) -> None:
    clock, stop = SystemClock(), threading.Event()
    faults = killer(point, number)
    outbox = Outbox(folder / "outbox.sqlite3", "node-1", clock, faults=faults)
    sender = Sender(NodeId("node-1"), uuid7(clock.now()), MANIFEST_REF, "test", ClockState.SYNCHRONISED)

    def status(state: NodeState) -> NodeStatus:
        return NodeStatus(
            node_id="node-1",
            boot_id=sender.boot_id,
            state=state,
            at=clock.now(),
            software="test",
            config_version="test",
            clock_state=ClockState.SYNCHRONISED,
            outbox_depth=outbox.depth(),
        )

    settings = UplinkSettings(mqtt_url=url, resend_after_s=2.0)
    uplink = Uplink(outbox, settings, NodeId("node-1"), status, clock, stop, faults=faults)
    sending = threading.Thread(target=uplink.run, daemon=True)
    sending.start()
    slots = FrameSlots()
    schedule = LookSchedule(dict.fromkeys(CAMERAS, PERIOD_S), clock.monotonic())
    signer = Signer("node-1", node_keys(folder).own)
    evidence = open_evidence(folder / "evidence", EvidenceSettings(), signer, clock, lambda _image: ())
    views = [View(camera_id, PERIOD_S) for camera_id in CAMERAS]
    pipeline = Pipeline(
        CycleDetector(),
        POLICIES,
        views,
        EvidenceSettings(),
        evidence.locker,
        SayingBook(outbox),
        sender,
        RandomIds(),
        stories=outbox,
    )
    for camera_id in CAMERAS:
        loop = CaptureLoop(FastStreet(camera_id, point == "none"), slots.put, clock, stop, repeats=True)
        threading.Thread(target=loop.run, daemon=True).start()
    looking = threading.Thread(target=LookLoop(slots, schedule, pipeline, clock, stop).run, daemon=True)
    looking.start()
    while point != "none" or outbox.unfinished() or outbox.depth():
        stop.wait(0.02)
    stop.set()
    uplink.wake()
    for thread in (looking, sending):
        thread.join(10)


MANIFEST_REF = MANIFEST.ref(ScriptedDetector().engine)

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
