"""Judges each camera by the frames that are looked at anyway, and keeps what they say."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from contract.errors import PermanentError
from contract.events import CameraCondition
from contract.ids import CameraId
from edge.health.judge import Judge, Verdict
from edge.health.measure import HEIGHT, WIDTH, measure
from edge.health.reference import Reference
from edge.values import Frame

EVERY_S = 1.0
"""Between two looks at one camera's health; cameras with rarer frames are looked at with each."""
KEEP_EVERY_S = 600.0
"""Between two writings of a reference to disk; a restart then knows where the camera looked before."""
THUMBNAIL_DOTS = (64, 36)
"""More and a person close to the lens is known; fewer and nobody sees that a camera looks at the sky."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Patient:
    """One camera under observation. Not thread-safe. Each preset of a turning camera has a usual picture of its own."""

    judge: Judge = field(default_factory=Judge)
    reference: Reference = field(default_factory=Reference)
    preset: str | None = None
    verdict: Verdict | None = None
    learned_at: datetime | None = None
    grey: NDArray[np.uint8] | None = None
    _seen_at: datetime | None = None

    def is_due(self, frame: Frame) -> bool:
        """Whether this frame should be looked at: not while the camera turns, not twice within a moment."""
        since_s = None if self._seen_at is None else (frame.captured_at - self._seen_at).total_seconds()
        return not frame.is_moving and (since_s is None or not 0 <= since_s < EVERY_S)

    def look(self, frame: Frame) -> Verdict:
        """Judges one frame, and learns from it where nothing is suspected."""
        elapsed_s = 0.0 if self._seen_at is None else (frame.captured_at - self._seen_at).total_seconds()
        self._seen_at = frame.captured_at
        measures = measure(frame.fitted(2 * WIDTH, 2 * HEIGHT), self.grey)
        self.grey = measures.grey
        self.verdict = self.judge.step(measures, self.reference.compare(measures), frame.captured_at)
        if self.judge.is_at_ease:
            self.reference.learn(measures, min(max(elapsed_s, 0.0), 10.0))
            self.learned_at = frame.captured_at
        return self.verdict

    def turn_to(self, preset: str | None, reference: Reference) -> None:
        """Another view: nothing of the last one counts."""
        self.preset, self.judge, self.reference, self.grey = preset, Judge(), reference, None


class HealthWatch:
    """All cameras of a node. `look` runs on the look threads, by turns; the rest may be asked from any."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` keeps the references over a restart; None: each start learns anew."""
        self._folder = folder
        self._patients: dict[CameraId, Patient] = {}
        self._kept_at: dict[CameraId, datetime] = {}
        self._lock = threading.Lock()

    def admit(self, camera_id: CameraId) -> None:
        """A camera is opened: from now on it is judged."""
        with self._lock:
            self._patients[camera_id] = Patient(reference=self._recalled(camera_id, None))

    def look(self, frame: Frame) -> None:
        """Judges one frame unless the camera was looked at a moment ago, is turning or not watched."""
        patient = self._patients.get(frame.camera_id)
        if patient is None or not patient.is_due(frame):
            return
        if frame.preset != patient.preset:
            patient.turn_to(frame.preset, self._recalled(frame.camera_id, frame.preset))
        before = patient.verdict
        _say_change(frame.camera_id, before, patient.look(frame))
        if patient.learned_at == frame.captured_at:
            self._keep_now_and_then(frame, patient)

    def condition(self, camera_id: CameraId) -> CameraCondition | None:
        """What the camera's pictures say now; None before its first frame."""
        verdict = self.verdict(camera_id)
        return None if verdict is None else verdict.condition

    def verdict(self, camera_id: CameraId) -> Verdict | None:
        patient = self._patients.get(camera_id)
        return None if patient is None else patient.verdict

    def thumbnail_jpeg(self, camera_id: CameraId) -> bytes | None:
        """The camera's last look, grey and of 64×36 dots: the face of somebody who fills the whole height has five.

        None before its first frame.
        """
        patient = self._patients.get(camera_id)
        grey = None if patient is None else patient.grey
        if grey is None:
            return None
        coarse = cv2.resize(grey, THUMBNAIL_DOTS, interpolation=cv2.INTER_AREA)
        shown = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        is_encoded, data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 80])
        return data.tobytes() if is_encoded else None

    def accept(self, camera_id: CameraId) -> None:
        """What the camera shows from now on is right: its usual picture is learned anew."""
        if self._folder is not None:
            for path in self._folder.glob(f"{camera_id}@*.npz"):
                path.unlink(missing_ok=True)
        with self._lock:
            if camera_id in self._patients:
                self._patients[camera_id] = Patient(preset=self._patients[camera_id].preset)

    def _recalled(self, camera_id: CameraId, preset: str | None) -> Reference:
        path = self._path(camera_id, preset)
        if path is not None and path.is_file():
            try:
                return Reference.load(path)
            except PermanentError as error:
                _log.warning("a camera's usual picture is learned anew", camera_id=camera_id, reason=str(error))
        return Reference()

    def _keep_now_and_then(self, frame: Frame, patient: Patient) -> None:
        path = self._path(frame.camera_id, patient.preset)
        kept_at = self._kept_at.setdefault(frame.camera_id, frame.captured_at)
        if path is None or (frame.captured_at - kept_at).total_seconds() < KEEP_EVERY_S:
            return
        self._kept_at[frame.camera_id] = frame.captured_at
        try:
            patient.reference.save(path)
        except PermanentError as error:
            _log.warning("a camera's usual picture could not be kept", camera_id=frame.camera_id, reason=str(error))

    def _path(self, camera_id: CameraId, preset: str | None) -> Path | None:
        return None if self._folder is None else self._folder / f"{camera_id}@{preset or ''}.npz"


def _say_change(camera_id: CameraId, before: Verdict | None, now: Verdict) -> None:
    was = CameraCondition.CLEAR if before is None else before.condition
    if was is not now.condition:
        say = _log.info if now.condition is CameraCondition.CLEAR else _log.warning
        say("the camera's pictures changed", camera_id=camera_id, was=was.value, condition=now.condition.value)
