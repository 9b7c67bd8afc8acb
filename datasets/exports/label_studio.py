"""Label Studio: tasks.json to import, config.xml for the labelling interface, and ``images/``.

Pictures are named as local files, so ``images/`` must lie below Label Studio's document root.
"""

import json
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from datasets.exports.values import ExportedPicture
from datasets.folder import LabelledBox, LabelledFolder


def write_label_studio(folder: LabelledFolder, pictures: tuple[ExportedPicture, ...], out: Path) -> None:
    """tasks.json with one finished annotation per picture, and config.xml with the classes."""
    tasks = [_task(number, picture) for number, picture in enumerate(pictures, start=1)]
    (out / "tasks.json").write_text(json.dumps(tasks, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    view = Element("View")
    SubElement(view, "Image", {"name": "image", "value": "$image"})
    labels = SubElement(view, "RectangleLabels", {"name": "label", "toName": "image"})
    for name in folder.classes:
        SubElement(labels, "Label", {"value": name})
    indent(view)
    ElementTree(view).write(out / "config.xml", encoding="utf-8")


def _task(number: int, picture: ExportedPicture) -> dict[str, object]:
    data = {"image": f"/data/local-files/?d=images/{picture.name}"}
    if picture.split:
        data["split"] = picture.split
    result = [_result(place, picture, box) for place, box in enumerate(picture.boxes)]
    return {"id": number, "data": data, "annotations": [{"result": result, "was_cancelled": False}]}


def _result(place: int, picture: ExportedPicture, box: LabelledBox) -> dict[str, object]:
    value = {
        "x": round(100 * box.x1, 5),
        "y": round(100 * box.y1, 5),
        "width": round(100 * (box.x2 - box.x1), 5),
        "height": round(100 * (box.y2 - box.y1), 5),
        "rotation": 0,
        "rectanglelabels": [box.label],
    }
    return {
        "id": f"box-{place}",
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": picture.size.width_px,
        "original_height": picture.size.height_px,
        "image_rotation": 0,
        "value": value,
    }
