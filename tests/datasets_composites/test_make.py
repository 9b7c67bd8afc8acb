"""The folders written: truthful, the same for the same arguments, all or nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from contract.errors import UsageError
from datasets.cli import app
from datasets.composites.backgrounds import Family, read_family
from datasets.composites.make import Made, Order, make_composites
from datasets.composites.things import LABELS
from datasets.folder import read_folder
from datasets.split_lock import Half, LockedPicture, SplitLock
from tests.datasets_composites.conftest import FolderMaker


def families(*arguments: str) -> list[Family]:
    return [family for each in arguments if (family := read_family(each, {}, "train", None)) is not None]


def make(out: Path, found: list[Family], count: int = 6) -> Made:
    return make_composites(out, found, [], Order(count, 3, 240, "python -m datasets composites", flows=2), lambda: None)


def all_train(name: str, count: int = 4) -> dict[str, str]:
    return {f"{name}-{number}": "train" for number in range(count)}


@pytest.fixture
def two(make_folder: FolderMaker) -> list[Family]:
    """A family known to be without fire, and one of which a person said that it has no stalls."""
    first = make_folder("calm", split=all_train("calm"))
    second = make_folder("square", exhaustive_for=(), split=all_train("square"))
    return families(str(first), f"{second}:stall,vendor_cart")


def test_every_family_gets_a_folder_that_says_what_silence_means(two: list[Family], tmp_path: Path) -> None:
    made = make(tmp_path / "out", two)
    assert sum(made.pictures_by_family.values()) == made.pictures == 6
    for name, absent in (("calm", {"smoke", "flame"}), ("square", {"stall", "vendor_cart"})):
        folder = read_folder(tmp_path / "out" / name)
        assert folder.classes == LABELS
        assert folder.exhaustive_for == absent
        assert folder.name == f"composites-{name}"
        assert len(folder.pictures) == made.pictures_by_family[name]
    assert not (tmp_path / ".out.part").exists()


def test_the_same_arguments_give_the_same_bytes(two: list[Family], tmp_path: Path) -> None:
    make(tmp_path / "one", two)
    make(tmp_path / "other", two)
    paths = [path for path in sorted((tmp_path / "one").rglob("*")) if path.is_file()]
    assert len(paths) == 6 * 2 + 2
    for path in paths:
        assert (tmp_path / "other" / path.relative_to(tmp_path / "one")).read_bytes() == path.read_bytes()


def test_a_picture_that_shows_what_would_be_laid_is_no_background(make_folder: FolderMaker) -> None:
    split = all_train("market")
    market = make_folder("market", 4, ("stall",), ("stall",), {0: "0 0.5 0.5 0.2 0.2\n"}, split)
    (family,) = families(str(market))
    assert [background.stem for background in family.backgrounds] == ["market-1", "market-2", "market-3"]


def test_train_and_val_share_no_background(make_folder: FolderMaker) -> None:
    folder = make_folder("calm", split={**all_train("calm"), "calm-2": "val"})
    halves = [read_family(str(folder), {}, part, None) for part in ("train", "val")]
    stems = [{background.stem for background in half.backgrounds} for half in halves if half is not None]
    assert stems == [{"calm-0", "calm-1", "calm-3"}, {"calm-2"}]


def test_a_lock_decides_over_split_json_and_withheld_pictures_are_in_neither_part(make_folder: FolderMaker) -> None:
    folder = make_folder("calm", split=all_train("calm"))
    halves: tuple[Half, ...] = ("train", "val", "withheld", "val")
    places = {f"calm-{k}": LockedPicture("0" * 16, str(k), half, 0) for k, half in enumerate(halves)}
    lock = SplitLock(5, {"calm": places})
    found = [read_family(str(folder), {}, part, lock) for part in ("train", "val")]
    stems = [{background.stem for background in half.backgrounds} for half in found if half is not None]
    assert stems == [{"calm-0"}, {"calm-1", "calm-3"}]


def test_a_picture_that_the_lock_does_not_know_is_refused(make_folder: FolderMaker) -> None:
    with pytest.raises(UsageError, match=r"calm-0\.jpg: is in no split"):
        read_family(str(make_folder("calm")), {}, "train", SplitLock(5, {}))


def test_a_list_of_views_limits_both_parts(make_folder: FolderMaker) -> None:
    folder = make_folder("calm", split={**all_train("calm"), "calm-2": "val"})
    assert read_family(str(folder), {"calm-1": None}, "val", None) is None


def test_an_out_folder_with_something_in_it_is_refused(two: list[Family], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="out: is there already"):
        make(tmp_path / "out", two)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_picture_that_is_text_ends_the_run_and_leaves_nothing(make_folder: FolderMaker, tmp_path: Path) -> None:
    folder = make_folder("calm", 1, split=all_train("calm", 1))
    found = families(str(folder))
    (folder / "images" / "calm-0.jpg").write_text("not a picture")
    with pytest.raises(UsageError, match=r"calm-0\.jpg"):
        make(tmp_path / "out", found)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / ".out.part").exists()


@pytest.mark.parametrize(
    "suffix,message", [(":smok", "smok is none of smoke, flame"), ("-missing", "no such folder or clip")]
)
def test_a_background_that_makes_no_sense_is_refused(make_folder: FolderMaker, suffix: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_family(f"{make_folder('calm')}{suffix}", {}, "train", None)


def test_a_clip_that_is_no_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "street.mp4").write_text("no clip")
    with pytest.raises(UsageError, match=r"street\.mp4: no clip that can be read"):
        read_family(str(tmp_path / "street.mp4"), {}, "train", None)


def test_the_same_source_twice_is_refused(two: list[Family], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two backgrounds are both named calm"):
        make(tmp_path / "out", [two[0], two[0]])


def test_nothing_in_this_part_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no background has a picture in this part"):
        make(tmp_path / "out", [])


def lines_of(out: Path) -> Iterator[tuple[Path, list[float]]]:
    for path in sorted(out.glob("*/labels/*.txt")):
        for line in path.read_text().splitlines():
            yield path, [float(part) for part in line.split()]


def test_the_command_prints_what_it_wrote(make_folder: FolderMaker, tmp_path: Path) -> None:
    folder = make_folder("calm", split=all_train("calm"))
    out = tmp_path / "out"
    arguments = ["--background", f"{folder}:grill", "--out", str(out), "--count", "2", "--seed", "2"]
    result = CliRunner().invoke(app, ["composites", *arguments, "--longest", "200", "--json"])
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert made["pictures"] == 2
    assert sum(made["boxes_by_label"].values()) == len(list(lines_of(out)))
    assert read_folder(out / "calm").exhaustive_for == {"smoke", "flame", "grill"}
    for path in (out / "calm" / "images").iterdir():
        picture = cv2.imread(str(path))
        assert picture is not None
        assert max(picture.shape[:2]) == 200


def test_the_command_tells_a_mistake_in_a_line_and_ends_with_2(make_folder: FolderMaker, tmp_path: Path) -> None:
    arguments = ["--background", f"{make_folder('calm')}:smok", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["composites", *arguments])
    assert result.exit_code == 2
    assert "smok is none of smoke, flame" in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()
