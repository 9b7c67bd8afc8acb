"""One record per picture of a set, and one hash for all of it, so that a set that changed under a run is noticed.

JSON Lines: the header, then the records in the order of source and name.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from contract.errors import UsageError
from contract.problems import first_problem
from datasets.capture_time import captured_at
from datasets.folder import LabelledFolder, LabelledPicture, Split
from datasets.hashes import sha256_of
from datasets.scene_file import read_scenes
from datasets.split_lock import SplitLock
from datasets.whole_file import write_whole_text

MANIFEST_FILE = "manifest.jsonl"


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


LineT = TypeVar("LineT", bound=_Line)


class SourceEntry(_Line):
    """One source in the header; `boxes` counts by label."""

    licence: str
    classes: tuple[str, ...]
    exhaustive_for: tuple[str, ...]
    pictures: int
    boxes: dict[str, int]


class ManifestHeader(_Line):
    """The first line."""

    form: Literal["xunjie-manifest/1"] = "xunjie-manifest/1"
    dataset_hash: str
    pictures: int
    sources: dict[str, SourceEntry]


class ManifestRecord(_Line):
    """One picture. `boxes` are (label, x1, y1, x2, y2) in shares of the picture, rounded to six decimals."""

    sha256: str
    source: str
    picture: str
    """Path below the source's folder."""
    licence: str
    scene: str | None
    captured_at: str | None
    """ISO 8601 as the camera wrote it; without an offset it is the camera's local time, whatever that was."""
    exhaustive_for: tuple[str, ...]
    split: Split | None
    boxes: tuple[tuple[str, float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A set as it was at one moment."""

    header: ManifestHeader
    records: tuple[ManifestRecord, ...]


def dataset_hash(records: Iterable[ManifestRecord]) -> str:
    """Changes with any picture's bytes, boxes, half or what absence means there; not with order or file names."""
    lines = sorted(
        json.dumps([record.sha256, sorted(record.boxes), sorted(record.exhaustive_for), record.split])
        for record in records
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def make_manifest(
    folders: Sequence[LabelledFolder], on_picture: Callable[[], None] = lambda: None, lock: SplitLock | None = None
) -> Manifest:
    """The manifest of what lies in `folders` now; every picture's bytes are read, none is decoded.

    Args:
        folders: the sources; for a lock's halves, `split_lock.halved` ones.
        on_picture: called for every picture.
        lock: names the scene where scenes.json doesn't.

    Raises:
        UsageError: a picture can't be read.
    """
    records = []
    for folder in sorted(folders, key=lambda one: one.name):
        scene_by_stem = read_scenes(folder)
        for picture in folder.pictures:
            stem = picture.path.stem
            locked = lock.find(folder.name, stem) if lock is not None else None
            scene = scene_by_stem.get(stem) or (locked.scene if locked else None)
            records.append(_record(folder, picture, scene))
            on_picture()
    sources = {folder.name: _entry(folder) for folder in folders}
    header = ManifestHeader(dataset_hash=dataset_hash(records), pictures=len(records), sources=sources)
    return Manifest(header, tuple(records))


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Replaces the file at `path`."""
    lines = [manifest.header.model_dump_json(), *(record.model_dump_json() for record in manifest.records)]
    write_whole_text(path, "\n".join(lines) + "\n")


def read_manifest(path: Path) -> Manifest:
    """The manifest in `path`.

    Raises:
        UsageError: unreadable, a malformed line (named), or records that the header's hash doesn't fit.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can't be read ({error}); make it with `python -m datasets manifest`") from error
    header = _parsed(path, 1, lines[0] if lines else "", ManifestHeader)
    records = [_parsed(path, number, line, ManifestRecord) for number, line in enumerate(lines[1:], start=2)]
    if dataset_hash(records) != header.dataset_hash:
        raise UsageError(f"{path}:1: dataset_hash doesn't fit the records; the file was edited: make it again")
    return Manifest(header, tuple(records))


def verify_unchanged(manifest: Manifest, folders: Sequence[LabelledFolder]) -> None:
    """Lets a set pass that is still what its manifest says.

    Raises:
        UsageError: it changed; names what was added, removed and changed.
    """
    now = make_manifest(folders)
    if now.header.dataset_hash == manifest.header.dataset_hash:
        return
    before = {(record.source, record.picture): record for record in manifest.records}
    after = {(record.source, record.picture): record for record in now.records}
    both = sorted(set(before) & set(after))
    changed = [name for name in both if dataset_hash([before[name]]) != dataset_hash([after[name]])]
    parts = [
        f"{len(names)} {what} ({', '.join('/'.join(name) for name in names[:3])}{' …' if len(names) > 3 else ''})"
        for what, names in (
            ("added", sorted(set(after) - set(before))),
            ("removed", sorted(set(before) - set(after))),
            ("changed", changed),
        )
        if names
    ]
    raise UsageError(f"the dataset changed: {'; '.join(parts)}; restore it, or make a new manifest and a new run")


def _parsed(path: Path, number: int, line: str, form: type[LineT]) -> LineT:
    try:
        return form.model_validate_json(line)
    except ValidationError as error:
        raise UsageError(f"{path}:{number}: {first_problem(error, 'line')}; make it again") from error


def _record(folder: LabelledFolder, picture: LabelledPicture, scene: str | None) -> ManifestRecord:
    return ManifestRecord(
        sha256=sha256_of(picture.path),
        source=folder.name,
        picture=picture.path.relative_to(folder.root).as_posix(),
        licence=folder.licence,
        scene=scene,
        captured_at=captured_at(picture.path),
        exhaustive_for=tuple(sorted(folder.exhaustive_for)),
        split=picture.split,
        boxes=tuple(
            (box.label, round(box.x1, 6), round(box.y1, 6), round(box.x2, 6), round(box.y2, 6)) for box in picture.boxes
        ),
    )


def _entry(folder: LabelledFolder) -> SourceEntry:
    boxes = Counter(box.label for picture in folder.pictures for box in picture.boxes)
    return SourceEntry(
        licence=folder.licence,
        classes=folder.classes,
        exhaustive_for=tuple(sorted(folder.exhaustive_for)),
        pictures=len(folder.pictures),
        boxes={label: boxes[label] for label in folder.classes},
    )
