"""Replays clips through the node's own replay: detector, tracking and confirmation are judged together."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from contract.errors import PermanentError, UsageError
from contract.events import Event, IncidentState
from edge.detect.port import Detector
from edge.replay import ReplayResult, replay
from edge.rules.policy import Policies
from edge.settings import ReplaySettings
from models.evaluation.clips import Clip
from models.evaluation.events import ClipReport, EventVerdict, Reported, judge_clip, verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Any fixed instant: two evaluations of one clip must agree."""


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
    return verdict(reports, settings.look_every_s)


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
