"""Turns the running node into what is wanted, between two looks, camera by camera; the others notice nothing."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contract.errors import PermanentError
from contract.ids import CameraId
from edge.camera_settings import CameraSettings
from edge.desired.secrets_at_hand import variable_of
from edge.eyes import Eye, Eyes
from edge.pipeline import Pipeline
from edge.rules.policy import Policies
from edge.settings import NodeSettings

SEEN_OTHERWISE = frozenset({"zones", "masks", "pose", "calibration", "tile_every_s"})
"""Settings that change how a picture is read and not which pictures come: the camera's tracks go on."""
APPLY_TIMEOUT_S = 10.0
"""A look takes 30 ms; longer than this and the look thread hangs."""

BetweenLooks = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class CameraChanges:
    """What has to happen to cameras, by id; a restarted one is opened anew."""

    opened: tuple[CameraSettings, ...]
    adjusted: tuple[CameraSettings, ...]
    removed: tuple[CameraId, ...]


def changes_between(
    old: Sequence[CameraSettings], new: Sequence[CameraSettings], changed_secrets: frozenset[str] = frozenset()
) -> CameraChanges:
    """The least that turns `old` into `new`; a camera whose secret has another value is opened anew."""
    before = {camera.id: camera for camera in old}
    after = {camera.id: camera for camera in new}
    opened, adjusted = [], []
    for camera_id, camera in after.items():
        known = before.get(camera_id)
        has_new_secret = camera.secret is not None and variable_of(camera.secret) in changed_secrets
        if known is None or has_new_secret or _source_of(known) != _source_of(camera):
            opened.append(camera)
        elif known != camera:
            adjusted.append(camera)
    removed = tuple(camera_id for camera_id in before if camera_id not in after)
    return CameraChanges(tuple(opened), tuple(adjusted), removed)


class LiveNode:
    """The running node's cameras and policies. `between_looks` hands work to the look thread."""

    def __init__(
        self, settings: NodeSettings, policies: Policies, eyes: Eyes, pipeline: Pipeline, between_looks: BetweenLooks
    ) -> None:
        self.settings = settings
        self.policies = policies
        self._eyes = eyes
        self._pipeline = pipeline
        self._between_looks = between_looks

    def become(
        self, settings: NodeSettings, policies: Policies, changed_secrets: frozenset[str], report_as: Callable[[], None]
    ) -> None:
        """Applies cameras and policies; returns when it is done. `report_as` is called at the same moment.

        Raises:
            UsageError: a camera can't be opened: nothing was changed.
            PermanentError: the look thread did not come to it and nothing was changed; or it failed or hangs in it and
                what was changed is unknown.
        """
        changes = changes_between(self.settings.cameras, settings.cameras, changed_secrets)
        eyes = [self._eyes.open(camera) for camera in changes.opened]

        def change() -> None:
            self._make(changes, eyes)
            if policies != self.policies:
                self._pipeline.judge_by(policies)
            report_as()

        self._on_look_thread(change)
        self.settings, self.policies = settings, policies

    def _make(self, changes: CameraChanges, eyes: Sequence[Eye]) -> None:
        for camera_id in changes.removed:
            self._eyes.remove(camera_id)
        for eye in eyes:
            self._eyes.put(eye)
        for camera in changes.adjusted:
            self._eyes.adjust(camera)

    def _on_look_thread(self, change: Callable[[], None]) -> None:
        claim, done = threading.Lock(), threading.Event()
        failures: list[BaseException] = []

        def run() -> None:
            if not claim.acquire(blocking=False):
                return  # it was given up: what central was told did not happen must not happen afterwards
            try:
                change()
            except BaseException as error:
                failures.append(error)
                done.set()
                raise
            done.set()

        self._between_looks(run)
        if not done.wait(APPLY_TIMEOUT_S):
            if claim.acquire(blocking=False):
                raise PermanentError(f"the look thread did not come to it within {APPLY_TIMEOUT_S:.0f} s")
            if not done.wait(APPLY_TIMEOUT_S):
                raise PermanentError(f"the look thread has not ended it within {APPLY_TIMEOUT_S:.0f} s")
        if failures:
            raise PermanentError(f"applying failed: {failures[0]!r}")


def _source_of(camera: CameraSettings) -> dict[str, object]:
    return camera.model_dump(exclude=set(SEEN_OTHERWISE))
