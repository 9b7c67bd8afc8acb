"""Which pictures INT8 ranges are measured on: training pictures, chosen by rule and listed with their hashes.

Held-out pictures would make the measured drop a little kind; chance would make it irreproducible.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from datasets.whole_file import sha256_of, write_whole_json

FORMAT = "xunjie-calibration/1"


@dataclass(frozen=True, slots=True)
class Calibration:
    """The pictures in their order, the list's own sha256, and words for the manifest."""

    pictures: tuple[Path, ...]
    sha256: str
    told: str


def choose(by_source: Mapping[str, Sequence[Path]], count: int) -> tuple[Path, ...]:
    """`count` pictures, as many of each source as of any other while they last, first by their names' hashes.

    Raises:
        UsageError: there is none.
    """
    left = {name: sorted(paths, key=_by_name) for name, paths in sorted(by_source.items())}
    chosen: list[Path] = []
    while len(chosen) < count and any(left.values()):
        for paths in left.values():
            if paths and len(chosen) < count:
                chosen.append(paths.pop(0))
    if not chosen:
        raise UsageError("no training picture to calibrate on; lay a run out first: python -m models train")
    return tuple(chosen)


def write_list(pictures: Sequence[Path], origin: str, to: Path) -> None:
    """Writes the list: paths, relative to it where they lie below, each with its sha256."""
    entries = [{"path": _relative(path, to.parent), "sha256": sha256_of(path)} for path in pictures]
    write_whole_json(to, {"format": FORMAT, "origin": origin, "pictures": entries})


def read_list(path: Path) -> Calibration:
    """A list that `write_list` wrote.

    Raises:
        UsageError: no such list, or a picture that is missing or not the one meant.
    """
    try:
        told = json.loads(path.read_bytes())
        entries = [(path.parent / entry["path"], entry["sha256"]) for entry in told["pictures"]]
        origin = str(told["origin"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: no calibration list ({error}); make one: python -m models calibration") from error
    if told.get("format") != FORMAT or not entries:
        raise UsageError(f"{path}: not a list in the form {FORMAT}, or an empty one; make it again")
    for picture, expected in entries:
        if not picture.is_file() or sha256_of(picture) != expected:
            raise UsageError(f"{picture}: listed in {path} but missing or changed; make the list again")
    hashes = "\n".join(expected for _, expected in entries)
    return Calibration(
        tuple(picture for picture, _ in entries),
        hashlib.sha256(hashes.encode()).hexdigest(),
        f"{len(entries)} training pictures of {origin}",
    )


def of_folder(folder: Path, pictures: Sequence[Path]) -> Calibration:
    """Pictures of any folder, where there is no run to take them from."""
    hashes = "\n".join(sha256_of(path) for path in pictures)
    told = f"{len(pictures)} pictures, evenly from each folder of {folder.name}"
    return Calibration(tuple(pictures), hashlib.sha256(hashes.encode()).hexdigest(), told)


def _by_name(path: Path) -> str:
    return hashlib.sha256(path.name.encode()).hexdigest()


def _relative(path: Path, folder: Path) -> str:
    resolved, base = path.resolve(), folder.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else resolved.as_posix()
