"""The node's cameras while it runs: each with its own thread; they come, change and go without touching the others.

Adding and removing happen on the look thread, between two looks (or before it starts): slots, schedule and pipeline
have no other writer. Opening a camera is done beforehand, by whoever wants the change.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from contract.clock import Clock
from contract.ids import CameraId
from contract.status import CameraStatus, LookMode
from edge.camera_settings import CameraSettings, PresetSettings
from edge.capture.loop import CaptureLoop
from edge.capture.port import Camera
from edge.capture.slot import FrameSlots
from edge.pipeline import Pipeline, View
from edge.schedule import LookSchedule
from edge.values import Frame

STOP_TIMEOUT_S = 10.0

OpenCamera = Callable[[CameraSettings, Clock, datetime], tuple[Camera, float]]
"""The adapter for a camera's source and the picture's width over height; raises UsageError."""

Admit = Callable[[CameraId], None]
"""Told of every camera that is opened."""


@dataclass(frozen=True, slots=True)
class Eye:
    """One camera, opened, with its thread's loop. `stop` ends this camera alone."""

    settings: CameraSettings
    aspect: float
    view: View
    loop: CaptureLoop
    stop: threading.Event
    thread: threading.Thread


class Eyes:
    """All cameras of a node."""

    def __init__(
        self,
        open_camera: OpenCamera,
        slots: FrameSlots,
        schedule: LookSchedule,
        pipeline: Pipeline,
        clock: Clock,
        admit: Admit = lambda _camera_id: None,
    ) -> None:
        self._admit = admit
        self._open_camera = open_camera
        self._slots = slots
        self._schedule = schedule
        self._pipeline = pipeline
        self._clock = clock
        self._started_at = clock.now()
        self._is_running = False
        self._eyes: dict[CameraId, Eye] = {}  # replaced whole, never changed: other threads read it

    def open(self, camera: CameraSettings) -> Eye:
        """The camera, ready to be `put`; reads nothing yet. Any thread.

        Raises:
            UsageError: its source, secret or kind is wrong.
        """
        source, aspect = self._open_camera(camera, self._clock, self._started_at)
        stop = threading.Event()

        def put(frame: Frame) -> None:
            if not stop.is_set():
                self._slots.put(frame)

        self._admit(camera.id)
        loop = CaptureLoop(source, put, self._clock, stop, camera.loop)
        thread = threading.Thread(target=loop.run, name=f"capture-{camera.camera_id}", daemon=True)
        return Eye(camera, aspect, view_of(camera, aspect), loop, stop, thread)

    def put(self, eye: Eye) -> None:
        """The camera joins; one of the same name leaves and its tracks with it. On the look thread."""
        camera_id = eye.view.camera_id
        if camera_id in self._eyes:
            self._drop(camera_id)
        self._schedule.add(camera_id, eye.view.look_every_s, self._clock.monotonic(), eye.settings.attention_every_s)
        self._pipeline.watch(eye.view, anew=True)
        self._eyes = {**self._eyes, camera_id: eye}
        if self._is_running:
            eye.thread.start()

    def adjust(self, camera: CameraSettings) -> None:
        """Other zones, masks or position for a camera whose source stays: its thread and tracks go on."""
        old = self._eyes[camera.id]
        view = view_of(camera, old.aspect)
        self._eyes = {**self._eyes, camera.id: replace(old, settings=camera, view=view)}
        self._pipeline.watch(view, anew=False)

    def revive(self, camera_id: CameraId) -> None:
        """A new thread in place of one that stands still; what was seen so far goes on. While no look is in flight."""
        old = self._eyes.get(camera_id)
        if old is None:
            return
        old.stop.set()
        fresh = replace(self.open(old.settings), view=old.view)
        self._eyes = {**self._eyes, camera_id: fresh}
        if self._is_running:
            fresh.thread.start()

    def remove(self, camera_id: CameraId) -> None:
        """The camera leaves for good, and its incidents end. On the look thread."""
        self._drop(camera_id)
        self._pipeline.end_unwatched(self._clock.now())

    def _drop(self, camera_id: CameraId) -> None:
        """Its thread ends by itself as soon as its source lets it."""
        eye = self._eyes[camera_id]
        eye.stop.set()
        self._eyes = {name: entry for name, entry in self._eyes.items() if name != camera_id}
        self._schedule.remove(camera_id)
        self._pipeline.forget(camera_id)
        self._slots.forget(camera_id)

    def start(self) -> None:
        """Starts every camera's thread; those that join later start at once."""
        self._is_running = True
        for eye in self._eyes.values():
            eye.thread.start()

    def stop(self) -> None:
        """Ends all cameras and waits for their threads."""
        self._is_running = False
        eyes = list(self._eyes.values())
        for eye in eyes:
            eye.stop.set()
        for eye in eyes:
            if eye.thread.is_alive():
                eye.thread.join(STOP_TIMEOUT_S)

    def all(self) -> tuple[Eye, ...]:
        """The cameras of this moment; any thread."""
        return tuple(self._eyes.values())

    def statuses(self) -> tuple[CameraStatus, ...]:
        return tuple(self._status(eye) for eye in self.all())

    def _status(self, eye: Eye) -> CameraStatus:
        looks, skipped = self._schedule.counts(eye.view.camera_id)
        return CameraStatus(
            camera_id=eye.settings.camera_id,
            state=eye.loop.health.state,
            last_frame_at=eye.loop.health.last_frame_at,
            looks=looks,
            skipped_looks=skipped,
            dropped_frames=self._slots.drops(eye.view.camera_id),
            reason=eye.loop.health.reason,
            mode=LookMode.ATTENTION if self._schedule.is_attended(eye.view.camera_id) else LookMode.PATROL,
        )


def view_of(camera: CameraSettings, aspect: float) -> View:
    """What the pipeline needs to know of a camera; `aspect` is its picture's width over height."""
    masks = tuple(mask.to_mask() for mask in camera.masks)
    bare = View(camera.id, camera.look_every_s, masks=masks, tile_every_s=camera.tile_every_s)
    if camera.ptz is None:
        return _aimed_as(camera, aspect, bare)
    # Zones and position of the camera itself would be those of one direction: at a preset only its own hold.
    return replace(bare, presets={preset.name: _aimed_as(preset, aspect, bare) for preset in camera.ptz.presets})


def _aimed_as(aimed: CameraSettings | PresetSettings, aspect: float, view: View) -> View:
    calibration = None if aimed.calibration is None else aimed.calibration.to_calibration()
    pose = None if calibration is None else calibration.pose
    if aimed.pose is not None:
        pose = aimed.pose.to_pose(aspect)
    zones = tuple(zone.to_zone() for zone in aimed.zones)
    return replace(view, zones=zones, pose=pose, calibration=calibration)
