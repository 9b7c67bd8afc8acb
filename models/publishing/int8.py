"""Tries INT8 settings until one costs no class too much; if none does, the model ships without INT8."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.manifest import MANIFEST_FILE, Engine, Int8Drop, ModelManifest, ModelVariant
from models.judging import Judged
from models.publishing.attempts import Attempt
from models.publishing.calibration import Calibration
from models.publishing.drop import Verdict, judge, measure_here, measure_without_vnni
from models.publishing.folder import listed
from models.quantise import quantise

XML = "int8.xml"

OnStep = Callable[[str, int | None], None]
"""Told what comes next, and how many pictures it has."""


@dataclass(frozen=True, slots=True)
class Judges:
    """Pictures to measure the drop on, and the arguments that name them to `python -m models drop`."""

    pictures: tuple[Judged, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt and what came of it; without judges the drops are empty and the verdict is None."""

    attempt: Attempt
    drops: tuple[Int8Drop, ...]
    verdict: Verdict | None

    @property
    def may_ship(self) -> bool:
        return self.verdict is None or self.verdict.may_ship

    @property
    def told(self) -> str:
        """One sentence for the manifest."""
        result = "drop not measured" if self.verdict is None else self.verdict.told
        return f"{self.attempt.told}: {result}"


def make_int8(
    folder: Path,
    manifest: ModelManifest,
    attempts: Sequence[Attempt],
    calibration: Calibration,
    judges: Judges | None,
    try_all: bool,
    on_step: OnStep,
    on_picture: Callable[[], None],
) -> tuple[Tried, ...]:
    """Writes ``int8.xml`` and ``int8.bin`` for the best attempt, or neither; all that was tried, the chosen one last.

    Args:
        folder: holds ``model.onnx``; gets the files. A passing manifest is written there for measuring.
        manifest: the float variants'.
        attempts: settings in order; the first that may ship is taken.
        calibration: pictures to measure ranges on.
        judges: to measure the drop on; None: the first attempt is taken as it is.
        try_all: measure every attempt and take the one whose worst class drops least.
        on_step: told of each step.
        on_picture: told of each picture.
    """
    tried: list[Tried] = []
    for attempt in attempts:
        tried.append(_try(folder, manifest, attempt, calibration, judges, on_step, on_picture))
        if tried[-1].may_ship and not try_all:
            return tuple(tried)
    fit = [entry for entry in tried if entry.may_ship]
    if not fit:
        for name in (XML, "int8.bin", MANIFEST_FILE):
            (folder / name).unlink(missing_ok=True)
        return tuple(tried)
    best = min(fit, key=_worst_high)
    _quantise(folder, manifest, best.attempt, calibration, on_step, on_picture)
    return (*(entry for entry in tried if entry is not best), best)


def with_int8(manifest: ModelManifest, folder: Path) -> ModelManifest:
    """The manifest with the INT8 files of `folder` as its first variant."""
    files = (listed(folder / XML), listed((folder / XML).with_suffix(".bin")))
    return manifest.model_copy(
        update={"variants": (ModelVariant(engine=Engine.OPENVINO_INT8, files=files), *manifest.variants)}
    )


def _try(
    folder: Path,
    manifest: ModelManifest,
    attempt: Attempt,
    calibration: Calibration,
    judges: Judges | None,
    on_step: OnStep,
    on_picture: Callable[[], None],
) -> Tried:
    _quantise(folder, manifest, attempt, calibration, on_step, on_picture)
    if judges is None:
        return Tried(attempt, (), None)
    (folder / MANIFEST_FILE).write_text(with_int8(manifest, folder).model_dump_json(), encoding="utf-8")
    on_step(f"measuring INT8 ({attempt.told})", len(judges.pictures))
    drops = measure_here(folder, judges.pictures, on_picture)
    on_step(f"measuring INT8 without VNNI ({attempt.told})", None)
    drops += measure_without_vnni(folder, judges.arguments)
    return Tried(attempt, drops, judge(drops))


def _quantise(
    folder: Path,
    manifest: ModelManifest,
    attempt: Attempt,
    calibration: Calibration,
    on_step: OnStep,
    on_picture: Callable[[], None],
) -> None:
    on_step(f"ONNX → INT8 ({attempt.told})", None)
    pictures, shape = calibration.pictures, manifest.input
    quantise(folder / "model.onnx", folder / XML, pictures, shape, attempt.overflow, on_picture, attempt.kept_float)


def _worst_high(tried: Tried) -> float:
    worst = tried.verdict.worst if tried.verdict is not None else None
    return worst.high if worst is not None and worst.high is not None else 0.0
