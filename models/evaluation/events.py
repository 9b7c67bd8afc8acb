"""What a node would have reported of clips: found or missed, how soon, and how often for nothing.

Every clip goes through the node's own replay, so what is judged is detector, tracking and confirmation together.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from statistics import median

from contract.errors import PermanentError, UsageError
from contract.events import Event, IncidentState
from contract.taxonomy import Seen
from edge.detect.port import Detector
from edge.replay import ReplayResult, replay
from edge.rules.policy import Policies
from edge.settings import ReplaySettings
from models.evaluation.bootstrap import Measured
from models.evaluation.clips import Clip, Truth
from models.evaluation.counts import rate

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Any fixed instant: two evaluations of one clip must agree."""

FIRE = frozenset({Seen.SMOKE, Seen.FLAME})


class Outcome(StrEnum):
    """What became of something truly there."""

    DETECTED = "detected"
    MISSED = "missed"
    TOO_SHORT = "too short to confirm"
    NOT_WATCHED = "not watched for"


@dataclass(frozen=True, slots=True)
class Reported:
    """One incident, in seconds of the clip: first seen, confirmed, last seen."""

    seen: Seen
    first_s: float
    confirmed_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """One thing truly there. `seconds_to_confirm` counts from its beginning; None unless detected."""

    truth: Truth
    outcome: Outcome
    seconds_to_confirm: float | None


@dataclass(frozen=True, slots=True)
class ClipReport:
    """One clip. `false` are incidents of nothing true. `fault` says why it was not, or not wholly, watched."""

    name: str
    watched_s: float
    is_truth_known: bool
    is_negative: bool
    found: tuple[Found, ...]
    false: tuple[Reported, ...]
    incidents: tuple[Reported, ...]
    fault: str | None


@dataclass(frozen=True, slots=True)
class FalseRate:
    """Incidents of nothing true per camera-hour, with the exact Poisson interval."""

    count: int
    hours: float
    per_hour: Measured


@dataclass(frozen=True, slots=True)
class KindReport:
    """One kind over all clips. `false`: on clips that show none of it."""

    detected: int
    missed: int
    undecidable: int
    median_seconds_to_confirm: float | None
    false: FalseRate


@dataclass(frozen=True, slots=True)
class EventVerdict:
    """All clips. `negatives`: everything reported on clips that show nothing; `negatives_fire`: smoke and flame."""

    clips: tuple[ClipReport, ...]
    kinds: Mapping[Seen, KindReport]
    negatives: FalseRate
    negatives_fire: FalseRate
    look_every_s: float


def watch(
    clips: Sequence[Clip],
    detector: Detector,
    settings: ReplaySettings,
    policies: Policies,
    on_seconds: Callable[[float], None],
) -> EventVerdict:
    """Replays every clip; one that can't be read is told and costs nothing else.

    Args:
        clips: see `models.evaluation.clips`.
        detector: the model, as a node opens it.
        settings: how the replay looks.
        policies: when something counts as present.
        on_seconds: gets the seconds of clip watched since its last call.

    Raises:
        UsageError: not one of the clips could be read.
    """
    reports = tuple(_watched(clip, detector, settings, policies, on_seconds) for clip in clips)
    if all(report.watched_s == 0 for report in reports):
        raise UsageError(f"none of {len(reports)} clips could be read: {reports[0].fault}")
    truly = {found.truth.seen for report in reports for found in report.found}
    reported = {incident.seen for report in reports for incident in report.incidents}
    negatives = [report for report in reports if report.is_negative]
    return EventVerdict(
        clips=reports,
        kinds={seen: _kind(seen, reports) for seen in Seen if seen in truly | reported},
        negatives=_false_rate(negatives, Seen),
        negatives_fire=_false_rate(negatives, FIRE),
        look_every_s=settings.look_every_s,
    )


def judge_clip(
    clip: Clip, incidents: tuple[Reported, ...], watched_s: float, watchable: Mapping[Seen, float], fault: str | None
) -> ClipReport:
    """What the incidents of a clip are worth; `watchable` is how long each kind that is watched for takes, seconds."""
    truths = clip.truths or ()
    false = tuple(incident for incident in incidents if not any(_overlap(incident, truth) for truth in truths))
    return ClipReport(
        name=clip.path.name,
        watched_s=watched_s,
        is_truth_known=clip.truths is not None,
        is_negative=clip.truths == (),
        found=tuple(_found(truth, incidents, watched_s, watchable) for truth in truths),
        false=false if clip.truths is not None else (),
        incidents=incidents,
        fault=fault,
    )


def _watched(
    clip: Clip,
    detector: Detector,
    settings: ReplaySettings,
    policies: Policies,
    on_seconds: Callable[[float], None],
) -> ClipReport:
    position_s = 0.0

    def on_look(seconds: float) -> None:
        nonlocal position_s
        on_seconds(seconds - position_s)
        position_s = seconds

    means = {entry.means for entry in detector.manifest.classes}
    watchable = {seen: policy.present_after_s for seen, policy in policies.presence.items() if seen in means}
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = replay(clip.path, Path(folder), settings, policies, detector, START, on_look)
        except PermanentError as error:
            return judge_clip(clip, (), 0.0, watchable, str(error))
    return judge_clip(clip, _incidents(result), result.length_s, watchable, result.broken_off)


def _incidents(result: ReplayResult) -> tuple[Reported, ...]:
    by_id: dict[str, list[Event]] = {}
    for event in result.events:
        by_id.setdefault(event.data.incident_id, []).append(event)

    def seconds(instant: datetime) -> float:
        return (instant - START).total_seconds()

    found = []
    for events in by_id.values():
        opened, latest = events[0], events[-1]
        is_gone = latest.data.state is IncidentState.CLOSED
        last_s = seconds(latest.data.last_seen_at) if is_gone else result.length_s
        found.append(Reported(opened.data.seen, seconds(opened.data.first_seen_at), seconds(opened.time), last_s))
    return tuple(found)


def _overlap(incident: Reported, truth: Truth) -> bool:
    ends_s = float("inf") if truth.to_s is None else truth.to_s
    return incident.seen is truth.seen and incident.first_s <= ends_s and incident.last_s >= truth.from_s


def _found(truth: Truth, incidents: Iterable[Reported], watched_s: float, watchable: Mapping[Seen, float]) -> Found:
    hits = [incident for incident in incidents if _overlap(incident, truth)]
    if hits:
        first = min(incident.confirmed_s for incident in hits)
        return Found(truth, Outcome.DETECTED, max(0.0, first - truth.from_s))
    if truth.seen not in watchable:
        return Found(truth, Outcome.NOT_WATCHED, None)
    lasts_s = min(watched_s, watched_s if truth.to_s is None else truth.to_s) - truth.from_s
    return Found(truth, Outcome.TOO_SHORT if lasts_s < watchable[truth.seen] else Outcome.MISSED, None)


def _kind(seen: Seen, reports: Sequence[ClipReport]) -> KindReport:
    found = [entry for report in reports for entry in report.found if entry.truth.seen is seen]
    outcomes = [entry.outcome for entry in found]
    took = [entry.seconds_to_confirm for entry in found if entry.seconds_to_confirm is not None]
    without = [
        report
        for report in reports
        if report.is_truth_known and not any(entry.truth.seen is seen for entry in report.found)
    ]
    return KindReport(
        detected=outcomes.count(Outcome.DETECTED),
        missed=outcomes.count(Outcome.MISSED),
        undecidable=outcomes.count(Outcome.TOO_SHORT) + outcomes.count(Outcome.NOT_WATCHED),
        median_seconds_to_confirm=median(took) if took else None,
        false=_false_rate(without, (seen,)),
    )


def _false_rate(reports: Sequence[ClipReport], kinds: Iterable[Seen]) -> FalseRate:
    wanted = frozenset(kinds)
    count = sum(incident.seen in wanted for report in reports for incident in report.false)
    hours = sum(report.watched_s for report in reports) / 3600
    return FalseRate(count, hours, rate(count, hours))
