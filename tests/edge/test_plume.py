"""The second stage: crops stay where they are, numbers tell drifting from still, and it can only hold back."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.events import IncidentState
from contract.taxonomy import Seen
from edge.plume.crops import CROP_PX, MAX_CROPS, Crop, CropWindows, Series, cutter, window_around
from edge.plume.features import NAMES, features
from edge.plume.judge import WEIGHTS, PlumeJudge
from edge.rules.policy import Gather, Policies
from edge.rules.presence import Presence
from edge.rules.track import Tracker
from edge.values import Box, Thing
from edge.watching import CameraWatch
from tests.edge.fakes import CAM, T0, at, policy, saw

PLUME: Box = (0.4, 0.3, 0.6, 0.6)
SMOKE = {
    Seen.SMOKE: policy(look_every_s=2, present_after_s=10, gather=Gather.UNION, least_belief=0.6, confirm_score=0.1)
}


def billows(step: int, strength: float = 60.0) -> NDArray[np.uint8]:
    """A street with grey wisps that rise from look to look inside PLUME."""
    image = np.random.default_rng(1).integers(90, 110, (180, 320, 3)).astype(np.float32)
    rows, columns = np.mgrid[0:180, 0:320]
    inside = (rows >= 54) & (rows < 108) & (columns >= 128) & (columns < 192)
    wisps = np.sin((rows + 7 * step) / 6.0) + np.sin((columns + 5 * step) / 9.0)
    image[inside] += (strength * wisps)[inside][:, None] / 2
    return np.clip(image, 0, 255).astype(np.uint8)


def lamp(_step: int) -> NDArray[np.uint8]:
    """A lit lamp: bright, still."""
    image = np.random.default_rng(1).integers(90, 110, (180, 320, 3), np.uint8)
    image[54:108, 128:192] = 240
    return image


def test_the_window_stays_while_the_box_wanders() -> None:
    tracker, windows = Tracker(SMOKE), CropWindows()
    for step in range(10):
        box = (0.4 - 0.005 * step, 0.3 - 0.01 * step, 0.6, 0.6)
        live = tracker.step([Thing(Seen.SMOKE, 0.5, box)], at(2 * step)).live
        windows.step(live, cutter(billows(step)), at(2 * step))
    series = windows.series(1)
    assert series is not None
    assert series.window_norm == window_around(PLUME)
    assert len(series.crops) == 10 and series.crops[0].pixels.shape == (CROP_PX, CROP_PX, 3)


def test_a_plume_that_outgrows_its_window_gets_a_new_one() -> None:
    tracker, windows = Tracker(SMOKE), CropWindows()
    for step, box in enumerate([PLUME, PLUME, (0.1, 0.0, 0.9, 0.9)]):
        live = tracker.step([Thing(Seen.SMOKE, 0.5, box)], at(2 * step)).live
        windows.step(live, cutter(billows(step)), at(2 * step))
    windows_now = [windows.series(track.track_id) for track in live]
    assert all(series is not None and len(series.crops) <= 3 for series in windows_now)


def test_crops_are_bounded_and_forgotten_with_their_track() -> None:
    tracker, windows = Tracker(SMOKE), CropWindows()
    for step in range(MAX_CROPS + 20):
        live = tracker.step([Thing(Seen.SMOKE, 0.5, PLUME)], at(step)).live
        windows.step(live, cutter(billows(0)), at(step))
    series = windows.series(1)
    assert series is not None and len(series.crops) == MAX_CROPS
    windows.step([], cutter(billows(0)), at(500))
    assert windows.series(1) is None


@given(st.tuples(*[st.floats(0, 1) for _ in range(4)]))
def test_any_window_can_be_cut(values: tuple[float, float, float, float]) -> None:
    x1, y1, x2, y2 = values
    box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    pixels = cutter(billows(0))(box)
    assert pixels is not None and pixels.shape == (CROP_PX, CROP_PX, 3)


def series_of(picture: object, looks: int, every_s: float = 2.0) -> Series:
    assert callable(picture)
    window = window_around(PLUME)
    crops = []
    for step in range(looks):
        pixels = cutter(picture(step))(window)
        assert pixels is not None
        crops.append(Crop(T0 + timedelta(seconds=every_s * step), pixels, PLUME, 0.4))
    return Series(window, tuple(crops))


def test_drifting_smoke_changes_inside_its_box_and_a_lamp_does_not() -> None:
    smoke, light = features(series_of(billows, 8)), features(series_of(lamp, 8))
    assert smoke is not None and light is not None
    ratio = NAMES.index("change_ratio")
    assert smoke[ratio] > 1.5 and abs(light[ratio]) < 0.5


def test_too_few_looks_say_nothing() -> None:
    assert features(series_of(billows, 2)) is None


@given(st.integers(3, MAX_CROPS), st.integers(0, 9))
def test_the_numbers_are_always_numbers(looks: int, seed: int) -> None:
    def noise(step: int) -> NDArray[np.uint8]:
        return np.random.default_rng((seed, step)).integers(0, 256, (36, 64, 3), np.uint8)

    vector = features(series_of(noise, looks))
    assert vector is not None and np.isfinite(vector).all() and vector.shape == (len(NAMES),)
    assert 0.0 <= PlumeJudge().belief(Seen.SMOKE, vector) <= 1.0


def watched(picture: object, judge: PlumeJudge | None, score: float = 0.45) -> list[IncidentState]:
    assert callable(picture)
    watch = CameraWatch(CAM, Policies(presence=SMOKE), 2.0, judge=judge)
    states = []
    for step in range(30):
        image = picture(step)
        look = watch.step([saw(Seen.SMOKE, PLUME, score)], cutter(image), at(2 * step))
        states += [incident.state for incident in look.incidents]
    return states


def test_smoke_opens_and_a_lamp_that_looks_like_it_does_not() -> None:
    assert IncidentState.OPENED in watched(billows, PlumeJudge(), 0.5)
    assert watched(lamp, PlumeJudge(), 0.2) == []


def test_the_second_stage_can_only_hold_back() -> None:
    """Without a single box nothing opens, however sure it would be."""
    watch = CameraWatch(CAM, Policies(presence=SMOKE), 2.0, judge=PlumeJudge())
    assert all(not watch.step([], cutter(billows(step)), at(2 * step)).incidents for step in range(30))


def test_nobody_to_ask_opens_nothing_that_needs_asking() -> None:
    assert watched(billows, None) == []


def test_presence_waits_for_the_belief() -> None:
    tracker, presence = Tracker(SMOKE), Presence(SMOKE, 2.0)
    opened = []
    for step in range(20):
        look = tracker.step([Thing(Seen.SMOKE, 0.5, PLUME)], at(2 * step))
        opened += [step for _ in presence.step(look, at(2 * step), {1: 0.9} if step >= 12 else {1: 0.3})]
    assert opened[0] == 12


def test_weights_for_other_features_are_refused(tmp_path: Path) -> None:
    content = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(content | {"features": ["other"]}), encoding="utf-8")
    with pytest.raises(UsageError, match="other features"):
        PlumeJudge(path)
    path.write_text(json.dumps(content | {"kinds": {"smoke": {}}}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"kinds\.(smoke|flame)"):
        PlumeJudge(path)
    path.write_text("not json", encoding="utf-8")
    with pytest.raises(UsageError, match="unreadable"):
        PlumeJudge(path)
