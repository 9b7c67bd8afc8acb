"""What other tools export is read with its mistakes named, and arrives whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.errors import UsageError
from datasets.folder import LabelledBox, read_folder
from datasets.importing import ImportOrder, ImportReport, import_source
from datasets.imports.choose import Format, format_of
from datasets.imports.rename import parse_renames
from datasets.manifest import read_manifest
from tests.datasets.builders import scene, write_picture, write_source

BOX = LabelledBox("smoke", 0.25, 0.25, 0.5, 0.75)
"""On a picture of 96x64: corners 24, 16 and 48, 48."""


def brought_in(source: Path, out: Path, **more: object) -> ImportReport:
    order = ImportOrder(path=source, format_=format_of(source), out=out, **more)  # type: ignore[arg-type]
    return import_source(order, lambda count: None, lambda: None)


def yolo(root: Path, line: str = "0 0.375 0.5 0.25 0.5") -> Path:
    """As ultralytics lays it out, with sub-folders for the halves."""
    for part in ("train", "val"):
        write_picture(root / "images" / part / f"{part}1.png", scene(len(part)))
        (root / "labels" / part).mkdir(parents=True, exist_ok=True)
        (root / "labels" / part / f"{part}1.txt").write_text(f"{line}\n")
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: {0: smoke, 1: flame}\n")
    return root


def coco(root: Path, **changed: object) -> Path:
    write_picture(root / "images" / "a.png", scene(1))
    annotation = {"image_id": 7, "category_id": 3, "bbox": [24, 16, 24, 32], "iscrowd": 0}
    content = {
        "images": [{"id": 7, "file_name": "a.png", "width": 96, "height": 64}],
        "categories": [{"id": 5, "name": "flame"}, {"id": 3, "name": "smoke"}],
        "annotations": [{**annotation, **changed}],
    }
    (root / "annotations").mkdir()
    (root / "annotations" / "all.json").write_text(json.dumps(content))
    return root


def voc(root: Path, corners: str = "24,16,48,48", size: str = "96x64") -> Path:
    write_picture(root / "JPEGImages" / "a.png", scene(1))
    x1, y1, x2, y2 = corners.split(",")
    width, _, height = size.partition("x")
    (root / "Annotations").mkdir()
    (root / "Annotations" / "a.xml").write_text(
        f"<annotation><filename>a.png</filename><size><width>{width}</width><height>{height}</height></size>"
        f"<object><name>smoke</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
        "</bndbox></object></annotation>"
    )
    return root


def cvat(root: Path, shape: str = '<box label="smoke" xtl="24" ytl="16" xbr="48" ybr="48"/>') -> Path:
    write_picture(root / "images" / "a.png", scene(1))
    (root / "annotations.xml").write_text(
        "<annotations><meta><task><labels><label><name>flame</name></label><label><name>smoke</name></label></labels>"
        f'</task></meta><image id="0" name="a.png" subset="Train" width="96" height="64">{shape}</image></annotations>'
    )
    return root


def label_studio(root: Path, **changed: object) -> Path:
    write_picture(root / "images" / "a.png", scene(1))
    value = {"x": 25, "y": 25, "width": 25, "height": 50, "rotation": 0, "rectanglelabels": ["smoke"], **changed}
    result = [{"type": "rectanglelabels", "value": value, "original_width": 96, "original_height": 64}]
    task = {"data": {"image": "/data/upload/3/0a1b2c3d-a.png"}, "annotations": [{"result": result}]}
    (root / "tasks.json").write_text(json.dumps([task, {"data": {"image": "never.png"}, "annotations": []}]))
    return root


MAKERS: dict[Format, Callable[[Path], Path]] = {
    Format.YOLO: yolo,
    Format.COCO: coco,
    Format.VOC: voc,
    Format.CVAT: cvat,
    Format.LABEL_STUDIO: label_studio,
}


@pytest.mark.parametrize("format_", list(MAKERS))
def test_every_format_is_recognised_and_read(tmp_path: Path, format_: Format) -> None:
    source = MAKERS[format_](tmp_path / "theirs")
    assert format_of(source) is format_
    report = brought_in(source, tmp_path / "ours", exhaustive_for=("smoke",), licence="CC BY 4.0")
    folder = read_folder(tmp_path / "ours")
    assert (folder.name, folder.licence) == ("ours", "CC BY 4.0")
    assert folder.exhaustive_for == {"smoke"}
    (box,) = folder.pictures[0].boxes
    assert (box.label, box.x1, box.y1, box.x2, box.y2) == (
        "smoke",
        *(pytest.approx(edge, abs=1e-6) for edge in (BOX.x1, BOX.y1, BOX.x2, BOX.y2)),
    )
    manifest = read_manifest(tmp_path / "ours" / "manifest.jsonl")
    assert manifest.header.dataset_hash == report.dataset_hash
    assert manifest.records[0].exhaustive_for == ("smoke",)


def test_halves_scenes_and_notes_come_along(tmp_path: Path) -> None:
    brought_in(yolo(tmp_path / "yolo"), tmp_path / "a", scene_patterns=("^images/(train|val)/",))
    folder = read_folder(tmp_path / "a")
    assert [picture.split for picture in folder.pictures] == ["train", "val"]
    assert json.loads((tmp_path / "a" / "scenes.json").read_text()) == {"train1": "train", "val1": "val"}
    assert read_manifest(tmp_path / "a" / "manifest.jsonl").records[0].scene == "train"
    brought_in(cvat(tmp_path / "cvat"), tmp_path / "b")
    assert read_folder(tmp_path / "b").pictures[0].split == "train"
    assert read_folder(tmp_path / "b").classes == ("flame", "smoke")
    assert brought_in(label_studio(tmp_path / "ls"), tmp_path / "c").notes == (
        "1 tasks without a finished annotation left out",
    )
    assert brought_in(coco(tmp_path / "coco", iscrowd=1), tmp_path / "d").notes == (
        "1 crowd regions left out; their class is not exhaustive",
    )


def test_without_a_word_nothing_is_exhaustive(tmp_path: Path) -> None:
    report = brought_in(yolo(tmp_path / "theirs"), tmp_path / "ours")
    assert report.folder.exhaustive_for == frozenset()
    assert report.folder.licence == "unknown"


def test_polygons_and_turned_boxes_become_upright_ones(tmp_path: Path) -> None:
    polygon = "0 0.25 0.5 0.4 0.25 0.5 0.6 0.4 0.75"
    turned = '<box label="smoke" xtl="20" ytl="24" xbr="52" ybr="40" rotation="90"/>'
    shape = '<polygon label="smoke" points="24,30;48,16;30,48"/>'
    sources = [
        yolo(tmp_path / "y", polygon),
        cvat(tmp_path / "c", turned),
        cvat(tmp_path / "p", shape),
        label_studio(tmp_path / "l", x=50, y=25, width=37.5 * 64 / 72, height=37.5, rotation=90),
    ]
    expected = [(24, 16, 48, 48), (28, 16, 44, 48), (24, 16, 48, 48), (24, 16, 48, 48)]
    for number, (source, corners) in enumerate(zip(sources, expected, strict=True)):
        (box,) = brought_in(source, tmp_path / f"out{number}" / "ours").folder.pictures[0].boxes
        assert (box.x1 * 96, box.y1 * 64, box.x2 * 96, box.y2 * 64) == pytest.approx(corners, abs=0.01)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "yyyyyyyyyy"><!ENTITY z "&x;&x;&x;&x;">]>'
    "<annotations><image>&z;</image></annotations>"
)


@pytest.mark.parametrize("text", [BOMB, '<!DOCTYPE a SYSTEM "file:///etc/hostname"><annotations/>'])
def test_entities_are_never_expanded(tmp_path: Path, text: str) -> None:
    root = cvat(tmp_path / "theirs")
    (root / "annotations.xml").write_text(text)
    with pytest.raises(UsageError, match=r"annotations\.xml: declares entities or a document type"):
        brought_in(root, tmp_path / "ours")


def broken(root: Path, kind: str) -> Path:
    """A source with one mistake."""
    match kind:
        case "class out of range":
            return yolo(root, "2 0.5 0.5 0.1 0.1")
        case "NaN":
            return yolo(root, "0 nan 0.5 0.1 0.1")
        case "no picture behind the name":
            made = yolo(root)
            (root / "images" / "val" / "val1.png").write_text("hello")
            return made
        case "coco: unknown category":
            return coco(root, category_id=9)
        case "coco: unknown image":
            return coco(root, image_id=9)
        case "coco: negative size":
            return coco(root, bbox=[24, 16, -4, 32])
        case "coco: outside":
            return coco(root, bbox=[90, 16, 40, 32])
        case "coco: three numbers":
            return coco(root, bbox=[90, 16, 40])
        case "coco: not a number":
            made = coco(root)
            file = root / "annotations" / "all.json"
            file.write_text(file.read_text().replace("24, 16", "NaN, 16"))
            return made
        case "voc: reversed":
            return voc(root, "48,16,24,48")
        case "voc: words":
            return voc(root, "left,16,24,48")
        case "voc: other picture":
            return voc(root, size="640x480")
        case "cvat: no label":
            return cvat(root, '<box xtl="1" ytl="1" xbr="9" ybr="9"/>')
        case "cvat: two points":
            return cvat(root, '<polygon label="smoke" points="1,1;2,2"/>')
        case "label studio: two labels":
            return label_studio(root, rectanglelabels=["smoke", "flame"])
        case _:
            return label_studio(root, width=None)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("class out of range", "train1.txt:1: class 2 is out of range"),
        ("NaN", "train1.txt:1: nan is no place"),
        ("no picture behind the name", "val1.png: a text file, no picture"),
        ("coco: unknown category", "all.json: annotations[0]: category_id 9"),
        ("coco: unknown image", "all.json: annotations[0]: image_id 9"),
        ("coco: negative size", "all.json: annotations[0]: box 0.25"),
        ("coco: outside", "leaves the picture"),
        ("coco: three numbers", "all.json: annotations[0].bbox"),
        ("coco: not a number", "all.json: holds NaN"),
        ("voc: reversed", "a.xml: object[0]: box"),
        ("voc: words", "a.xml: object[0]: xmin='left' is no number"),
        ("voc: other picture", "a.png is 96x64, its labels were drawn on 640x480"),
        ("cvat: no label", "annotations.xml: image 'a.png': box[0]: has no label"),
        ("cvat: two points", "polygon[0]: a polygon needs at least 3 points"),
        ("label studio: two labels", "tasks.json: task[0]: result[0]: carries 2 labels"),
        ("label studio: no width", "result[0]: lacks one of x, y, width, height"),
    ],
)
def test_a_mistake_is_named_and_leaves_nothing_behind(tmp_path: Path, kind: str, message: str) -> None:
    source = broken(tmp_path / "theirs", kind)
    out = tmp_path / "data" / "ours"
    with pytest.raises(UsageError) as caught:
        brought_in(source, out)
    assert message in str(caught.value)
    assert not out.exists()
    assert not out.parent.exists() or list(out.parent.iterdir()) == []


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    write_picture(tmp_path / "secret.png", scene(9))
    root = coco(tmp_path / "theirs")
    file = root / "annotations" / "all.json"
    file.write_text(file.read_text().replace('"a.png"', '"../secret.png"'))
    with pytest.raises(UsageError, match=r"'\.\./secret\.png' is not below"):
        brought_in(root, tmp_path / "ours")


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    root = coco(tmp_path / "theirs")
    write_picture(root / "more" / "a.png", scene(2))
    with pytest.raises(UsageError, match="is there more than once"):
        brought_in(root, tmp_path / "ours")


def test_pictures_of_one_name_in_two_folders_keep_apart(tmp_path: Path) -> None:
    root = yolo(tmp_path / "theirs")
    for kind, suffix in (("images", "png"), ("labels", "txt")):
        (root / kind / "val" / f"val1.{suffix}").rename(root / kind / "val" / f"train1.{suffix}")
    report = brought_in(root, tmp_path / "ours")
    names = [picture.path.name for picture in report.folder.pictures]
    assert names == ["images__train__train1.png", "images__val__train1.png"]


def test_classes_are_renamed_joined_and_dropped(tmp_path: Path) -> None:
    root = yolo(tmp_path / "theirs")
    (root / "labels" / "val" / "val1.txt").write_text("1 0.5 0.5 0.2 0.2\n")
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [fire, flames]\n")
    joined = brought_in(root, tmp_path / "a", renames=parse_renames(["fire=flame", "flames=flame"]))
    assert joined.folder.classes == ("flame",)
    assert [len(picture.boxes) for picture in joined.folder.pictures] == [1, 1]
    dropped = brought_in(root, tmp_path / "b" / "b", renames=parse_renames(["flames=", "fire=flame"]))
    assert [len(picture.boxes) for picture in dropped.folder.pictures] == [1, 0]


@pytest.mark.parametrize(
    ("renames", "message"),
    [
        (["fire"], "expected OLD=NEW"),
        (["a=b", "a=c"], "names 'a' twice"),
        (["fire=a,b"], "expected OLD=NEW"),
        (["fire=flame"], "'fire': no such class; there are: smoke, flame"),
    ],
)
def test_a_bad_rename_is_named(tmp_path: Path, renames: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        brought_in(yolo(tmp_path / "theirs"), tmp_path / "ours", renames=parse_renames(renames))
    assert message in str(caught.value)


def test_clashing_class_names_of_two_sources_are_refused(tmp_path: Path) -> None:
    write_source(tmp_path / "data" / "first", {"a": []}, classes=["shop-sign"], exhaustive_for=[])
    with pytest.raises(UsageError, match=r"'shop-sign' \(first\) and 'shop_sign' \(ours\)"):
        brought_in(yolo(tmp_path / "y"), tmp_path / "data" / "ours", renames=parse_renames(["smoke=shop_sign"]))
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["first"]


def test_classes_spelled_alike_in_one_source_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'smoke' and 'Smoke' are spelled alike"):
        brought_in(yolo(tmp_path / "y"), tmp_path / "ours", renames=parse_renames(["flame=Smoke"]))


def test_exhaustive_for_a_class_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exhaustive_for names smkoe"):
        brought_in(yolo(tmp_path / "y"), tmp_path / "ours", exhaustive_for=("smkoe",))
    assert not (tmp_path / "ours").exists()


def test_nothing_is_overwritten_and_a_killed_import_is_swept_up(tmp_path: Path) -> None:
    source = yolo(tmp_path / "theirs")
    left = tmp_path / ".ours.part" / "images"
    left.mkdir(parents=True)
    (left / "half.png").write_bytes(b"half")
    brought_in(source, tmp_path / "ours")
    assert not (tmp_path / ".ours.part").exists()
    assert not (tmp_path / "ours" / "images" / "half.png").exists()
    with pytest.raises(UsageError, match="ours: is there already"):
        brought_in(source, tmp_path / "ours")


@pytest.mark.parametrize("text", ["names: [a]\n", "train: images\n", "names: {0: a, 2: b}\ntrain: x\n", "names: [\n"])
def test_a_bad_data_yaml_is_named(tmp_path: Path, text: str) -> None:
    root = yolo(tmp_path / "theirs")
    (root / "data.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"data\.yaml: "):
        brought_in(root, tmp_path / "ours")


def test_what_is_no_source_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        format_of(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="say its format with --format"):
        format_of(tmp_path / "empty")
