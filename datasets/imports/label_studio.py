"""Label Studio's JSON export: a list of tasks; boxes in percent of the picture, perhaps turned about their corner."""

import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contract.errors import UsageError
from contract.problems import first_problem
from datasets.folder import LabelledBox
from datasets.imports.cvat import turned
from datasets.imports.pictures import PictureIndex, box_of_pixels, envelope, size_as_stated
from datasets.imports.values import Imported, ImportedPicture, half_of
from datasets.json_file import read_json
from datasets.picture import PictureSize

_SHAPES = {"rectanglelabels": "rectangle", "polygonlabels": "polygon"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Value(_Part):
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    rotation: float = 0.0
    points: list[tuple[float, float]] = []
    rectanglelabels: list[str] = []
    polygonlabels: list[str] = []


class _Result(_Part):
    type: str = ""
    value: _Value
    original_width: int | None = None
    original_height: int | None = None


class _Annotation(_Part):
    result: list[_Result]
    was_cancelled: bool = False


class _Task(_Part):
    data: dict[str, object]
    annotations: list[_Annotation] = Field(default_factory=list)


_TASKS = TypeAdapter(list[_Task])


def read_label_studio(path: Path, images: Path | None) -> Imported:
    """The set in a JSON export, or in the folder that holds tasks.json. Classes are in alphabetical order.

    A task without a finished annotation is left out and noted: nobody has looked at it. Predictions are not labels.

    Raises:
        UsageError: anything wrong, with its task.
    """
    file = path / "tasks.json" if path.is_dir() else path
    try:
        tasks = _TASKS.validate_python(read_json(file, "export it again as JSON"))
    except ValidationError as error:
        raise UsageError(f"{file}: {first_problem(error, 'tasks')}; export it again") from error
    index = PictureIndex(images or file.parent)
    pictures = []
    for number, task in enumerate(tasks):
        done = [annotation for annotation in task.annotations if not annotation.was_cancelled]
        if len(done) > 1:
            raise UsageError(f"{file}: task[{number}]: {len(done)} annotations; review them and keep one")
        if done:
            pictures.append(_picture(f"{file}: task[{number}]", task, done[0], index))
    left_out = len(tasks) - len(pictures)
    notes = (f"{left_out} tasks without a finished annotation left out",) if left_out else ()
    classes = sorted({box.label for picture in pictures for box in picture.boxes})
    return Imported(tuple(classes), tuple(pictures), notes)


def _picture(where: str, task: _Task, annotation: _Annotation, index: PictureIndex) -> ImportedPicture:
    image = task.data.get("image")
    if not isinstance(image, str):
        raise UsageError(f"{where}: data.image names no picture; the picture's field must be called image")
    try:
        path = index.find(image)
        shapes = [result for result in annotation.result if result.type in _SHAPES]
        boxes = tuple(_box(shape, f"result[{number}]", path) for number, shape in enumerate(shapes))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    split = task.data.get("split")
    return ImportedPicture(path, index.name_of(path), boxes, half_of(split if isinstance(split, str) else None))


def _box(shape: _Result, where: str, path: Path) -> LabelledBox:
    value = shape.value
    labels = value.rectanglelabels if shape.type == "rectanglelabels" else value.polygonlabels
    if len(labels) != 1:
        raise UsageError(f"{where}: carries {len(labels)} labels; a box has one")
    size = size_as_stated(path, shape.original_width, shape.original_height)
    try:
        return box_of_pixels(labels[0], *_corners_px(value, size), size)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _corners_px(value: _Value, size: PictureSize) -> tuple[float, float, float, float]:
    across, down = size.width_px / 100, size.height_px / 100
    if value.points:
        return envelope([(x * across, y * down) for x, y in value.points])
    if value.x is None or value.y is None or value.width is None or value.height is None:
        raise UsageError("lacks one of x, y, width, height; draw it again")
    x1, y1 = value.x * across, value.y * down
    x2, y2 = x1 + value.width * across, y1 + value.height * down
    if math.isclose(value.rotation, 0.0):
        return x1, y1, x2, y2
    return turned(x1, y1, x2, y2, value.rotation, (x1, y1))
