"""A node without network, pictures or threads, that bundles are applied to; the test moves its clock."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from contract.bundle import Bundle
from contract.clock import Clock, VirtualClock
from contract.errors import UsageError
from contract.events import Event
from contract.ids import CameraId
from contract.keys import KeyPairs, PublicKeys
from contract.signing import Purpose
from contract.taxonomy import Seen
from edge.camera_settings import CameraSettings
from edge.capture.port import Camera
from edge.capture.slot import FrameSlots
from edge.desired.keeper import Keeper, Parts, Rollouts
from edge.desired.last_good import LastGood
from edge.desired.live import LiveNode
from edge.events import RandomIds
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.evidence_settings import EvidenceSettings
from edge.eyes import Eyes
from edge.keys import NodeKeys
from edge.look_loop import LookLoop
from edge.pipeline import Pipeline
from edge.schedule import LookSchedule
from edge.settings import NodeSettings
from edge.values import Detection
from tests.edge.fakes import POLICIES, SENDER, T0, FakeBook, ScriptedCamera, ScriptedDetector, frame, saw

CENTRAL = KeyPairs.generate()
NODE = KeyPairs.generate()
POLICIES_CONTENT = POLICIES.model_dump(mode="json")


class StallDetector(ScriptedDetector):
    """Sees a stall in every frame."""

    def detect(self, frame: Any) -> tuple[Detection, ...]:
        return (saw(Seen.STALL),)


def camera(camera_id: str, **more: Any) -> dict[str, Any]:
    return {"camera_id": camera_id, "source": f"rtsp://192.0.2.1/{camera_id}", "look_every_s": 1.0} | more


def bundle(version: int, *cameras: dict[str, Any], **more: Any) -> Bundle:
    content = {
        "node_id": "node-1",
        "version": version,
        "made_at": T0,
        "cameras": cameras or (camera("cam-1"),),
        "policies": POLICIES_CONTENT,
    }
    return Bundle.model_validate(content | more)


def wire(bundle: Bundle, keys: KeyPairs = CENTRAL) -> bytes:
    return keys.signing.wrap(bundle.to_wire(), Purpose.BUNDLE).to_wire()


class DesiredNode:
    """Keeper, cameras, pipeline and look loop over a state folder; built from the last good bundle, as a node is."""

    def __init__(
        self,
        state_dir: Path,
        central: PublicKeys | None = None,
        models: Rollouts | None = None,
        last_good: LastGood | None = None,
    ) -> None:
        self.clock = VirtualClock(T0)
        base = NodeSettings.model_validate({"state_dir": state_dir, "cameras": [camera("own-1")]})
        pinned = central or CENTRAL.public("central", "central")
        self.environment: dict[str, str] = {}
        self.last_good = last_good or LastGood(state_dir)
        self.keeper = Keeper(base, NodeKeys(NODE, pinned), self.last_good, self.clock, self.environment)
        wanted = self.keeper.at_start()
        settings, policies = (base, POLICIES) if wanted is None else (wanted.settings, wanted.policies)
        self.opened: list[str] = []
        self.book = FakeBook()
        self.versions: list[str] = []
        slots, schedule = FrameSlots(), LookSchedule({}, 0.0)
        locker = EvidenceLocker(PictureFolder(state_dir / "evidence"), EvidenceSettings(), self.clock)
        pipeline = Pipeline(StallDetector(), policies, [], EvidenceSettings(), locker, self.book, SENDER, RandomIds())
        self.slots = slots
        self.loop = LookLoop(slots, schedule, pipeline, self.clock, threading.Event())
        self.eyes = Eyes(self._open, slots, schedule, pipeline, self.clock)
        for entry in settings.cameras:
            self.eyes.put(self.eyes.open(entry))
        self.opened.clear()
        self.live = LiveNode(settings, policies, self.eyes, pipeline, self._now)
        self.keeper.attach(Parts(self.live, self.versions.append, "test 1", models, cameras=self.cameras))
        self.before_change: Callable[[], None] = lambda: None
        self._second = 0

    def cameras(self) -> Sequence[str]:
        return sorted(eye.view.camera_id for eye in self.eyes.all())

    def watch(self, seconds: int, *camera_ids: str) -> list[Event]:
        """Time passes and these cameras deliver; what was found."""
        before = len(self.book.events)
        for _ in range(seconds):
            for camera_id in camera_ids:
                self.slots.put(frame(self._second, CameraId(camera_id)))
            for _ in camera_ids:
                assert self.loop.step()
            self._second += 1
            self.clock.sleep(1.0)
        return self.book.events[before:]

    def offer(self, bundle: Bundle, keys: KeyPairs = CENTRAL) -> bool:
        return self.keeper.offer(wire(bundle, keys))

    def _now(self, change: Callable[[], None]) -> None:
        self.before_change()
        change()

    def _open(self, settings: CameraSettings, _clock: Clock, _started_at: datetime) -> tuple[Camera, float]:
        if "broken" in settings.source:
            raise UsageError(f"camera {settings.camera_id}: source {settings.source}: no such clip; check `source`")
        self.opened.append(settings.camera_id)
        return ScriptedCamera(settings.id), 16 / 9
