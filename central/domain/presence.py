"""When something was there, and whether two cameras saw one and the same stay.

Whoever comes and goes is seen to come and to go by every camera in whose view it stands; neighbours come and go by
themselves. Where a whole row opens and closes at once this tells nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from central.domain.values import Observation


@dataclass(frozen=True, slots=True)
class Presence:
    """From when to when, epoch seconds. `is_over`: it has gone. `slack_s`: what the clocks may be wrong by."""

    start_s: float
    end_s: float
    is_over: bool
    slack_s: float


def presence_of(sighting: Observation) -> Presence:
    return Presence(
        start_s=sighting.first_seen_at.timestamp(),
        end_s=sighting.last_seen_at.timestamp(),
        is_over=sighting.is_gone,
        slack_s=sighting.clock_slack_s,
    )


def joined(stays: Sequence[Presence]) -> Presence:
    """Of the thing whose `stays`, at least one, they are."""
    return Presence(
        start_s=min(stay.start_s for stay in stays),
        end_s=max(stay.end_s for stay in stays),
        is_over=all(stay.is_over for stay in stays),
        slack_s=max(stay.slack_s for stay in stays),
    )


def shared_stay(a: Presence, b: Presence, ends_s: float) -> float:
    """The time both were there as a share of the longer stay.

    0 when they didn't come within `ends_s` of each other, or didn't go so; where one is still there, its end is open.
    """
    allowed_s = ends_s + a.slack_s + b.slack_s
    if abs(a.start_s - b.start_s) > allowed_s:
        return 0.0
    if a.is_over and b.is_over and abs(a.end_s - b.end_s) > allowed_s:
        return 0.0
    together_s = min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
    return max(0.0, together_s) / max(1.0, a.end_s - a.start_s, b.end_s - b.start_s)


def covered(inner: Presence, outer: Presence) -> float:
    """The share of `inner` during which `outer` was there too, 0..1."""
    together_s = min(inner.end_s, outer.end_s) - max(inner.start_s, outer.start_s)
    return min(1.0, max(0.0, together_s) / max(1.0, inner.end_s - inner.start_s))
