"""COCO: one JSON of images, categories and annotations; boxes are left, top, width, height in pixels."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from contract.configfile import parse_settings
from contract.errors import UsageError
from datasets.imports.pictures import PictureIndex, box_of_pixels, size_as_stated
from datasets.imports.values import Imported, ImportedPicture, half_of
from datasets.json_file import read_json


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Image(_Part):
    id: int | str
    file_name: str = Field(min_length=1)
    width: int | None = None
    height: int | None = None


class _Category(_Part):
    id: int
    name: str = Field(min_length=1)


class _Annotation(_Part):
    image_id: int | str
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


class _CocoFile(_Part):
    images: list[_Image] = Field(min_length=1)
    categories: list[_Category]
    annotations: list[_Annotation]


def read_coco(path: Path, images: Path | None) -> Imported:
    """The set in one COCO file, or in all of a folder's ``annotations/*.json`` (then file names tell the halves).

    Crowd regions are left out and noted: they are no boxes.

    Raises:
        UsageError: anything wrong, with its place in the file.
    """
    files = sorted((path / "annotations").glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path}: no annotations/*.json; give the COCO file itself")
    base = path if path.is_dir() else path.parent
    index = PictureIndex(images or (base.parent if base.name.lower() == "annotations" else base))
    classes: tuple[str, ...] | None = None
    pictures: list[ImportedPicture] = []
    crowds = 0
    for file in files:
        content = parse_settings(read_json(file, "export it again"), _CocoFile, str(file))
        label_by_id = _labels(file, content)
        names = tuple(label_by_id.values())
        if classes is not None and classes != names:
            raise UsageError(f"{file}: has other categories than {files[0].name}; import them apart")
        classes = names
        crowds += sum(bool(annotation.iscrowd) for annotation in content.annotations)
        pictures += _pictures(file, content, label_by_id, index)
    notes = (f"{crowds} crowd regions left out; their class is not exhaustive",) if crowds else ()
    return Imported(classes or (), tuple(pictures), notes)


def _labels(file: Path, content: _CocoFile) -> dict[int, str]:
    ids = [category.id for category in content.categories]
    if len(set(ids)) < len(ids):
        raise UsageError(f"{file}: two categories share an id; correct one")
    return {category.id: category.name for category in sorted(content.categories, key=lambda one: one.id)}


def _pictures(
    file: Path, content: _CocoFile, label_by_id: Mapping[int, str], index: PictureIndex
) -> list[ImportedPicture]:
    known = {image.id for image in content.images}
    if len(known) < len(content.images):
        raise UsageError(f"{file}: two images share an id; correct one")
    placed: dict[int | str, list[tuple[int, _Annotation]]] = defaultdict(list)
    for number, annotation in enumerate(content.annotations):
        where = f"{file}: annotations[{number}]"
        if annotation.image_id not in known:
            raise UsageError(f"{where}: image_id {annotation.image_id} is no image's id; correct or remove it")
        if annotation.category_id not in label_by_id:
            raise UsageError(f"{where}: category_id {annotation.category_id} is no category's id; correct or remove it")
        if not annotation.iscrowd:
            placed[annotation.image_id].append((number, annotation))
    pictures = []
    for number, image in enumerate(content.images):
        try:
            path = index.find(image.file_name)
            size = size_as_stated(path, image.width, image.height)
        except UsageError as error:
            raise UsageError(f"{file}: images[{number}]: {error}") from error
        boxes = []
        for place, annotation in placed[image.id]:
            left, top, width, height = annotation.bbox
            label = label_by_id[annotation.category_id]
            try:
                boxes.append(box_of_pixels(label, left, top, left + width, top + height, size))
            except UsageError as error:
                raise UsageError(f"{file}: annotations[{place}]: {error}") from error
        pictures.append(ImportedPicture(path, index.name_of(path), tuple(boxes), half_of(file.stem)))
    return pictures


def is_coco(content: object) -> bool:
    """Whether the JSON is COCO's by its keys."""
    return isinstance(content, dict) and {"images", "annotations"} <= set(content)
