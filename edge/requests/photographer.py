"""Pictures on request: the next look of the wished camera, redacted by the same rules as evidence."""

import threading
from datetime import timedelta

from contract.errors import PermanentError, TransientError
from contract.ids import CameraId
from edge.detect.port import Detector
from edge.evidence.pictures import FindPeople, Picture, Shutter
from edge.evidence.redact import RedactionMemory
from edge.evidence_settings import EvidenceSettings
from edge.values import Frame

FULL_WIDTH_PX = 7680
"""Calibration needs the stream's own pixels, as far as evidence goes at all."""


class _Wish:
    """One picture somebody waits for."""

    def __init__(self, camera_id: CameraId, preset: str | None, settings: EvidenceSettings) -> None:
        self.camera_id = camera_id
        self.preset = preset
        self.settings = settings
        self.is_done = threading.Event()
        self.picture: Picture | None = None
        self.reason = ""

    def suits(self, frame: Frame) -> bool:
        return frame.camera_id == self.camera_id and not frame.is_moving and self.preset in (None, frame.preset)


class Photographer:
    """`note` on the look threads, by turns; `take` on the thread that answers requests."""

    def __init__(self, detector: Detector, find_people: FindPeople, settings: EvidenceSettings) -> None:
        self._detector = detector
        self._find_people = find_people
        self._settings = settings
        self._wish: _Wish | None = None

    def take(self, camera_id: CameraId, preset: str | None, in_full: bool, timeout_s: float) -> Picture:
        """The camera's next picture, redacted; `in_full` in the stream's own size.

        Raises:
            TransientError: no look within the time: the camera is away, or not at that preset.
            PermanentError: it can't be encoded.
        """
        settings = self._settings.model_copy(update={"max_width_px": FULL_WIDTH_PX} if in_full else {})
        wish = self._wish = _Wish(camera_id, preset, settings)
        if not wish.is_done.wait(timeout_s):
            self._wish = None
            where = "" if preset is None else f" at preset {preset}"
            raise TransientError(f"camera {camera_id}: no picture{where} within {timeout_s:.0f} s")
        if wish.picture is None:
            raise PermanentError(f"camera {camera_id}: {wish.reason}")
        return wish.picture

    def note(self, frame: Frame, _age_s: float) -> None:
        """Told of every look that is done; costs nothing unless its camera is wished for."""
        wish = self._wish
        if wish is None or not wish.suits(frame):
            return
        self._wish = None
        hide = RedactionMemory(timedelta(0)).note(self._detector.detect(frame.image), frame.captured_at)
        try:
            wish.picture = Shutter(frame, hide, wish.settings, self._find_people).picture()
        except PermanentError as error:
            wish.reason = str(error)
        wish.is_done.set()
