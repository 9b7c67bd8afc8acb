"""What can't be meant by a plan is refused before anything is written."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from contract.errors import UsageError
from models.plan import Source, TrainingPlan
from models.training.provenance import keep_or_compare, provenance
from models.training.sources import check_sources


def make_source(folder: Path, classes: list[str], exhaustive: list[str], pictures: int = 6) -> Path:
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for k in range(pictures):
        cv2.imwrite(str(folder / "images" / f"p{k}.png"), np.full((8, 8, 3), 9 * k, np.uint8))
        (folder / "labels" / f"p{k}.txt").write_text("0 0.5 0.5 0.2 0.2\n" if classes else "")
    (folder / "source.json").write_text(json.dumps({"classes": classes, "exhaustive_for": exhaustive}))
    return folder


def plan_with(*sources: Source, runs: Path = Path("runs"), batch: int = 16) -> TrainingPlan:
    return TrainingPlan(
        name="trial", runs=runs, start=Path("a.pt"), epochs=1, image_px=320, batch=batch, sources=sources
    )


@pytest.fixture
def signs(tmp_path: Path) -> Path:
    return make_source(tmp_path / "signs", ["shop_sign", "projecting"], ["shop_sign"])


def test_a_label_that_differs_only_in_spelling_clashes(tmp_path: Path) -> None:
    """`Shop-Sign` beside another source's `shop_sign` would be dropped without a word."""
    folder = make_source(tmp_path / "other", ["Shop-Sign"], [])
    with pytest.raises(UsageError, match=r"'Shop-Sign' clashes with our 'shop_sign'.*rename: \{Shop-Sign: shop_sign\}"):
        check_sources(plan_with(Source(folder=folder, holdout=1)))
    check_sources(plan_with(Source(folder=folder, holdout=1, rename={"Shop-Sign": "shop_sign"})))


def test_a_rename_of_a_class_that_is_not_there_is_refused(signs: Path) -> None:
    with pytest.raises(UsageError, match="rename names projecting_sign, not one of its classes shop_sign, projecting"):
        check_sources(plan_with(Source(folder=signs, holdout=1, rename={"projecting_sign": "shop_sign"})))


def test_a_rename_to_a_word_that_is_none_of_ours_is_refused(signs: Path) -> None:
    with pytest.raises(ValidationError, match="shopsign: none of the plan's labels"):
        plan_with(Source(folder=signs, rename={"projecting": "shopsign"}))


def test_silence_counts_only_if_all_classes_that_become_ours_are_exhaustive(signs: Path) -> None:
    """Unboxed projecting signs must not be taught as absence of signs once they are the same thing."""
    (alone,) = check_sources(plan_with(Source(folder=signs, holdout=1)))
    assert alone.known == {"shop_sign"}
    (merged,) = check_sources(plan_with(Source(folder=signs, holdout=1, rename={"projecting": "shop_sign"})))
    assert merged.known == set()


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    """Their pictures would be laid out over each other."""
    twice = [Source(folder=tmp_path / side / "city" / "train") for side in ("a", "b")]
    with pytest.raises(ValidationError, match="two are called city-train"):
        plan_with(*twice)


def test_a_faulty_label_is_named_with_file_and_line(signs: Path) -> None:
    (signs / "labels" / "p1.txt").write_text("0 0.5 0.5 0.2 0.2\n7 0.5 0.5 0.2 0.2\n")
    with pytest.raises(UsageError, match=r"p1\.txt:2: class 7 is out of range"):
        check_sources(plan_with(Source(folder=signs)))


@pytest.mark.parametrize(
    ("holdout", "message"),
    [
        ("none", "holds no picture back"),
        ("all", "holds every picture back"),
        (6, "holdout: 6 leaves no picture to train on"),
        ("split", r"split\.json: no such file"),
    ],
)
def test_an_empty_split_is_refused(signs: Path, holdout: str | int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_sources(plan_with(Source.model_validate({"folder": signs, "holdout": holdout})))


def test_a_split_that_keeps_nothing_back_is_refused(signs: Path) -> None:
    (signs / "split.json").write_text(json.dumps({f"p{k}": "train" for k in range(6)}))
    with pytest.raises(UsageError, match="holdout: split leaves no picture to judge on"):
        check_sources(plan_with(Source(folder=signs, holdout="split")))


def test_take_keeps_the_same_few_pictures(signs: Path) -> None:
    (few,) = check_sources(plan_with(Source(folder=signs, take=4, holdout=1)))
    (again,) = check_sources(plan_with(Source(folder=signs, take=4, holdout=1)))
    assert len(few.train) == 3
    assert few == again


@pytest.mark.parametrize("changed", ["label", "plan", "weights", "nothing"])
def test_a_run_goes_on_only_as_what_it_was_begun(signs: Path, tmp_path: Path, changed: str) -> None:
    source = Source(folder=signs, holdout=1)
    plan = plan_with(source, runs=tmp_path)
    keep_or_compare(plan.run_dir, provenance(plan, check_sources(plan), {"start": "a"}))
    before = (plan.run_dir / "provenance.json").read_bytes()
    if changed == "label":
        (signs / "labels" / "p1.txt").write_text("0 0.5 0.5 0.2 0.3\n")
    plan = plan_with(source, runs=tmp_path, batch=8 if changed == "plan" else 16)
    fresh = provenance(plan, check_sources(plan), {"start": "b" if changed == "weights" else "a"})
    told = {"label": f"content of {signs}", "plan": r"plan \(batch\)", "weights": "start weights file"}
    if changed in told:
        with pytest.raises(UsageError, match=f"begun with another {told[changed]}; .*another name"):
            keep_or_compare(plan.run_dir, fresh)
    else:
        keep_or_compare(plan.run_dir, fresh)
    assert (plan.run_dir / "provenance.json").read_bytes() == before


def test_another_machine_may_go_on_with_a_run(signs: Path, tmp_path: Path) -> None:
    source = Source(folder=signs, holdout=1)
    plan = plan_with(source, runs=tmp_path)
    keep_or_compare(plan.run_dir, provenance(plan, check_sources(plan), {}))
    elsewhere = plan.model_copy(update={"threads": 16, "device": "0,1", "workers": 4})
    keep_or_compare(plan.run_dir, provenance(elsewhere, check_sources(elsewhere), {}))
