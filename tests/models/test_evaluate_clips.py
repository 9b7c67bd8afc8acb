"""Clips: what their names and clips.json say is there, and what a replay's incidents are worth."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.manifest import Engine, ModelClass, ModelManifest
from contract.taxonomy import Seen
from edge.rules.policy import Policies
from edge.settings import ReplaySettings
from edge.values import Detection
from models.evaluation.clips import Clip, Truth, read_clips, truths_of_name
from models.evaluation.events import EventVerdict, Outcome, Reported, judge_clip
from models.evaluation.watching import watch
from tests.edge.clips import encode
from tests.edge.fakes import LEFT, MANIFEST, ScriptedDetector, policy, saw

POLICIES = Policies(presence={Seen.SMOKE: policy(present_after_s=2), Seen.STALL: policy(present_after_s=3)})
WATCHABLE = {Seen.SMOKE: 10.0, Seen.FLAME: 5.0}


class Brightness(ScriptedDetector):
    """Sees smoke wherever the picture is bright."""

    @property
    def manifest(self) -> ModelManifest:
        smoke = ModelClass(label="smoke", means=Seen.SMOKE, threshold=0.25)
        return MANIFEST.model_copy(update={"classes": (*MANIFEST.classes, smoke)})

    @property
    def engine(self) -> Engine:
        return Engine.ONNX_FP32

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        return (saw(Seen.SMOKE, LEFT),) if frame.mean() > 100 else ()


def clip(path: Path, *parts: tuple[float, int]) -> Path:
    """A clip of plain grey: (seconds, grey) one after the other, ten pictures a second."""
    pictures = [np.full((36, 64, 3), grey, np.uint8) for seconds, grey in parts for _ in range(int(10 * seconds))]
    return encode(path, pictures)


def seen(folder: Path) -> EventVerdict:
    watched: list[float] = []
    verdict = watch(read_clips(folder), Brightness(), ReplaySettings(look_every_s=0.5), POLICIES, watched.append)
    assert sum(watched) == pytest.approx(sum(report.watched_s for report in verdict.clips), abs=1.0)
    return verdict


def test_a_name_says_what_is_there() -> None:
    assert truths_of_name("pos_fire_smoke_burning_car_01") == (Truth(Seen.FLAME), Truth(Seen.SMOKE))
    assert truths_of_name("pos_vendor_cart_garbage_pile_x") == (Truth(Seen.CART), Truth(Seen.GARBAGE))
    assert truths_of_name("neg_street") == ()
    assert truths_of_name("street_smoke") is None
    assert truths_of_name("pos_party") is None


def test_clips_json_beats_the_name(tmp_path: Path) -> None:
    (tmp_path / "neg_a.mp4").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("not a clip")
    facts = {"neg_a.mp4": {"events": [{"seen": "fire", "from_s": 3, "to_s": 9}]}}
    (tmp_path / "clips.json").write_text(json.dumps(facts))
    assert read_clips(tmp_path) == (Clip(tmp_path / "neg_a.mp4", (Truth(Seen.FLAME, 3.0, 9.0),)),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"b.mp4": {"events": []}}', "names b.mp4, which is no file"),
        ('{"a.mp4": {"events": [{"seen": "dragon"}]}}', "seen 'dragon'"),
        ('{"a.mp4": {"events": [{"seen": "smoke", "from_s": 9, "to_s": 3}]}}', "must lie after"),
        ('{"a.mp4": []}', "clips.json: a.mp4"),
        ("{", "clips.json:1"),
    ],
)
def test_a_faulty_clips_json_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "clips.json").write_text(content)
    with pytest.raises(UsageError, match=message):
        read_clips(tmp_path)


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        read_clips(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="holds no clips"):
        read_clips(tmp_path)


def test_clips_are_watched_and_counted(tmp_path: Path) -> None:
    """Smoke from the fourth second on; nothing; a false alarm; and one that nobody judges."""
    clip(tmp_path / "late.mp4", (4, 20), (6, 200))
    (tmp_path / "clips.json").write_text('{"late.mp4": {"events": [{"seen": "smoke", "from_s": 4}]}}')
    clip(tmp_path / "neg_dark.mp4", (6, 20))
    clip(tmp_path / "neg_bright.mp4", (6, 200))
    clip(tmp_path / "pos_smoke_unseen.mp4", (6, 20))
    clip(tmp_path / "holiday.mp4", (6, 200))
    (tmp_path / "neg_torn.mp4").write_bytes(b"no clip")
    verdict = seen(tmp_path)
    reports = {report.name: report for report in verdict.clips}
    (late,) = reports["late.mp4"].found
    assert late.outcome is Outcome.DETECTED
    assert late.seconds_to_confirm == pytest.approx(2.0, abs=0.6)
    assert [found.outcome for found in reports["pos_smoke_unseen.mp4"].found] == [Outcome.MISSED]
    assert [incident.seen for incident in reports["neg_bright.mp4"].false] == [Seen.SMOKE]
    assert reports["holiday.mp4"].false == ()
    assert len(reports["holiday.mp4"].incidents) == 1
    assert "neg_torn.mp4" in (reports["neg_torn.mp4"].fault or "")
    smoke = verdict.kinds[Seen.SMOKE]
    assert (smoke.detected, smoke.missed, smoke.false.count) == (1, 1, 1)
    assert verdict.negatives.hours == pytest.approx(2 * 5.9 / 3600, abs=1e-3)
    assert verdict.negatives.per_hour.value == pytest.approx(1 / verdict.negatives.hours)
    assert verdict.negatives.per_hour.low < verdict.negatives.per_hour.value < verdict.negatives.per_hour.high
    assert verdict.negatives_fire.count == 1


def test_a_folder_of_torn_clips_is_refused(tmp_path: Path) -> None:
    (tmp_path / "neg_torn.mp4").write_bytes(b"no clip")
    with pytest.raises(UsageError, match="none of 1 clips could be read"):
        seen(tmp_path)


def test_an_incident_belongs_to_the_event_it_overlaps_in_time() -> None:
    """Smoke at 20..40 s was there; smoke at 60 s is another, and false; so is a flame at any time."""
    told = judge_clip(
        Clip(Path("a.mp4"), (Truth(Seen.SMOKE, 20, 40),)),
        (
            Reported(Seen.SMOKE, 22, 33, 45),
            Reported(Seen.SMOKE, 55, 66, 70),
            Reported(Seen.FLAME, 22, 27, 30),
        ),
        90.0,
        WATCHABLE,
        None,
    )
    assert [(entry.outcome, entry.seconds_to_confirm) for entry in told.found] == [(Outcome.DETECTED, 13.0)]
    assert [(entry.seen, entry.confirmed_s) for entry in told.false] == [(Seen.SMOKE, 66), (Seen.FLAME, 27)]


def test_what_is_too_short_or_not_watched_for_is_not_missed() -> None:
    truths = (Truth(Seen.SMOKE, 0, 8), Truth(Seen.FLAME, 0, 8), Truth(Seen.GRILL))
    told = judge_clip(Clip(Path("a.mp4"), truths), (), 90.0, WATCHABLE, None)
    assert [entry.outcome for entry in told.found] == [Outcome.TOO_SHORT, Outcome.MISSED, Outcome.NOT_WATCHED]
