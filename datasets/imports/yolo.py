"""YOLO as ultralytics and Roboflow write it: data.yaml or classes.txt, pictures and text files in twin folders."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator

from contract.configfile import load_yaml
from contract.errors import UsageError
from datasets.faults import FaultSink
from datasets.folder import PICTURE_SUFFIXES, LabelledBox, Split
from datasets.imports.pictures import envelope
from datasets.imports.values import Imported, ImportedPicture, half_of
from datasets.label_text import box_of_line, box_within_picture, read_label_file

_PARTS = ("train", "val", "test", "unsplit")


class _DataFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    names: tuple[str, ...]
    path: str = ""
    train: tuple[str, ...] = ()
    val: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    unsplit: tuple[str, ...] = ()
    """Our own exports' pictures that no split has placed."""

    @field_validator("names", mode="before")
    @classmethod
    def _in_order(cls, names: object) -> object:
        if not isinstance(names, dict):
            return names
        if sorted(names) != list(range(len(names))):
            raise ValueError(f"must number the classes 0..{len(names) - 1} without gaps")
        return tuple(names[number] for number in range(len(names)))

    @field_validator(*_PARTS, mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [] if value is None else [value] if isinstance(value, str) else value


def read_yolo(path: Path) -> Imported:
    """The set that `path` describes: a data.yaml, or a folder with one or with classes.txt.

    Polygons become the boxes around them. ``test`` counts as val.

    Raises:
        UsageError: anything wrong in data.yaml or in a label file, with its line.
    """
    if path.is_dir() and not (path / "data.yaml").exists():
        classes = tuple(_class_names(path / "classes.txt"))
        return Imported(classes, tuple(_pictures_in(path / "images", path, classes, None)))
    file = path / "data.yaml" if path.is_dir() else path
    data = load_yaml(file, _DataFile)
    base = file.parent / data.path
    halves_by_folder: dict[Path, set[str]] = {}
    for part in _PARTS:
        for entry in getattr(data, part):
            halves_by_folder.setdefault(_folder_of(file, base, entry), set()).add(part)
    if not halves_by_folder:
        raise UsageError(f"{file}: names no pictures; add train: and val: folders")
    pictures = []
    for folder, parts in halves_by_folder.items():
        # a folder that is both train and val was never split
        split = half_of(next(iter(parts))) if len(parts) == 1 else None
        pictures += _pictures_in(folder, base, data.names, split)
    return Imported(data.names, tuple(pictures))


def _class_names(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: can't be read as one class name per line ({error}); write it or data.yaml"
        ) from error


def _folder_of(file: Path, base: Path, entry: str) -> Path:
    """The folder an entry means. Roboflow writes ../train/images for what lies beside data.yaml."""
    for candidate in (base / entry, base / entry.removeprefix("../")):
        if candidate.is_dir():
            return candidate.resolve()
    hint = "lists of pictures are not read; name their folder" if entry.endswith(".txt") else "correct the path"
    raise UsageError(f"{file}: {entry}: no such folder below {base}; {hint}")


def _pictures_in(folder: Path, base: Path, classes: tuple[str, ...], split: Split | None) -> list[ImportedPicture]:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; pictures of a YOLO set lie in images/")
    root = base.resolve() if folder.resolve().is_relative_to(base.resolve()) else folder
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURE_SUFFIXES]
    return [
        ImportedPicture(
            path, path.resolve().relative_to(root.resolve()).as_posix(), _boxes(_label_path(path), classes), split
        )
        for path in paths
    ]


def _label_path(picture: Path) -> Path:
    """The twin: the last folder called images becomes labels, as ultralytics has it."""
    parts = list(picture.parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _boxes(path: Path, classes: tuple[str, ...]) -> tuple[LabelledBox, ...]:
    return read_label_file(path, classes, FaultSink(), _box_or_polygon)


def _box_or_polygon(line: str, classes: tuple[str, ...]) -> LabelledBox:
    columns = line.split()
    if len(columns) < 7 or len(columns) % 2 == 0:
        return box_of_line(line, classes)
    label = box_of_line(f"{columns[0]} 0.5 0.5 1 1", classes).label
    try:
        values = [float(column) for column in columns[1:]]
    except ValueError as error:
        raise UsageError(f"a polygon holds {error}; correct it") from error
    return box_within_picture(label, *envelope(list(zip(values[::2], values[1::2], strict=True))))
