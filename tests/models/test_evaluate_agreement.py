"""Agreement with a pretrained net: its sure boxes are taken as true, its doubtful ones judge nobody."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.manifest import Engine
from edge.values import Box
from models.evaluation.agreement import Agreement, agree
from models.evaluation.clips import Clip
from models.evaluation.eyes import Sight
from models.evaluation.references import Said, open_reference
from models.plan import REPOSITORY
from tests.edge.clips import encode
from tests.models.sights import HERE, THERE, picture, saw

MODEL = sorted((REPOSITORY / "models" / "zoo").glob("*/*/manifest.json"))[0].parent
MIDDLE: Box = (0.4, 0.4, 0.5, 0.5)


class Witness:
    """A net that says the same of every picture."""

    def __init__(self, *said: Said) -> None:
        self._said = said
        self.name = "witness"

    def boxes(self, frame: NDArray[np.uint8]) -> tuple[Said, ...]:
        return self._said


class Judged:
    """A model that sees the same in every picture."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    @property
    def thresholds(self) -> Mapping[str, float]:
        return {"person": 0.25, "flame": 0.25}

    def look(self, frame: NDArray[np.uint8]) -> Sight:
        return self._sight


SIGHT = saw(("person", 0.9, HERE), ("person", 0.6, THERE), ("person", 0.1, MIDDLE), ("flame", 0.9, HERE))


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "p.png"
    cv2.imwrite(str(path), np.full((36, 64, 3), 90, np.uint8))
    return path


def agreement(photograph: Path, *said: Said) -> Agreement:
    return agree(
        Judged(SIGHT), Witness(*said), [picture([], SIGHT, name=str(photograph))], (), 20, 1, on_picture=lambda: None
    )


def test_sure_boxes_are_taken_as_true(photograph: Path) -> None:
    """Only classes that both know are compared; fire is none of them."""
    told = agreement(photograph, Said("person", 0.9, HERE), Said("person", 0.7, THERE), Said("cycle", 0.9, HERE))
    assert set(told.by_label) == {"person"}
    assert told.by_label["person"].f1.value == 1.0
    assert told.by_label["person"].instances == 2
    assert told.by_source["street"]["person"].recall == 1.0


def test_doubtful_boxes_judge_nobody_unless_strictly(photograph: Path) -> None:
    told = agreement(photograph, Said("person", 0.9, HERE), Said("person", 0.3, THERE)).by_label["person"]
    assert (told.f1.value, told.precision, told.instances) == (1.0, 1.0, 1)
    assert told.strict_f1 == pytest.approx(2 / 3)


def test_what_the_net_denies_is_false(photograph: Path) -> None:
    told = agreement(photograph, Said("person", 0.9, HERE)).by_label["person"]
    assert (told.precision, told.recall) == (0.5, 1.0)
    assert told.best_f1 == 1.0
    assert told.best_threshold == pytest.approx(0.9)


def test_frames_of_clips_count_one_a_second(tmp_path: Path) -> None:
    clip = encode(tmp_path / "neg_a.mp4", [np.full((36, 64, 3), 90, np.uint8)] * 25)
    counted: list[None] = []
    told = agree(
        Judged(SIGHT),
        Witness(Said("person", 0.9, HERE), Said("person", 0.9, MIDDLE)),
        (),
        [Clip(clip, ())],
        20,
        1,
        on_picture=lambda: counted.append(None),
    )
    assert told.pictures == len(counted) == 3
    assert told.by_source["neg_a.mp4"]["person"].instances == 6
    assert told.by_label["person"].recall == 0.5


def test_agreement_on_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to agree on"):
        agree(Judged(SIGHT), Witness(), (), (), 20, 1, on_picture=lambda: None)


def test_a_model_folder_can_be_the_witness() -> None:
    reference = open_reference(MODEL, threads=1, engine=Engine.ONNX_FP32)
    golden = cv2.imread(str(MODEL / "golden.jpg"))
    assert golden is not None
    said = reference.boxes(np.asarray(golden, np.uint8))
    assert all(entry.label in {"person", "vehicle", "cycle"} and entry.score >= 0.1 for entry in said)
    assert reference.name.startswith("street-")


def test_weights_that_nobody_vouches_for_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "stranger.pt"
    weights.write_bytes(b"a pickle could be anything")
    with pytest.raises(UsageError, match="nobody vouches"):
        open_reference(weights, threads=1)
