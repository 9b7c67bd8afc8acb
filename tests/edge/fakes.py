"""Hand-made stand-ins for the edge's ports, and short ways to write what a street shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from contract.events import ClockState, Event, ModelRef
from contract.ids import CameraId, NodeId, StreamId, derived_entropy, uuid7
from contract.manifest import Engine, ModelClass, ModelFile, ModelInput, ModelManifest, ModelVariant
from contract.taxonomy import Context, Seen
from edge.events import BuildEvent, Sender
from edge.plume.crops import CropWindows
from edge.rules.policy import Gather, Policies, PresencePolicy
from edge.rules.presence import Presence
from edge.values import Box, Detection, Frame, Track

T0 = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
CAM = CameraId("cam-1")
STREAM = StreamId(uuid7(T0, derived_entropy("stream")))
LEFT: Box = (0.125, 0.5, 0.25, 0.75)
RIGHT: Box = (0.625, 0.5, 0.75, 0.75)
SENDER = Sender(
    node_id=NodeId("node-1"),
    boot_id=uuid7(T0, derived_entropy("boot")),
    model=ModelRef(name="scripted", version="1", sha256="0" * 64),
    config_version="test",
    clock_state=ClockState.SYNCHRONISED,
)
MANIFEST = ModelManifest(
    name="scripted",
    version="1",
    licence="none",
    input=ModelInput(height_px=64, width_px=64),
    classes=(ModelClass(label="stall", means=Seen.STALL, threshold=0.25),),
    variants=(ModelVariant(engine=Engine.ONNX_FP32, files=(ModelFile(path="m.onnx", sha256="0" * 64, size_bytes=1),)),),
)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def saw(means: Seen | Context, box: Box = LEFT, score: float = 0.8) -> Detection:
    return Detection(means.value, means, score, box)


def policy(
    *,
    look_every_s: float = 1.0,
    share: float = 0.7,
    present_after_s: float = 10.0,
    gone_after_s: float = 30.0,
    confirm_score: float = 0.4,
    update_every_s: float = 60.0,
    gather: Gather = Gather.BEST,
    base_height_m: float | None = 0.0,
    cool_down_s: float = 0.0,
    least_belief: float = 0.0,
    attention_s: float = 0.0,
    height_m: tuple[float, float] | None = None,
    gate: float | None = None,
) -> PresencePolicy:
    return PresencePolicy(
        look_every_s=look_every_s,
        share=share,
        present_after_s=present_after_s,
        gone_after_s=gone_after_s,
        confirm_score=confirm_score,
        update_every_s=update_every_s,
        gather=gather,
        base_height_m=base_height_m,
        cool_down_s=cool_down_s,
        least_belief=least_belief,
        attention_s=attention_s,
        height_m=height_m,
        gate=gate,
    )


POLICIES = Policies(presence={Seen.STALL: policy(), Seen.SMOKE: policy(gather=Gather.UNION, present_after_s=5.0)})


def blank(width_px: int = 64, height_px: int = 36) -> NDArray[np.uint8]:
    return np.zeros((height_px, width_px, 3), np.uint8)


def noise(seed: int = 0, width_px: int = 64, height_px: int = 36) -> NDArray[np.uint8]:
    """A picture in which every pixel differs from its neighbours."""
    return np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), np.uint8)


def frame(seconds: float, camera_id: CameraId = CAM, image: NDArray[np.uint8] | None = None) -> Frame:
    return Frame(camera_id, blank() if image is None else image, at(seconds), 0)


class ScriptedDetector:
    """Sees what it is told to see next; after the script's end, nothing."""

    def __init__(self, *looks: Sequence[Detection]) -> None:
        self._looks = list(looks)
        self.frames: list[NDArray[np.uint8]] = []

    @property
    def manifest(self) -> ModelManifest:
        return MANIFEST

    @property
    def engine(self) -> Engine:
        return Engine.ONNX_FP32

    def say(self, *detections: Detection) -> None:
        """What the next look sees."""
        self._looks.append(detections)

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        self.frames.append(frame)
        return tuple(self._looks.pop(0)) if self._looks else ()

    def close(self) -> None:
        return


@dataclass
class FakeBook:
    """Events in memory; `on_append` is asked before an event counts as stored and may raise."""

    on_append: Callable[[Event], None] = lambda _event: None
    events: list[Event] = field(default_factory=list)

    def append(self, build: BuildEvent) -> Event:
        event = build(STREAM, len(self.events) + 1)
        self.on_append(event)
        self.events.append(event)
        return event


class ScriptedCamera:
    """Each session yields its frames, then ends or breaks with the error that stands last in it."""

    def __init__(self, camera_id: CameraId, *sessions: Sequence[Frame | Exception]) -> None:
        self._camera_id = camera_id
        self._sessions = list(sessions)
        self.opened = 0
        self.closed = 0

    @property
    def camera_id(self) -> CameraId:
        return self._camera_id

    @property
    def name(self) -> str:
        return f"scripted {self._camera_id}"

    def frames(self) -> Iterator[Frame]:
        self.opened += 1
        session = self._sessions.pop(0) if self._sessions else ()
        try:
            for entry in session:
                if isinstance(entry, Exception):
                    raise entry
                yield entry
        finally:
            self.closed += 1


class SureJudge:
    """A second stage that believes every plume: for streets whose pictures are blank."""

    def beliefs(self, tracks: Sequence[Track], windows: CropWindows, presence: Presence) -> Mapping[int, float]:
        del windows, presence
        return {track.track_id: 1.0 for track in tracks}
