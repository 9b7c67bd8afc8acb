"""An evaluation as JSON: numbers or null, never NaN; an interval stands beside its number as ``…_interval``."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from contract.errors import UsageError
from models.evaluate import Looking, OpenEyes, PictureVerdict
from models.evaluation.bootstrap import COVERAGE, Measured
from models.evaluation.classes import ClassReport
from models.evaluation.compare import Comparison, Difference
from models.evaluation.figures import Metric
from models.evaluation.runtime import Runtime
from models.evaluation.slices import Slice
from models.evaluation.targets import Mark
from models.evaluation.thresholds import Suggestion

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

DIGITS = 4


def picture_part(verdict: PictureVerdict, marks: Mapping[str, Sequence[Mark]]) -> dict[str, Json]:
    """What was found on pictures; `marks` are targets by class."""
    alarms = verdict.fire_alarms
    return {
        "images": len(verdict.viewed),
        "images_by_source": _counts([entry.picture.source for entry in verdict.viewed]),
        "dataset": verdict.dataset_sha256,
        "classes": {entry.label: _class(entry, marks.get(entry.label, ())) for entry in verdict.classes},
        "recall_where_not_exhaustive": {
            label: {"instances": count, **_with_interval("recall", recall)}
            for label, (count, recall) in verdict.partial.items()
        },
        "unknown_to_the_model": dict(verdict.unknown),
        **_with_interval("false_positives_per_image", verdict.false_per_image),
        "negatives": 0 if alarms is None else alarms[0],
        **_with_interval("false_positives_per_negative", Measured(float("nan")) if alarms is None else alarms[1]),
        "slices": {entry.name: _slice(entry) for entry in verdict.slices},
        "against": None if verdict.comparison is None else _comparison(verdict.comparison),
    }


def run_part(eyes: OpenEyes, looking: Looking, found: Runtime) -> dict[str, Json]:
    """Which model was judged, how, and on what."""
    manifest = eyes.this.manifest
    return {
        "model": {
            "name": manifest.name,
            "version": manifest.version,
            "engine": found.engine,
            "sha256": manifest.ref(eyes.this.shipped.engine).sha256,
            "input_px": [manifest.input.width_px, manifest.input.height_px],
        },
        "runtime": {
            "engine": found.engine,
            "cpu": found.cpu,
            "instruction_set": found.instruction_set,
            "threads": found.threads,
            "ms_per_image_median": number(found.median_ms),
            "versions": dict(found.versions),
        },
        "bootstrap": {"resamples": looking.resamples, "coverage": COVERAGE},
        "seed": looking.seed,
    }


def suggestion_part(suggested: Mapping[str, Suggestion], verdict: PictureVerdict) -> dict[str, Json]:
    """Thresholds as `export --facts` takes them, and why each."""
    counted = ", ".join(sorted({entry.picture.source for entry in verdict.viewed}))
    return {
        "thresholds": {label: entry.threshold for label, entry in suggested.items()},
        "provenance": {"thresholds_from": f"{len(verdict.viewed)} pictures of {counted}"},
        "why": {label: plain(entry) for label, entry in suggested.items()},
    }


def write_json(content: Mapping[str, Json], target: Path) -> None:
    """The whole file or none.

    Raises:
        UsageError: it can't be written.
    """
    write_text(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n", target)


def write_text(text: str, target: Path) -> None:
    """The whole file or none.

    Raises:
        UsageError: it can't be written.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{target}: can't be written ({error.strerror}); choose another place") from error


def number(value: float | None) -> float | None:
    """The number as JSON may hold it.

    >>> number(float("nan")), number(0.123456)
    (None, 0.1235)
    """
    return round(value, DIGITS) if value is not None and isfinite(value) else None


def _class(entry: ClassReport, marks: Sequence[Mark]) -> dict[str, Json]:
    told: dict[str, Json] = {metric.value: None for metric in Metric}
    for metric, found in entry.measured.items():
        told |= _with_interval(metric.value, found)
    return {
        **told,
        "instances": entry.instances,
        "images": entry.pictures,
        "threshold": entry.threshold,
        "exhaustive": entry.is_exhaustive,
        "targets": {mark.metric: {"target": mark.target, "mark": mark.standing.value} for mark in marks},
    }


def _slice(entry: Slice) -> dict[str, Json]:
    classes: dict[str, Json] = {}
    for label, one in entry.by_label.items():
        told: dict[str, Json] = {"instances": one.instances, "images": one.pictures}
        for metric, found in one.measured.items():
            told |= _with_interval(metric.value, found)
        classes[label] = told
    return {"images": entry.pictures, "classes": classes}


def _comparison(entry: Comparison) -> dict[str, Json]:
    return {
        "model": entry.other_name,
        "engine": entry.other_engine,
        "classes": {
            label: {metric.value: _difference(found) for metric, found in differences.items()}
            for label, differences in entry.by_label.items()
        },
        "only_this_model": list(entry.only_this),
        "only_the_other": list(entry.only_other),
    }


def _difference(found: Difference) -> dict[str, Json]:
    return {
        "this": number(found.this),
        "other": number(found.other),
        **_with_interval("difference", found.difference),
        "verdict": found.verdict.value,
    }


def _with_interval(name: str, found: Measured) -> dict[str, Json]:
    low, high = number(found.low), number(found.high)
    return {name: number(found.value), f"{name}_interval": None if low is None or high is None else [low, high]}


def _counts(names: Sequence[str]) -> dict[str, Json]:
    return {name: names.count(name) for name in sorted(set(names))}


def plain(value: "DataclassInstance") -> Json:
    """A dataclass of numbers, texts and mappings, nan as null."""
    return _plain(asdict(value))


def _plain(value: object) -> Json:
    match value:
        case dict():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case bool() | int() | str() | None:
            return value
        case float():
            return number(value)
        case _:
            return str(value)
