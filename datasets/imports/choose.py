"""Tells which format a path is in, and reads it."""

from enum import StrEnum
from pathlib import Path

from contract.errors import UsageError
from datasets.folder import read_folder
from datasets.imports.coco import is_coco, read_coco
from datasets.imports.cvat import read_cvat
from datasets.imports.label_studio import read_label_studio
from datasets.imports.values import Imported, ImportedPicture
from datasets.imports.voc import read_voc
from datasets.imports.yolo import read_yolo
from datasets.json_file import read_json


class Format(StrEnum):
    """What can be imported."""

    YOLO = "yolo"
    COCO = "coco"
    VOC = "voc"
    CVAT = "cvat"
    LABEL_STUDIO = "label-studio"
    FOLDER = "folder"


def format_of(path: Path) -> Format:
    """The format, told from names and, for JSON, from its keys.

    Raises:
        UsageError: nothing tells it.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; check the path")
    found = _format_of_folder(path) if path.is_dir() else _format_of_file(path)
    if found is None:
        raise UsageError(f"{path}: {_MISSING}")
    return found


_MISSING = (
    "holds no data.yaml, classes.txt, annotations.xml, annotations/*.json, Annotations/*.xml, tasks.json or "
    f"source.json; say its format with --format ({', '.join(Format)})"
)


def _format_of_folder(path: Path) -> Format | None:
    signs = (
        ("data.yaml", Format.YOLO),
        ("annotations.xml", Format.CVAT),
        ("tasks.json", Format.LABEL_STUDIO),
        ("annotations/*.json", Format.COCO),
        ("Annotations/*.xml", Format.VOC),
        ("labels/*.txt", Format.FOLDER if (path / "source.json").exists() else Format.YOLO),
        ("source.json", Format.FOLDER),
        ("classes.txt", Format.YOLO),
        ("*.xml", Format.VOC),
    )
    return next((found for pattern, found in signs if next(path.glob(pattern), None)), None)


def _format_of_file(path: Path) -> Format | None:
    match path.suffix.lower():
        case ".yaml" | ".yml":
            return Format.YOLO
        case ".xml":
            return Format.CVAT
        case ".json":
            content = read_json(path, "give a COCO or Label Studio file")
            return Format.COCO if is_coco(content) else Format.LABEL_STUDIO if isinstance(content, list) else None
        case _:
            return None


def read_source(path: Path, format_: Format, images: Path | None) -> Imported:
    """The source at `path`.

    Args:
        path: the folder or file that the format calls for.
        format_: how it is written.
        images: where its pictures are, if not beside the labels.

    Raises:
        UsageError: anything wrong, with file and place.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; check the path")
    match format_:
        case Format.YOLO:
            return read_yolo(path)
        case Format.COCO:
            return read_coco(path, images)
        case Format.VOC:
            return read_voc(path, images)
        case Format.CVAT:
            return read_cvat(path, images)
        case Format.LABEL_STUDIO:
            return read_label_studio(path, images)
        case Format.FOLDER:
            return _read_own(path)


def _read_own(path: Path) -> Imported:
    folder = read_folder(path)
    pictures = tuple(
        ImportedPicture(picture.path, picture.path.name, picture.boxes, picture.split) for picture in folder.pictures
    )
    return Imported(folder.classes, pictures)
