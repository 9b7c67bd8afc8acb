"""From any format to a folder of ours with its manifest, whole or not at all."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from datasets.clashes import check_no_clash
from datasets.folder import LabelledFolder, read_folder
from datasets.imports.choose import Format, read_source
from datasets.imports.rename import renamed
from datasets.imports.values import Imported, ImportedPicture
from datasets.manifest import MANIFEST_FILE, make_manifest, write_manifest
from datasets.picture import check_picture
from datasets.scene_file import SCENES_FILE, scenes_in
from datasets.scenes import scene_name
from datasets.source_facts import UNKNOWN_LICENCE, read_facts
from datasets.whole_file import new_folder
from datasets.writing import write_labels, write_source_facts, write_split


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What to import, and what a person adds to it. None: what the source's own source.json says, if it has one."""

    path: Path
    format_: Format
    out: Path
    images: Path | None = None
    exhaustive_for: tuple[str, ...] | None = None
    licence: str | None = None
    renames: Mapping[str, str] | None = None
    scene_patterns: tuple[str, ...] = ()
    """Searched in each picture's path within its source; the group names the camera or scene."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What lies in `folder` now, and what the format held besides."""

    folder: LabelledFolder
    dataset_hash: str
    notes: tuple[str, ...]


def import_source(order: ImportOrder, on_count: Callable[[int], None], on_picture: Callable[[], None]) -> ImportReport:
    """Writes ``order.out``: pictures, labels, source.json, manifest, and split.json and scenes.json where known.

    Every picture is read to its end. Nothing is left behind when anything is wrong.

    Raises:
        UsageError: a faulty source; a clash with a source that lies beside `out`; `out` exists.
    """
    source = renamed(read_source(order.path, order.format_, order.images), order.renames or {})
    if not source.pictures:
        raise UsageError(f"{order.path}: holds no pictures; nothing to import")
    on_count(len(source.pictures))
    name_by_picture = _flat_names(source.pictures)
    with new_folder(order.out) as partial:
        _write_facts(order, source, partial)
        _copy(source, name_by_picture, partial, on_picture)
        _write_scenes(order, source, name_by_picture, partial)
        folder = read_folder(partial)
        check_no_clash([*_beside(order.out), folder])
        manifest = make_manifest([folder])
        write_manifest(partial / MANIFEST_FILE, manifest)
    return ImportReport(read_folder(order.out), manifest.header.dataset_hash, source.notes)


def _write_facts(order: ImportOrder, source: Imported, partial: Path) -> None:
    """source.json: what the command says, else what the source's own says, else nothing is claimed."""
    home = order.path if order.path.is_dir() else order.path.parent
    own = read_facts(home) if (home / "source.json").exists() else None
    renames = order.renames or {}
    exhaustive = order.exhaustive_for
    if exhaustive is None:
        told = own.exhaustive_for if own else ()
        exhaustive = tuple(dict.fromkeys(new for old in told if (new := renames.get(old, old))))
    licence = order.licence or (own.licence if own else UNKNOWN_LICENCE)
    classes = source.classes
    if own and set(classes) <= set(own.classes):
        # formats that don't number classes give them in alphabetical order; the source knows its own
        classes = own.classes
    write_source_facts(partial, order.out.name, classes, exhaustive, licence, f"imported from {order.format_}")


def _copy(source: Imported, name_by_picture: Sequence[str], partial: Path, on_picture: Callable[[], None]) -> None:
    (partial / "images").mkdir()
    (partial / "labels").mkdir()
    classes = read_facts(partial).classes
    for picture, name in zip(source.pictures, name_by_picture, strict=True):
        check_picture(picture.path)
        shutil.copyfile(picture.path, partial / "images" / name)
        write_labels(partial, Path(name).stem, picture.boxes, classes)
        on_picture()
    halves = {Path(name).stem: p.split for p, name in zip(source.pictures, name_by_picture, strict=True) if p.split}
    write_split(partial, halves)


def _write_scenes(order: ImportOrder, source: Imported, name_by_picture: Sequence[str], partial: Path) -> None:
    scenes: dict[str, str] = {}
    home = order.path if order.path.is_dir() else order.path.parent
    told = scenes_in(home / SCENES_FILE)
    for picture, name in zip(source.pictures, name_by_picture, strict=True):
        scene = scene_name(picture.name, order.scene_patterns) or told.get(Path(picture.name).stem)
        if scene:
            scenes[Path(name).stem] = scene
    if scenes:
        (partial / SCENES_FILE).write_text(json.dumps(scenes, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _flat_names(pictures: Sequence[ImportedPicture]) -> list[str]:
    """A file name for each: its own where no two share a stem, else its path with the folders in front."""
    own = [Path(picture.name).name for picture in pictures]
    if len({Path(name).stem for name in own}) == len(own):
        return own
    long = [re.sub(r"[/\\]+", "__", picture.name) for picture in pictures]
    stems = [Path(name).stem for name in long]
    count = Counter(stems)
    for stem, picture in zip(stems, pictures, strict=True):
        if count[stem] > 1:
            raise UsageError(f"{picture.path}: another picture has the same name but for its suffix; rename one")
    return long


def _beside(out: Path) -> list[LabelledFolder]:
    """The sources that lie in the same folder as `out`: they are meant to be used together."""
    homes = (file.parent for file in sorted(out.parent.glob("*/source.json")))
    return [read_folder(home) for home in homes if home.name != out.name and not home.name.startswith(".")]
