"""From our folder form to another: pictures copied, labels written, and beside them what the format can't say.

``source.json`` (and ``scenes.json``) lie in every export: `import` reads back from them the order of the classes, what
the source is exhaustive for and its licence. Tools that don't know them leave them alone.
"""

import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from datasets.exports.coco import write_coco
from datasets.exports.cvat import write_cvat
from datasets.exports.label_studio import write_label_studio
from datasets.exports.values import ExportedPicture, Writer
from datasets.exports.yolo import place_in_yolo, write_yolo
from datasets.folder import LabelledFolder
from datasets.picture import check_picture
from datasets.scene_file import SCENES_FILE
from datasets.whole_file import new_folder
from datasets.writing import write_source_facts


class ExportFormat(StrEnum):
    """What can be exported."""

    YOLO = "yolo"
    COCO = "coco"
    CVAT = "cvat"
    LABEL_STUDIO = "label-studio"


_WRITERS: dict[ExportFormat, Writer] = {
    ExportFormat.YOLO: write_yolo,
    ExportFormat.COCO: write_coco,
    ExportFormat.CVAT: write_cvat,
    ExportFormat.LABEL_STUDIO: write_label_studio,
}


def export_folder(
    folder: LabelledFolder, format_: ExportFormat, out: Path, on_picture: Callable[[], None] = lambda: None
) -> None:
    """Writes `out`, whole or not at all.

    Raises:
        UsageError: `out` holds something, or a picture can't be read.
    """
    with new_folder(out) as partial:
        is_split = format_ is ExportFormat.YOLO and any(picture.split for picture in folder.pictures)
        pictures = []
        for picture in folder.pictures:
            size = check_picture(picture.path)
            exported = ExportedPicture(picture.path, picture.path.name, size, picture.boxes, picture.split)
            place = partial / place_in_yolo(exported, is_split)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture.path, place)
            pictures.append(exported)
            on_picture()
        _WRITERS[format_](folder, tuple(pictures), partial)
        exhaustive = sorted(folder.exhaustive_for)
        write_source_facts(
            partial, folder.name, folder.classes, exhaustive, folder.licence, "python -m datasets export"
        )
        if (folder.root / SCENES_FILE).exists():
            shutil.copyfile(folder.root / SCENES_FILE, partial / SCENES_FILE)
