"""Training plans are read strictly, and pictures are laid out with our class numbers."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.errors import UsageError
from models.classes import STREET_LABELS, model_classes
from models.judging import folder_pictures
from models.mixture import lay_out
from models.pictures import fair_sample
from models.plan import REPOSITORY, Pseudo, Source, TrainingPlan, read_plan
from models.training.sources import check_source

PLANS = sorted((REPOSITORY / "configs" / "training").glob("*.yaml"))


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Four pictures with a projecting sign, a poster and a flame each; signs are exhaustive."""
    folder = tmp_path / "photographs"
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for k in range(4):
        cv2.imwrite(str(folder / "images" / f"p{k}.png"), np.full((60, 1600, 3), 40 * k, np.uint8))
        (folder / "labels" / f"p{k}.txt").write_text("0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.1 0.1\n2 0.3 0.3 0.1 0.1\n")
    facts = {"classes": ["projecting_sign", "poster", "flame"], "exhaustive_for": ["projecting_sign"]}
    (folder / "source.json").write_text(json.dumps(facts))
    (folder / "split.json").write_text(json.dumps({"p0": "train", "p1": "val", "p2": "train", "p3": "train"}))
    return folder


def plan_with(source: Source) -> TrainingPlan:
    return TrainingPlan(name="trial", start=Path("none.pt"), epochs=1, image_px=320, sources=(source,))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_plan_in_the_repository_loads(path: Path) -> None:
    assert read_plan(path).labels == STREET_LABELS


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("name: x\nstart: a.pt\nepochs: 1\nimage_px: 320\nsources: [{folder: a, repeats: 3}]\n")
    with pytest.raises(UsageError, match=r"plan.yaml: sources.0.repeats: Extra inputs"):
        read_plan(path)


def test_labels_are_renamed_renumbered_and_dropped(photographs: Path, tmp_path: Path) -> None:
    """A projecting sign is a shop sign, a poster is none of ours, a flame keeps its meaning."""
    source = Source(folder=photographs, rename={"projecting_sign": "shop_sign"}, absent=("smoke",))
    part = lay_out(plan_with(source), check_source(plan_with(source), source), tmp_path / "mix", None, lambda: None)
    lines = (tmp_path / "mix" / "labels" / "p0.txt").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == [STREET_LABELS.index("shop_sign"), STREET_LABELS.index("flame")]
    assert part.known == ("smoke", "shop_sign")


def test_held_out_pictures_are_never_shown(photographs: Path, tmp_path: Path) -> None:
    source = Source(folder=photographs, holdout="split", repeat=2)
    part = lay_out(plan_with(source), check_source(plan_with(source), source), tmp_path / "mix", None, lambda: None)
    assert {path.stem for path in part.val} == {"p1"}
    assert sorted(path.stem for path in part.train) == ["p0", "p0", "p2", "p2", "p3", "p3"]


def test_a_number_holds_out_the_same_pictures_every_time(photographs: Path, tmp_path: Path) -> None:
    source = Source(folder=photographs, holdout=2)
    parts = [
        lay_out(plan_with(source), check_source(plan_with(source), source), tmp_path / name, None, lambda: None)
        for name in ("a", "b")
    ]
    assert [path.stem for path in parts[0].val] == [path.stem for path in parts[1].val]
    assert len(parts[0].val) == 2


def test_other_models_boxes_are_added_and_count_as_known(photographs: Path, tmp_path: Path) -> None:
    source = Source(folder=photographs)
    pseudo = Pseudo(weights=Path("x.pt"), least_score=0.4, label_by_coco_class={0: "person"})
    plan = plan_with(source).model_copy(update={"pseudo": pseudo})
    part = lay_out(
        plan,
        check_source(plan, source),
        tmp_path / "mix",
        lambda _picture, _labelled: ["9 0.5 0.5 0.1 0.1"],
        lambda: None,
    )
    assert "person" in part.known
    assert (tmp_path / "mix" / "labels" / "p0.txt").read_text().endswith("9 0.5 0.5 0.1 0.1\n")


def test_large_photographs_are_kept_small(photographs: Path, tmp_path: Path) -> None:
    source = Source(folder=photographs)
    part = lay_out(plan_with(source), check_source(plan_with(source), source), tmp_path / "mix", None, lambda: None)
    picture = cv2.imread(str(part.train[0]))
    assert picture is not None
    assert max(picture.shape) == 800


def test_only_exhaustive_classes_are_judged(photographs: Path) -> None:
    """The unlabelled poster of another picture must not count as a miss or a false alarm."""
    pictures = folder_pictures(photographs)
    assert {label for picture in pictures for label in picture.known} == {"projecting_sign"}
    assert len(pictures[0].truths) == 3


def test_a_fair_sample_takes_evenly_from_each_folder(photographs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "one.png"), np.zeros((4, 4, 3), np.uint8))
    assert [path.name for path in fair_sample(tmp_path, 4)] == ["one.png", "p0.png", "p2.png"]


def test_a_label_without_a_meaning_is_refused() -> None:
    with pytest.raises(UsageError, match="unicorn"):
        model_classes(["smoke", "unicorn"])


def test_fire_is_cut_lower_than_solid_things() -> None:
    """Thin smoke scores low for minutes; time confirms it, not one look."""
    smoke, stall = model_classes(["smoke", "stall"], {})
    assert smoke.threshold < stall.threshold
    assert model_classes(["smoke"], {"smoke": 0.3})[0].threshold == 0.3
