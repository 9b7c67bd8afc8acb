"""Records one quarter of an hour of one camera: renders it, looks at it with the node's detector, keeps the truth.

Patrol looks every two seconds. Where smoke or flame begins to be boxed the camera is looked at in attention for some
seconds, as a node would, so that the rules have those looks too. What is recorded is a superset of what a policy
needs: the detector's gates are low, and every plume that might be asked about gets crops.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.manifest import ModelManifest
from contract.taxonomy import Seen
from edge.detect.port import Detector
from edge.plume.crops import CropWindows, Series, cutter
from edge.rules.boxes import intersection
from edge.rules.gather import gather
from edge.rules.policy import Gather, Policies, PresencePolicy
from edge.rules.track import Tracker
from edge.scene.render import Renderer
from edge.values import Box, Detection, Track
from models.street_days.script import Unit, street_act
from models.street_days.store import Crops, Detections, Facts, Objects, Recording
from models.street_days.visible import seen_objects

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""World time 0: any fixed instant, so that two evaluations agree."""
PATROL_S = 2.0
ATTENTION_S = 0.5
ATTENTION_LASTS_S = 20.0
ATTENTION_AGAIN_S = 300.0
"""A place that was attended to is left alone for so long."""
ATTENTION_SCORE = 0.15
TRUTH_EVERY_S = 10.0
GATES = {Seen.SMOKE: 0.05, Seen.FLAME: 0.05}
OTHER_GATE = 0.06
_PLUME = PresencePolicy(
    look_every_s=2, share=0.6, present_after_s=10, gone_after_s=60, confirm_score=0.3, gather=Gather.UNION
)
FOLLOWED = Policies(presence={Seen.SMOKE: _PLUME, Seen.FLAME: _PLUME.model_copy(update={"gone_after_s": 20.0})})
"""How plumes are followed for crops and attention while recording: fixed, so that a run may go on under new ones."""
DENSE_CROPS = 45
"""Crops of one window kept look by look; afterwards every fifth."""


@dataclass(slots=True)
class _Rows:
    """What grows while recording."""

    looks_s: list[float]
    attention: list[bool]
    detections: list[tuple[int, str, float, Box]]
    objects: list[tuple[float, str, str, float, Box]]
    crops: list[tuple[int, Box, NDArray[np.uint8]]]


def gated(manifest: ModelManifest) -> ModelManifest:
    """The manifest with thresholds low enough for every policy that may be tried."""
    classes = tuple(
        entry.model_copy(
            update={
                "threshold": min(
                    entry.threshold,
                    GATES.get(entry.means, OTHER_GATE) if isinstance(entry.means, Seen) else entry.threshold,
                )
            }
        )
        for entry in manifest.classes
    )
    return manifest.model_copy(update={"classes": classes})


def record(unit: Unit, detector: Detector) -> Recording:
    """The whole quarter of an hour; `detector` is one opened with the manifest of `gated`."""
    street = street_act(unit.seed, unit.act, unit.timetable)
    camera = next(entry for entry in street.cameras if entry.camera_id == unit.camera_id)
    renderer = Renderer(street.world, camera)
    attention, tracker, windows = _Attention(), Tracker(FOLLOWED.presence), CropWindows()
    rows = _Rows([], [], [], [], [])
    spent = {"render": 0.0, "detect": 0.0, "truth": 0.0}
    begins_s = unit.act * unit.timetable.act_s
    t_s, truth_due_s = begins_s, begins_s
    while t_s < begins_s + unit.timetable.act_s:
        clock = time.thread_time()
        image = renderer.frame(t_s)
        spent["render"] += (mark := time.thread_time()) - clock
        found = detector.detect(image)
        at = EPOCH + timedelta(seconds=t_s)
        things = gather(found, FOLLOWED)
        live = tracker.step(things, at).live
        windows.step(live, cutter(image), at)
        _note(rows, t_s, attention.is_on(t_s), found, live, windows)
        spent["detect"] += (clock := time.thread_time()) - mark
        if t_s >= truth_due_s:
            grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
            rows.objects += [(t_s, *row) for row in seen_objects(renderer, t_s, camera, grey)]
            truth_due_s += TRUTH_EVERY_S
        spent["truth"] += time.thread_time() - clock
        attention.note(live, t_s)
        t_s = round(t_s + (ATTENTION_S if attention.is_on(t_s) else PATROL_S), 3)
    ms = {key: value / len(rows.looks_s) * 1e3 for key, value in spent.items()}
    sha256 = detector.manifest.ref(detector.engine).sha256
    facts = Facts(
        unit.seed,
        unit.camera_id,
        unit.act,
        unit.light,
        unit.weather,
        sha256,
        ms["render"],
        ms["detect"],
        ms["truth"],
        unit.timetable.name,
    )
    return _packed(facts, rows)


class _Attention:
    """When the camera is looked at more often: at a plume that is new at its place."""

    def __init__(self) -> None:
        self._until_s = -1.0
        self._places: list[tuple[Box, float]] = []

    def is_on(self, t_s: float) -> bool:
        return t_s < self._until_s

    def note(self, tracks: tuple[Track, ...], t_s: float) -> None:
        for track in tracks:
            if track.seen not in GATES or track.score is None or track.score < ATTENTION_SCORE:
                continue
            box = track.latest_box_norm
            if any(since > t_s - ATTENTION_AGAIN_S and intersection(box, place) > 0 for place, since in self._places):
                continue
            self._places.append((box, t_s))
            self._until_s = t_s + ATTENTION_LASTS_S


def _note(
    rows: _Rows,
    t_s: float,
    is_attention: bool,
    found: tuple[Detection, ...],
    live: tuple[Track, ...],
    windows: CropWindows,
) -> None:
    look = len(rows.looks_s)
    rows.looks_s.append(t_s)
    rows.attention.append(is_attention)
    rows.detections += [(look, entry.label, entry.score, entry.box_norm) for entry in found]
    for track in live:
        series = windows.series(track.track_id)
        if series is not None and _is_kept(series, look):
            rows.crops.append((look, series.window_norm, series.crops[-1].pixels))


def _is_kept(series: Series, look: int) -> bool:
    return len(series.crops) <= DENSE_CROPS or look % 5 == 0


def _packed(facts: Facts, rows: _Rows) -> Recording:
    def boxes(values: list[Box]) -> NDArray[np.float32]:
        return np.array(values, np.float32).reshape(-1, 4)

    return Recording(
        facts,
        np.array(rows.looks_s),
        np.array(rows.attention, np.bool_),
        Detections(
            np.array([row[0] for row in rows.detections], np.int32),
            np.array([row[1] for row in rows.detections], np.str_),
            np.array([row[2] for row in rows.detections], np.float32),
            boxes([row[3] for row in rows.detections]),
        ),
        Objects(
            np.array([row[0] for row in rows.objects]),
            np.array([row[1] for row in rows.objects], np.str_),
            np.array([row[2] for row in rows.objects], np.str_),
            np.array([row[3] for row in rows.objects], np.float32),
            boxes([row[4] for row in rows.objects]),
        ),
        Crops(
            np.array([row[0] for row in rows.crops], np.int32),
            boxes([row[1] for row in rows.crops]),
            np.array([row[2] for row in rows.crops], np.uint8).reshape(-1, 32, 32, 3),
        ),
    )
