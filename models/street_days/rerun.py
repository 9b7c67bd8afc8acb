"""Runs the node's rules over recordings: the same steps as a node (`edge.watching`), with stored boxes and crops."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from contract.events import IncidentState
from contract.ids import CameraId
from contract.manifest import ModelManifest
from contract.taxonomy import Context, Seen
from edge.detect.gates import gated
from edge.plume.crops import Cut, Place, Series, window_around
from edge.plume.judge import Judge
from edge.rules.boxes import area, intersection, iou
from edge.rules.places import CameraPose
from edge.rules.policy import Policies
from edge.values import Box, Detection, Incident
from edge.watching import CameraWatch
from models.street_days.recorder import EPOCH, PATROL_S
from models.street_days.script import TIMETABLES, street_act
from models.street_days.store import Detections, Recording

LEAST_CROP_IOU = 0.5
"""Below it a stored crop shows too much else to stand for the window that is asked for."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One incident as the rules reported it, in seconds of the world. `was_attended`: opened in attention."""

    seen: Seen
    track_id: int
    box: Box
    first_seen_s: float
    opened_s: float
    was_attended: bool
    belief: float | None
    series: Series | None


def rerun(
    recordings: Sequence[Recording],
    means: Mapping[str, Seen | Context],
    policies: Policies,
    judge: Judge | None,
    *,
    surveyed: bool = False,
) -> tuple[Reported, ...]:
    """What one camera's consecutive recordings lead to.

    Args:
        recordings: of one camera, in order; between two that do not follow each other everything starts anew.
        means: what each label of the model means, see `meanings`.
        policies: to try.
        judge: the second stage; None: nobody is asked.
        surveyed: whether the camera is calibrated; else people teach it how large things are.
    """
    found: list[Reported] = []
    pose = pose_of(recordings[0]) if surveyed and recordings else None
    memory = _Memory(policies, judge, pose)
    previous: Recording | None = None
    for recording in recordings:
        if previous is not None and recording.facts.act != previous.facts.act + 1:
            memory = _Memory(policies, judge, pose)
        found += memory.run(recording, means)
        previous = recording
    return tuple(found)


def meanings(manifest: ModelManifest) -> dict[str, Seen | Context]:
    """What each label of a model means."""
    return {entry.label: entry.means for entry in manifest.classes}


def as_a_node_sees(recording: Recording, manifest: ModelManifest, policies: Policies) -> Recording:
    """Without the boxes that were recorded for policies to try and that a node under these would never be given."""
    gates = {entry.label: entry.threshold for entry in gated(manifest, policies.gates()).classes}
    found = recording.detections
    kept = found.score >= np.array([gates.get(label, 1.0) for label in found.label.tolist()])
    return replace(
        recording, detections=Detections(found.look[kept], found.label[kept], found.score[kept], found.box[kept])
    )


def pose_of(recording: Recording) -> CameraPose:
    """The calibration of the camera that recorded: exact, of a site without a place on earth."""
    facts = recording.facts
    cameras = street_act(facts.seed, facts.act, TIMETABLES[facts.timetable]).cameras
    camera = next(entry for entry in cameras if entry.camera_id == facts.camera_id)
    return CameraPose(
        0.0,
        0.0,
        camera.east_m,
        camera.north_m,
        camera.height_m,
        camera.yaw_deg,
        camera.tilt_deg,
        camera.fov_deg,
        camera.width_px / camera.height_px,
    )


class _Memory:
    """One camera between looks."""

    def __init__(self, policies: Policies, judge: Judge | None, pose: CameraPose | None) -> None:
        self._watch = CameraWatch(CameraId("recorded"), policies, PATROL_S, pose=pose, judge=judge)

    def run(self, recording: Recording, means: Mapping[str, Seen | Context]) -> Iterator[Reported]:
        looks = _by_look(recording.detections.look, len(recording.looks_s))
        crops = _by_look(recording.crops.look, len(recording.looks_s))
        for look, t_s in enumerate(recording.looks_s.tolist()):
            watched = self._watch.step(
                _detections(recording, looks[look], means),
                _cut(recording, crops[look]),
                EPOCH + timedelta(seconds=t_s),
                place=_place(recording, crops[look]),
            )
            for incident in watched.incidents:
                if incident.state is IncidentState.OPENED:
                    yield self._told(incident, t_s, bool(recording.attention[look]), watched.beliefs)

    def _told(self, incident: Incident, t_s: float, was_attended: bool, beliefs: Mapping[int, float]) -> Reported:
        track = incident.track
        return Reported(
            track.seen,
            track.track_id,
            track.latest_box_norm,
            _seconds(track.first_seen_at),
            t_s,
            was_attended,
            beliefs.get(track.track_id),
            self._watch.series(track.track_id),
        )


def _seconds(at: datetime) -> float:
    return (at - EPOCH).total_seconds()


def _by_look(look: np.ndarray[tuple[int], np.dtype[np.int32]], count: int) -> list[slice]:
    """The rows of each look; rows are in the order of looks."""
    ends = np.searchsorted(look, np.arange(count + 1)).tolist()
    return [slice(ends[k], ends[k + 1]) for k in range(count)]


def _detections(recording: Recording, rows: slice, means: Mapping[str, Seen | Context]) -> list[Detection]:
    stored = recording.detections
    return [
        Detection(label, means[label], score, (x1, y1, x2, y2))
        for label, score, (x1, y1, x2, y2) in zip(
            stored.label[rows].tolist(), stored.score[rows].tolist(), stored.box[rows].tolist(), strict=True
        )
        if label in means
    ]


def _cut(recording: Recording, rows: slice) -> Cut:
    windows = [(k, _box(recording, k)) for k in range(rows.start, rows.stop)]

    def cut(window: Box) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None:
        best = max(windows, key=lambda entry: iou(window, entry[1]), default=None)
        if best is None or iou(window, best[1]) < LEAST_CROP_IOU:
            return None
        return np.asarray(recording.crops.pixels[best[0]], np.uint8)

    return cut


def _place(recording: Recording, rows: slice) -> Place:
    """The smallest stored window that holds the plume, so that the recording's own crops are found again."""
    windows = [_box(recording, k) for k in range(rows.start, rows.stop)]

    def place(box: Box) -> Box:
        holding = [window for window in windows if intersection(window, box) >= 0.75 * area(box)]
        return min(holding, key=area, default=window_around(box))

    return place


def _box(recording: Recording, row: int) -> Box:
    x1, y1, x2, y2 = recording.crops.window[row].tolist()
    return (x1, y1, x2, y2)
