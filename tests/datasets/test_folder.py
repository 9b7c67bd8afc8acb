"""The folder form is read strictly: what is wrong is named with file, line and remedy."""

import json
from pathlib import Path

import pytest

from contract.errors import UsageError
from datasets.faults import Fault
from datasets.folder import LabelledBox, read_folder
from tests.datasets.builders import scene, write_picture, write_source


def test_a_sound_folder_is_read_with_boxes_halves_and_facts(tmp_path: Path) -> None:
    root = write_source(
        tmp_path / "street", {"b": ["1 0.5 0.5 0.2 0.4"], "a": []}, exhaustive_for=["smoke"], split={"a": "val"}
    )
    folder = read_folder(root)
    assert (folder.name, folder.classes, folder.licence) == ("street", ("smoke", "flame"), "CC0")
    assert folder.exhaustive_for == {"smoke"}
    assert [(picture.path.stem, picture.split) for picture in folder.pictures] == [("a", "val"), ("b", None)]
    assert folder.pictures[1].boxes == (LabelledBox("flame", 0.4, 0.3, 0.6, 0.7),)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2 0.5 0.5 0.2 0.2", "class 2 is out of range (0..1)"),
        ("-1 0.5 0.5 0.2 0.2", "class '-1' must be a whole number"),
        ("0.0 0.5 0.5 0.2 0.2", "must be a whole number"),
        ("smoke 0.5 0.5 0.2 0.2", "must be a whole number"),
        ("0 nan 0.5 0.2 0.2", "nan is no place in a picture"),
        ("0 0.5 inf 0.2 0.2", "inf is no place in a picture"),
        ("0 0.5 0.5 -0.2 0.2", "must be above 0 (a reversed box?)"),
        ("0 0.5 0.5 0.2 0", "must be above 0"),
        ("0 0.5 0.5 1e-9 0.2", "is reversed or empty"),
        ("0 -0.5 0.5 0.2 0.2", "leaves the picture"),
        ("0 320 240 20 20", "leaves the picture (0..1; in pixels?)"),
        ("0 0.95 0.5 0.12 0.2", "leaves the picture"),
        ("0 0.5 0.5 0.2", "expected 5 columns (class, centre x, centre y, width, height), got 4"),
        ("0 0.5 0.5 0.2 0.2 0.9", "got 6"),
        ("0 0.1 0.1 0.2 0.1 0.2 0.2", "a polygon?"),
        ("0 0.5 0,5 0.2 0.2", "'0,5' is no number"),
    ],
)
def test_a_bad_line_is_named_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    root = write_source(tmp_path / "street", {"a": ["0 0.5 0.5 0.1 0.1", "", line]})
    with pytest.raises(UsageError) as caught:
        read_folder(root)
    assert str(caught.value).startswith(f"{root / 'labels' / 'a.txt'}:3: ")
    assert message in str(caught.value)


def test_a_box_that_rounding_pushed_over_the_edge_is_clipped(tmp_path: Path) -> None:
    root = write_source(tmp_path / "street", {"a": ["0 0.9 0.5 0.204 1.004"]})
    (box,) = read_folder(root).pictures[0].boxes
    assert (box.x2, box.y1, box.y2) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", b"0 0.5 0.5\x00 0.2 0.2", b"\x89PNG\r\n\x1a\n\x80"])
def test_a_label_file_that_is_no_text_is_named(tmp_path: Path, content: bytes) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    (root / "labels" / "a.txt").write_bytes(content)
    with pytest.raises(UsageError, match=r"a\.txt: is not text"):
        read_folder(root)


def test_a_huge_label_file_is_not_read(tmp_path: Path) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    with (root / "labels" / "a.txt").open("wb") as file:
        file.truncate(2_000_000)
    with pytest.raises(UsageError, match="not a label file"):
        read_folder(root)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ("{", "source.json:1: is not JSON"),
        ("[]", "source.json: "),
        ('{"classes": ["a"]}', "exhaustive_for: is missing"),
        ('{"exhaustive_for": []}', "classes: is missing"),
        ('{"classes": "smoke", "exhaustive_for": []}', "classes"),
        ('{"classes": ["a", "b", "a"], "exhaustive_for": []}', "classes names a more than once"),
        ('{"classes": ["a"], "exhaustive_for": ["a", "a"]}', "exhaustive_for names a more than once"),
        ('{"classes": ["a"], "exhaustive_for": ["smkoe"]}', "exhaustive_for names smkoe, not a class"),
        ('{"classes": ["a=b"], "exhaustive_for": []}', "can't be a class name"),
        ('{"classes": [""], "exhaustive_for": []}', "can't be a class name"),
        ('{"classes": [], "classes": ["a"], "exhaustive_for": []}', "names classes more than once"),
        ('{"classes": [], "exhaustive_for": [], "name": "../x"}', "name"),
    ],
)
def test_bad_facts_are_named(tmp_path: Path, facts: str, message: str) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    (root / "source.json").write_text(facts)
    with pytest.raises(UsageError) as caught:
        read_folder(root)
    assert str(root / "source.json") in str(caught.value)
    assert message in str(caught.value)


def test_facts_nested_without_end_are_refused(tmp_path: Path) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    (root / "source.json").write_text("[" * 200_000)
    with pytest.raises(UsageError, match=r"source\.json"):
        read_folder(root)


def test_a_source_may_be_sure_of_absence_without_a_class_for_it(tmp_path: Path) -> None:
    root = write_source(tmp_path / "empty", {"a": []}, classes=[], exhaustive_for=["smoke", "flame"])
    assert read_folder(root).exhaustive_for == {"smoke", "flame"}


def test_no_source_json_is_said(tmp_path: Path) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    (root / "source.json").unlink()
    with pytest.raises(UsageError, match=r"no source\.json"):
        read_folder(root)


@pytest.mark.parametrize("name", ["a.jpg", "a.PNG", "a.webp"])
def test_two_pictures_of_one_stem_are_refused(tmp_path: Path, name: str) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    (root / "images" / name).write_bytes(b"any")
    with pytest.raises(UsageError, match=r"shares its label file with a\.(png|PNG|jpg|webp)"):
        read_folder(root)


def test_a_label_without_picture_a_folder_and_a_strange_file_are_named(tmp_path: Path) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    (root / "labels" / "gone.txt").write_text("")
    with pytest.raises(UsageError, match=r"gone\.txt: labels a picture that isn't there"):
        read_folder(root)
    (root / "images" / "sub").mkdir()
    with pytest.raises(UsageError, match="pictures lie directly in images/"):
        read_folder(root)
    (root / "images" / "sub").rmdir()
    (root / "images" / "clip.gif").write_bytes(b"GIF89a")
    with pytest.raises(UsageError, match=r"clip\.gif: \.gif: not one of"):
        read_folder(root)


def test_what_tools_leave_behind_is_no_fault(tmp_path: Path) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    for name in (".DS_Store", "a.npy", "Thumbs.db"):
        (root / "images" / name).write_bytes(b"any")
    (root / "labels" / "classes.txt").write_text("smoke\nflame\n")
    assert len(read_folder(root).pictures) == 1


def test_folders_that_are_missing_or_empty_are_named(tmp_path: Path) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    (root / "labels" / "a.txt").unlink()
    assert read_folder(root).pictures[0].boxes == ()
    (root / "labels").rmdir()
    with pytest.raises(UsageError, match="labels: no such folder"):
        read_folder(root)
    (root / "images" / "a.png").unlink()
    with pytest.raises(UsageError, match="images: holds no pictures"):
        read_folder(root)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"a": "test"}, "expected train or val"),
        ({"gone": "val"}, "names gone, which is no picture"),
        (["a"], "expected train or val"),
    ],
)
def test_a_bad_split_is_named(tmp_path: Path, split: object, message: str) -> None:
    root = write_source(tmp_path / "street", {"a": []})
    (root / "split.json").write_text(json.dumps(split))
    with pytest.raises(UsageError) as caught:
        read_folder(root)
    assert f"{root / 'split.json'}: " in str(caught.value)
    assert message in str(caught.value)


def test_the_audits_reading_keeps_every_fault_and_every_sound_box(tmp_path: Path) -> None:
    root = write_source(tmp_path / "street", {"a": ["9 0.5 0.5 0.1 0.1", "0 0.5 0.5 0.1 0.1"], "b": ["0 0.5"]})
    write_picture(root / "images" / "a.jpg", scene(5))
    faults: list[Fault] = []
    folder = read_folder(root, faults)
    assert [(fault.path.name, fault.line) for fault in faults] == [("a.png", None), ("a.txt", 1), ("b.txt", 1)]
    assert [len(picture.boxes) for picture in folder.pictures] == [1, 0]
