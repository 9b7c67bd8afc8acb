"""Records units one after the other into a folder; what is there already is not done again, so it may be killed."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2

from contract.errors import UsageError
from contract.manifest import Engine
from edge.detect.choose import open_detector, open_variant
from edge.detect.port import Detector
from models.street_days.recorder import gated, record
from models.street_days.script import Unit
from models.street_days.store import is_done, write


def record_all(
    todo: Iterable[Unit],
    out: Path,
    model: Path,
    engine: Engine | None,
    on_unit: Callable[[Unit], None],
) -> None:
    """Records what is not recorded yet; `on_unit` is called for every unit, done now or before."""
    cv2.setNumThreads(1)
    detector: Detector | None = None
    sha256 = _sha256(model, engine)
    for unit in todo:
        path = path_of(out, unit)
        if not is_done(path, sha256):
            detector = detector or open_recorder(model, engine)
            write(path, record(unit, detector))
        on_unit(unit)


def path_of(out: Path, unit: Unit) -> Path:
    """Where a unit's recording lies."""
    return out / f"{unit.name}.npz"


def open_recorder(model: Path, engine: Engine | None) -> Detector:
    """The node's detector with the gates of `recorder.gated`."""
    shipped = open_detector(model, engine, 1)
    manifest, chosen = gated(shipped.manifest), shipped.engine
    shipped.close()
    variant = next(entry for entry in manifest.variants if entry.engine is chosen)
    return open_variant(model, manifest, variant, 1)


def part_of(todo: Sequence[Unit], part: str) -> list[Unit]:
    """Every N-th unit from the K-th, for ``K/N``: several processes may so fill one folder.

    >>> part_of(["a", "b", "c", "d", "e"], "2/2")
    ['b', 'd']

    Raises:
        UsageError: it is no such part.
    """
    number, slash, count = part.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise UsageError(f"--part {part}: write which of how many, as in 1/2 and 2/2")
    return list(todo[int(number) - 1 :: int(count)])


def parse_seeds(text: str) -> tuple[int, int]:
    """First and last seed of ``A..B``.

    >>> parse_seeds("3000..3399")
    (3000, 3399)

    Raises:
        UsageError: it is no such range.
    """
    first, dots, last = text.partition("..")
    if not (first.isdecimal() and dots and last.isdecimal() and int(first) <= int(last)):
        raise UsageError(f"--seeds {text}: write the first and the last, as in 3000..3399")
    return int(first), int(last)


def _sha256(model: Path, engine: Engine | None) -> str:
    detector = open_detector(model, engine, 1)
    try:
        return detector.manifest.ref(detector.engine).sha256
    finally:
        detector.close()
