"""From folders to a committed lock: copies across sources stay together, what is locked stays, mistakes are named."""

import json
from pathlib import Path

import pytest

from contract.errors import UsageError
from datasets.folder import read_folder
from datasets.manifest import make_manifest
from datasets.split_lock import LockedPicture, SplitLock, folded, halved, read_lock, write_lock
from datasets.split_plan import SplitPlan, plan_for_folders, read_split_plan
from datasets.splitting import SplitReport, make_lock
from tests.datasets.builders import scene, write_picture, write_source


def lock_of(plan: SplitPlan, old: SplitLock | None = None) -> SplitReport:
    return make_lock(plan, old, lambda count: None, lambda: None)


def plan_of(*roots: Path) -> SplitPlan:
    return plan_for_folders(roots, 0.2, 5)


def stems(first: int, count: int) -> dict[str, list[str]]:
    return {f"p{number:02}": ["0 0.5 0.5 0.2 0.2"] for number in range(first, first + count)}


@pytest.fixture
def news(tmp_path: Path) -> Path:
    return write_source(tmp_path / "news", stems(0, 10))


@pytest.fixture
def hot(tmp_path: Path) -> Path:
    """Ten pictures of its own; p00 is given as val."""
    split = {stem: "val" if stem in ("p00", "p01") else "train" for stem in stems(0, 10)}
    return write_source(tmp_path / "hot", stems(0, 10), split=split, first_seed=100)


def test_a_fifth_of_the_scenes_is_held_out(news: Path) -> None:
    lock = lock_of(plan_of(news)).lock
    halves = [place.half for place in lock.by_source["news"].values()]
    assert (halves.count("train"), halves.count("val")) == (8, 2)
    assert {place.fold for place in lock.by_source["news"].values()} == {0, 1, 2, 3, 4}


def test_a_mirrored_copy_in_another_source_never_straddles(hot: Path, news: Path) -> None:
    write_picture(news / "images" / "p05.png", scene(100)[:, ::-1])
    report = lock_of(plan_of(hot, news))
    given, copy = report.lock.by_source["hot"]["p00"], report.lock.by_source["news"]["p05"]
    assert report.alike_across_sources == 1
    assert (given.half, copy.half) == ("val", "val")
    assert (copy.scene, copy.fold) == (given.scene, given.fold)


def test_train_pictures_of_a_given_val_scene_are_withheld(hot: Path) -> None:
    write_picture(hot / "images" / "p07.png", scene(100)[:, ::-1])
    lock = lock_of(plan_of(hot)).lock
    assert lock.by_source["hot"]["p00"].half == "val"
    assert lock.by_source["hot"]["p07"].half == "withheld"
    (hot / "scenes.json").write_text('{"p07": "yard"}')
    kept = halved(read_folder(hot), lock)
    assert len(make_manifest([kept], lock=lock).records) == 9, "scenes.json may name what the lock withholds"
    assert "p07" not in [picture.path.stem for picture in kept.pictures]
    assert [picture.path.stem for picture in kept.pictures if picture.split == "val"] == ["p00", "p01"]
    fold = lock.by_source["hot"]["p07"].fold
    assert {p.path.stem for p in folded(read_folder(hot), lock, fold).pictures if p.split == "val"} >= {"p00", "p07"}


def test_a_told_scene_stays_together(tmp_path: Path) -> None:
    scenes = {f"p{number:02}": f"cam-{number % 3}" for number in range(12)}
    root = write_source(tmp_path / "city", stems(0, 12), scenes=scenes)
    lock = lock_of(plan_of(root)).lock
    for camera in set(scenes.values()):
        assert len({lock.by_source["city"][stem].half for stem, of in scenes.items() if of == camera}) == 1


def test_more_pictures_move_none_that_is_locked(news: Path, hot: Path, tmp_path: Path) -> None:
    first = lock_of(plan_of(news)).lock
    write_source(news, stems(10, 10), first_seed=50)
    second = lock_of(plan_of(news, hot), first)
    assert {stem: second.lock.by_source["news"][stem] for stem in first.by_source["news"]} == first.by_source["news"]
    assert second.newly_locked == 20
    assert lock_of(plan_of(news, hot), second.lock).newly_locked == 0
    only_hot = lock_of(plan_of(hot), second.lock).lock
    assert only_hot.by_source["news"] == second.lock.by_source["news"], "a source left out keeps its places"


def test_a_locked_picture_that_was_replaced_is_named(news: Path) -> None:
    lock = lock_of(plan_of(news)).lock
    write_picture(news / "images" / "p03.png", scene(999))
    with pytest.raises(UsageError, match=r"p03\.png: is not the picture that was locked"):
        lock_of(plan_of(news), lock)


def test_a_split_json_that_contradicts_the_lock_is_named(hot: Path) -> None:
    lock = lock_of(plan_of(hot)).lock
    split = {**dict.fromkeys(stems(0, 10), "train"), "p02": "val"}
    (hot / "split.json").write_text(json.dumps(split))
    with pytest.raises(UsageError, match=r"asked for as (train|val), locked as (train|val).*--relock"):
        lock_of(plan_of(hot), lock)


def test_an_empty_half_is_refused(tmp_path: Path) -> None:
    root = write_source(tmp_path / "one", stems(0, 4), scenes=dict.fromkeys(stems(0, 4), "cam-1"))
    with pytest.raises(UsageError, match=r"one: val would be empty \(4 pictures, too few scenes to part\)"):
        lock_of(plan_of(root))
    (root / "scenes.json").unlink()
    (root / "split.json").write_text(json.dumps(dict.fromkeys(stems(0, 4), "val")))
    with pytest.raises(UsageError, match="train would be empty"):
        lock_of(plan_of(root))


def test_a_split_json_with_gaps_is_refused(hot: Path) -> None:
    (hot / "split.json").write_text('{"p00": "val"}')
    with pytest.raises(UsageError, match=r"split\.json: says nothing of p01"):
        lock_of(plan_of(hot))


def test_clashing_class_names_are_refused(news: Path, tmp_path: Path) -> None:
    other = write_source(tmp_path / "other", stems(0, 5), classes=["Smoke"], exhaustive_for=[], first_seed=60)
    with pytest.raises(UsageError, match=r"'smoke' \(news\) and 'Smoke' \(other\); import one of them with --rename"):
        lock_of(plan_of(news, other))


def test_other_folds_than_the_locks_are_refused(news: Path) -> None:
    lock = lock_of(plan_of(news)).lock
    with pytest.raises(UsageError, match="the lock has 5 folds, 3 are asked for"):
        lock_of(plan_for_folders((news,), 0.2, 3), lock)


def test_a_lock_is_written_and_read_back_the_same(tmp_path: Path, news: Path) -> None:
    lock = lock_of(plan_of(news)).lock
    path = tmp_path / "split.lock.json"
    write_lock(path, lock)
    assert read_lock(path) == lock
    text = path.read_text()
    write_lock(path, lock_of(plan_of(news), read_lock(path)).lock)
    assert path.read_text() == text
    assert [entry.name for entry in tmp_path.iterdir() if "partial" in entry.name] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "form: is missing"),
        ('{"form": "xunjie-split/1", "folds": 5, "sources": {"a": {"b": ["0", "s", "test", 1]}}}', "sources.a.b"),
        ('{"form": "xunjie-split/1", "folds": 5, "sources": {"a": {"b": ["0", "s", "val", 5]}}}', "fold 5 is not 0..4"),
        ("[", "is not JSON"),
    ],
)
def test_a_bad_lock_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "split.lock.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_lock(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_a_picture_outside_the_lock_is_named(news: Path) -> None:
    lock = SplitLock(5, {"news": {"p00": LockedPicture("0", "s", "val", 0)}})
    with pytest.raises(UsageError, match=r"p01\.png: is in no split"):
        halved(read_folder(news), lock)
    with pytest.raises(UsageError, match=r"fold 5: the lock has folds 0\.\.4"):
        folded(read_folder(news), lock, 5)


@pytest.mark.parametrize("pattern", ["(", "no group", "(a)(b)"])
def test_a_bad_pattern_in_a_plan_is_named(tmp_path: Path, pattern: str) -> None:
    path = tmp_path / "split.yaml"
    path.write_text(json.dumps({"sources": [{"folder": "x", "scenes": [pattern]}]}))
    with pytest.raises(UsageError, match=r"split\.yaml: sources\[0\]\.scenes"):
        read_split_plan(path)
