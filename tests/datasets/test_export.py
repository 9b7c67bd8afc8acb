"""Every export is read back as it was: by our own importer, and by a library that knows nothing of us."""

import json
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import parse

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.errors import UsageError
from datasets.exporting import ExportFormat, export_folder
from datasets.folder import LabelledBox, LabelledFolder, read_folder
from datasets.importing import ImportOrder, import_source
from datasets.imports.choose import format_of
from datasets.label_text import box_of_line, line_of_box
from tests.datasets.builders import write_source

CLASSES = ["smoke", "shop sign", "烟"]
"""Not in alphabetical order, with a space and with Chinese: whatever a format can trip over."""
LABELS = {
    "a": ["0 0.5 0.5 0.2 0.2", "2 0.123457 0.654321 0.2 0.3", "1 0.9 0.95 0.2 0.1"],
    "b": [],
    "c.rf.0": ["1 0.5 0.5 1 1"],
}


@pytest.fixture
def street(tmp_path: Path) -> LabelledFolder:
    split = {"a": "train", "b": "val"}
    root = write_source(tmp_path / "street", LABELS, CLASSES, ["烟", "flame"], split, {"a": "cam-1"})
    return read_folder(root)


def back(path: Path, out: Path) -> LabelledFolder:
    order = ImportOrder(path=path, format_=format_of(path), out=out)
    return import_source(order, lambda count: None, lambda: None).folder


def is_same(one: LabelledFolder, other: LabelledFolder) -> bool:
    assert (one.classes, one.exhaustive_for, one.licence) == (other.classes, other.exhaustive_for, other.licence)
    for picture, again in zip(one.pictures, other.pictures, strict=True):
        assert (picture.path.name, picture.split) == (again.path.name, again.split)
        assert picture.path.read_bytes() == again.path.read_bytes()
        for box, copy in zip(picture.boxes, again.boxes, strict=True):
            assert box.label == copy.label
            assert corners(copy) == pytest.approx(corners(box), abs=2e-5)
    return True


def corners(box: LabelledBox) -> list[float]:
    return [box.x1, box.y1, box.x2, box.y2]


@pytest.mark.parametrize("format_", list(ExportFormat))
def test_what_is_exported_is_imported_as_it_was(street: LabelledFolder, tmp_path: Path, format_: ExportFormat) -> None:
    export_folder(street, format_, tmp_path / "theirs")
    assert is_same(street, back(tmp_path / "theirs", tmp_path / "back" / "again"))
    assert json.loads((tmp_path / "back" / "again" / "scenes.json").read_text()) == {"a": "cam-1"}


@pytest.mark.parametrize("format_", list(ExportFormat))
def test_a_source_without_boxes_and_halves_survives(tmp_path: Path, format_: ExportFormat) -> None:
    empty = read_folder(write_source(tmp_path / "empty", {"a": []}, classes=[], exhaustive_for=["smoke"]))
    export_folder(empty, format_, tmp_path / "theirs")
    assert is_same(empty, back(tmp_path / "theirs", tmp_path / "back" / "again"))


def test_this_form_is_imported_as_it_is(street: LabelledFolder, tmp_path: Path) -> None:
    assert is_same(street, back(street.root, tmp_path / "back" / "again"))


def test_an_export_never_overwrites_and_leaves_no_half(street: LabelledFolder, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="theirs: is there already"):
        export_folder(street, ExportFormat.COCO, tmp_path / "theirs")
    (street.root / "images" / "b.png").write_text("text")
    with pytest.raises(UsageError, match=r"b\.png: a text file"):
        export_folder(street, ExportFormat.COCO, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["street", "theirs"]


def test_what_other_tools_expect_is_there(street: LabelledFolder, tmp_path: Path) -> None:
    for format_ in ExportFormat:
        export_folder(street, format_, tmp_path / format_)
    data = yaml.safe_load((tmp_path / "yolo" / "data.yaml").read_text(encoding="utf-8"))
    assert data["names"] == {0: "smoke", 1: "shop sign", 2: "烟"}
    assert (tmp_path / "yolo" / data["train"] / "a.png").exists()
    train = json.loads((tmp_path / "coco" / "annotations" / "train.json").read_text(encoding="utf-8"))
    assert train["annotations"][0]["bbox"] == pytest.approx([38.4, 25.6, 19.2, 12.8])
    assert train["annotations"][0]["area"] == pytest.approx(19.2 * 12.8)
    images = parse(tmp_path / "cvat" / "annotations.xml").getroot().findall("image")
    assert [image.get("subset") for image in images] == ["train", "val", None]
    tasks = json.loads((tmp_path / "label-studio" / "tasks.json").read_text(encoding="utf-8"))
    assert tasks[0]["annotations"][0]["result"][0]["value"]["width"] == pytest.approx(20.0)
    config = parse(tmp_path / "label-studio" / "config.xml").getroot()
    assert [label.get("value") for label in config.iter("Label")] == CLASSES


def judged(read: Any, names: list[str], size: tuple[int, int] = (96, 64)) -> dict[str, list[tuple[str, list[float]]]]:
    """What supervision read: label and corners (shares) by file name."""
    found = {}
    for path, _, boxes in read:
        scale = [*size, *size]
        found[Path(path).name] = sorted(
            (names[int(number)], [float(edge) / side for edge, side in zip(box, scale, strict=True)])
            for box, number in zip(boxes.xyxy, boxes.class_id, strict=True)
        )
    return found


def test_supervision_reads_the_same_boxes(street: LabelledFolder, tmp_path: Path) -> None:
    supervision = pytest.importorskip("supervision")
    export_folder(street, ExportFormat.YOLO, tmp_path / "yolo")
    export_folder(street, ExportFormat.COCO, tmp_path / "coco")
    yolo = supervision.DetectionDataset.from_yolo(
        str(tmp_path / "yolo/images/train"), str(tmp_path / "yolo/labels/train"), str(tmp_path / "yolo/data.yaml")
    )
    coco = supervision.DetectionDataset.from_coco(
        str(tmp_path / "coco/images"), str(tmp_path / "coco/annotations/train.json")
    )
    ours = sorted((box.label, corners(box)) for box in street.pictures[0].boxes)
    for dataset in (yolo, coco):
        theirs = judged(dataset, dataset.classes)["a.png"]
        assert [label for label, _ in theirs] == [label for label, _ in ours]
        for (_, edges), (_, expected) in zip(theirs, ours, strict=True):
            assert edges == pytest.approx(expected, abs=1e-4)


shares = st.floats(0.0, 1.0)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], max_examples=60)
@given(shares, shares, shares, shares)
def test_a_line_is_read_back_as_its_box(x1: float, y1: float, x2: float, y2: float) -> None:
    left, right, top, bottom = *sorted((x1, x2)), *sorted((y1, y2))
    if right - left < 1e-5 or bottom - top < 1e-5:
        return
    box = LabelledBox("flame", left, top, right, bottom)
    again = box_of_line(line_of_box(box, ("smoke", "flame").index), ("smoke", "flame"))
    assert again.label == "flame"
    assert corners(again) == pytest.approx(corners(box), abs=1e-6)
