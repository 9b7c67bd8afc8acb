"""What clips and the comparison with a pretrained net gave, as JSON."""

from models.evaluation.agreement import Agreement, LabelAgreement
from models.evaluation.events import ClipReport, EventVerdict, FalseRate, Reported
from models.evaluation.json_values import Json, mark_as_json, number, with_interval
from models.evaluation.targets import Judgement


def events_as_json(verdict: EventVerdict) -> dict[str, Json]:
    """All clips."""
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


def agreement_as_json(agreement: Agreement, judgement: Judgement) -> dict[str, Json]:
    """All classes, and each source apart."""
    return {
        "with": agreement.reference,
        "images": agreement.pictures,
        "classes": {
            label: _label_agreement(entry) | {"target": mark_as_json(judgement.agreement.get(label))}
            for label, entry in agreement.by_label.items()
        },
        "sources": {
            source: {label: _label_agreement(entry) for label, entry in by_label.items()}
            for source, by_label in agreement.by_source.items()
        },
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
    return {"count": found.count, "hours": number(found.hours), **with_interval("per_hour", found.per_hour)}


def _label_agreement(entry: LabelAgreement) -> dict[str, Json]:
    return {
        "instances": entry.instances,
        **with_interval("f1", entry.f1),
        "precision": number(entry.precision),
        "recall": number(entry.recall),
        "strict_f1": number(entry.strict_f1),
        "best_f1": number(entry.best_f1),
        "best_threshold": number(entry.best_threshold),
    }
