"""An evaluation as JSON: numbers or null, never NaN; an interval stands beside its number as ``…_interval``."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from contract.errors import UsageError
from datasets.whole_file import write_whole_text
from models.evaluate import Evaluation, Looking, OpenEyes, PictureVerdict
from models.evaluation.bootstrap import COVERAGE, Measured
from models.evaluation.classes import ClassReport
from models.evaluation.compare import Comparison, Difference
from models.evaluation.figures import Metric
from models.evaluation.json_events import agreement_as_json, events_as_json
from models.evaluation.json_values import Json, mark_as_json, number, plain, with_interval
from models.evaluation.runtime import Runtime
from models.evaluation.slices import Slice
from models.evaluation.targets import Judgement, Mark
from models.evaluation.thresholds import Suggestion


def as_json(evaluation: Evaluation, eyes: OpenEyes, looking: Looking, judgement: Judgement) -> dict[str, Json]:
    """Everything."""
    pictures, events, agreement = evaluation.pictures, evaluation.events, evaluation.agreement
    return {
        **(_no_pictures() if pictures is None else _pictures(pictures, judgement)),
        "events": None if events is None else events_as_json(events),
        "agreement": None if agreement is None else agreement_as_json(agreement, judgement),
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
            label: {"instances": count, **with_interval("recall", recall)}
            for label, (count, recall) in verdict.partial.items()
        },
        "unknown_to_the_model": dict(verdict.unknown),
        **with_interval("false_positives_per_image", verdict.false_per_image),
        "negatives": 0 if alarms is None else alarms[0],
        **with_interval("false_positives_per_negative", Measured(float("nan")) if alarms is None else alarms[1]),
        "false_positives_per_negative_target": mark_as_json(judgement.alarms),
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
        told |= with_interval(metric.value, found)
    return {
        **told,
        "instances": entry.instances,
        "images": entry.pictures,
        "threshold": entry.threshold,
        "exhaustive": entry.is_exhaustive,
        "targets": {mark.metric: mark_as_json(mark) for mark in marks},
    }


def _slice(entry: Slice) -> dict[str, Json]:
    classes: dict[str, Json] = {}
    for label, one in entry.by_label.items():
        told: dict[str, Json] = {"instances": one.instances, "images": one.pictures}
        for metric, found in one.measured.items():
            told |= with_interval(metric.value, found)
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
        **with_interval("difference", found.difference),
        "verdict": found.verdict.value,
    }


def _counts(names: Sequence[str]) -> dict[str, Json]:
    return {name: names.count(name) for name in sorted(set(names))}
