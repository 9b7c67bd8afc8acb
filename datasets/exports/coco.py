"""COCO: ``annotations/train.json``, ``val.json`` and ``unsplit.json``, those that have pictures, and ``images/``."""

import json
from pathlib import Path

from datasets.exports.values import ExportedPicture, corners_px
from datasets.folder import LabelledFolder


def write_coco(folder: LabelledFolder, pictures: tuple[ExportedPicture, ...], out: Path) -> None:
    """The annotation files. Category ids count from 1, as COCO's do; image ids are unique across the files."""
    (out / "annotations").mkdir()
    numbered = list(enumerate(pictures, start=1))
    for part in ("train", "val", "unsplit"):
        chosen = [(number, picture) for number, picture in numbered if (picture.split or "unsplit") == part]
        if chosen:
            text = json.dumps(_content(folder, chosen), indent=1, ensure_ascii=False)
            (out / "annotations" / f"{part}.json").write_text(text + "\n", encoding="utf-8")


def _content(folder: LabelledFolder, chosen: list[tuple[int, ExportedPicture]]) -> dict[str, object]:
    images = [
        {"id": number, "file_name": one.name, "width": one.size.width_px, "height": one.size.height_px}
        for number, one in chosen
    ]
    annotations: list[dict[str, object]] = []
    for number, picture in chosen:
        for box in picture.boxes:
            left, top, right, bottom = corners_px(box, picture.size)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": folder.classes.index(box.label) + 1,
                    "bbox": [left, top, round(right - left, 3), round(bottom - top, 3)],
                    "area": round((right - left) * (bottom - top), 3),
                    "iscrowd": 0,
                    "segmentation": [],
                }
            )
    return {
        "info": {"description": folder.name},
        "licenses": [{"id": 1, "name": folder.licence, "url": ""}],
        "categories": [{"id": place, "name": name} for place, name in enumerate(folder.classes, start=1)],
        "images": images,
        "annotations": annotations,
    }
