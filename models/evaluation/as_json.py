"""An evaluation as JSON: numbers or null, never NaN; an interval stands beside its number as ``…_interval``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from contract.errors import UsageError
from models.evaluate import Evaluation, Looking, OpenEyes, PictureVerdict
from models.evaluation.agreement import Agreement, LabelAgreement
from models.evaluation.bootstrap import COVERAGE, Measured
from models.evaluation.classes import ClassReport
from models.evaluation.compare import Comparison, Difference
from models.evaluation.events import ClipReport, EventVerdict, FalseRate, Reported
from models.evaluation.figures import Metric
from models.evaluation.runtime import Runtime
from models.evaluation.slices import Slice
from models.evaluation.targets import Judgement, Mark
from models.evaluation.thresholds import Suggestion
from models.whole_file import write_whole_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

DIGITS = 4


def as_json(evaluation: Evaluation, eyes: OpenEyes, looking: Looking, judgement: Judgement) -> dict[str, Json]:
    """Everything."""
    pictures, events, agreement = evaluation.pictures, evaluation.events, evaluation.agreement
    return {
        **(_no_pictures() if pictures is None else _pictures(pictures, judgement)),
        "events": None if events is None else _events(events),
        "agreement": None if agreement is None else _agreement(agreement, judgement),
        **_run(eyes, looking, evaluation.runtime),
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
    try:
        write_whole_text(target, text)
    except OSError as error:
        raise UsageError(f"{target}: can't be written ({error.strerror}); choose another place") from error


def number(value: float | None) -> float | None:
    """The number as JSON may hold it.

    >>> number(float("nan")), number(0.123456)
    (None, 0.1235)
    """
    return round(value, DIGITS) if value is not None and isfinite(value) else None


def _no_pictures() -> dict[str, Json]:
    return {"images": 0, "classes": {}, "false_positives_per_image": None, "false_positives_per_negative": None}


def _pictures(verdict: PictureVerdict, judgement: Judgement) -> dict[str, Json]:
    alarms = verdict.fire_alarms
    return {
        "images": len(verdict.viewed),
        "images_by_source": _counts([entry.picture.source for entry in verdict.viewed]),
        "split_by_source": {entry.picture.source: entry.picture.half.value for entry in verdict.viewed},
        "dataset": verdict.dataset_sha256,
        "classes": {entry.label: _class(entry, judgement.classes.get(entry.label, ())) for entry in verdict.classes},
        "recall_where_not_exhaustive": {
            label: {"instances": count, **_with_interval("recall", recall)}
            for label, (count, recall) in verdict.partial.items()
        },
        "unknown_to_the_model": dict(verdict.unknown),
        **_with_interval("false_positives_per_image", verdict.false_per_image),
        "negatives": 0 if alarms is None else alarms[0],
        **_with_interval("false_positives_per_negative", Measured(float("nan")) if alarms is None else alarms[1]),
        "false_positives_per_negative_target": _mark(judgement.alarms),
        "slices": {entry.name: _slice(entry) for entry in verdict.slices},
        "against": None if verdict.comparison is None else _comparison(verdict.comparison),
    }


def _run(eyes: OpenEyes, looking: Looking, found: Runtime) -> dict[str, Json]:
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
            "instruction_set": " ".join(found.instruction_sets),
            "threads": found.threads,
            "ms_per_image_median": number(found.median_ms),
            "versions": dict(found.versions),
            "code": found.code,
        },
        "bootstrap": {"resamples": looking.resamples, "coverage": COVERAGE},
        "seed": looking.seed,
    }


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
        "targets": {mark.metric: _mark(mark) for mark in marks},
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


def _events(verdict: EventVerdict) -> dict[str, Json]:
    return {
        "look_every_s": verdict.look_every_s,
        "hours": number(sum(clip.watched_s for clip in verdict.clips) / 3600),
        "kinds": {
            seen.value: {
                "detected": kind.detected,
                "missed": kind.missed,
                "undecidable": kind.undecidable,
                "median_seconds_to_confirm": number(kind.median_seconds_to_confirm),
                "false": _false_rate(kind.false),
            }
            for seen, kind in verdict.kinds.items()
        },
        "false_incidents": {
            "on_negatives": _false_rate(verdict.negatives),
            "smoke_or_flame_on_negatives": _false_rate(verdict.negatives_fire),
        },
        "clips": {clip.name: _clip(clip) for clip in verdict.clips},
    }


def _clip(clip: ClipReport) -> dict[str, Json]:
    return {
        "watched_s": number(clip.watched_s),
        "fault": clip.fault,
        "truth": ("negative" if clip.is_negative else "positive") if clip.is_truth_known else None,
        "events": [
            {
                "seen": found.truth.seen.value,
                "from_s": found.truth.from_s,
                "to_s": found.truth.to_s,
                "outcome": found.outcome.value,
                "seconds_to_confirm": number(found.seconds_to_confirm),
            }
            for found in clip.found
        ],
        "false_incidents": [_reported(incident) for incident in clip.false],
        "incidents": [_reported(incident) for incident in clip.incidents],
    }


def _reported(incident: Reported) -> dict[str, Json]:
    return {
        "seen": incident.seen.value,
        "first_s": number(incident.first_s),
        "confirmed_s": number(incident.confirmed_s),
        "last_s": number(incident.last_s),
    }


def _false_rate(found: FalseRate) -> dict[str, Json]:
    return {"count": found.count, "hours": number(found.hours), **_with_interval("per_hour", found.per_hour)}


def _agreement(agreement: Agreement, judgement: Judgement) -> dict[str, Json]:
    return {
        "with": agreement.reference,
        "images": agreement.pictures,
        "classes": {
            label: _label_agreement(entry) | {"target": _mark(judgement.agreement.get(label))}
            for label, entry in agreement.by_label.items()
        },
        "sources": {
            source: {label: _label_agreement(entry) for label, entry in by_label.items()}
            for source, by_label in agreement.by_source.items()
        },
    }


def _label_agreement(entry: LabelAgreement) -> dict[str, Json]:
    return {
        "instances": entry.instances,
        **_with_interval("f1", entry.f1),
        "precision": number(entry.precision),
        "recall": number(entry.recall),
        "strict_f1": number(entry.strict_f1),
        "best_f1": number(entry.best_f1),
        "best_threshold": number(entry.best_threshold),
    }


def _mark(mark: Mark | None) -> dict[str, Json] | None:
    return None if mark is None else {"target": mark.target, "mark": mark.standing.value}


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
