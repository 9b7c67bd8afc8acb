"""YOLO as ultralytics reads it: data.yaml, pictures and label files in twin folders per half."""

from pathlib import Path

import yaml

from datasets.exports.values import ExportedPicture
from datasets.folder import LabelledFolder
from datasets.label_text import line_of_box


def write_yolo(folder: LabelledFolder, pictures: tuple[ExportedPicture, ...], out: Path) -> None:
    """data.yaml and ``labels/``; the pictures' places are `place_in_yolo`'s."""
    is_split = any(picture.split for picture in pictures)
    parts = ("train", "val", "unsplit") if is_split else ("",)
    for part in parts:
        for kind in ("images", "labels"):
            (out / kind / part).mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        place = place_in_yolo(picture, is_split)
        label = out / "labels" / Path(place).relative_to("images").with_suffix(".txt")
        lines = "".join(f"{line_of_box(box, folder.classes.index)}\n" for box in picture.boxes)
        label.write_text(lines, encoding="utf-8")
    places = {part: f"images/{part}" for part in parts} if is_split else {"train": "images", "val": "images"}
    if is_split and all(picture.split for picture in pictures):
        places.pop("unsplit")
        for kind in ("images", "labels"):
            (out / kind / "unsplit").rmdir()
    content = {**places, "names": dict(enumerate(folder.classes))}
    (out / "data.yaml").write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def place_in_yolo(picture: ExportedPicture, is_split: bool) -> str:
    """Where the picture goes, below the export's folder."""
    return f"images/{picture.split or 'unsplit'}/{picture.name}" if is_split else f"images/{picture.name}"
