"""From what a measured process says to the bench's report. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge.bench.facts import Moment


@dataclass(frozen=True, slots=True)
class Measured:
    """What a node did while it was watched. Looks by camera; ages in seconds."""

    seconds: float
    cpu_s: float
    rss_mb: Sequence[tuple[float, float]]
    looks: Mapping[str, int]
    ages_s: Mapping[str, Sequence[float]]
    live: int
    source_cpu_s: float
    start_s: float
    machine_cpu_s: float = 0.0
    life: Sequence[Moment] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    cpu_s_by_part: Mapping[str, float] = field(default_factory=dict)
    events: int = 0
    findings_waiting: int = 0
    updates_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """Looks of one group of cameras: what their periods asked for, and what was done."""

    cameras: int
    looks_due: int
    looks_done: int
    skipped_share: float


def share_of(measured: Measured, cameras: Sequence[str], every_s: float) -> Share:
    """How many looks were due and done, and which share of them the schedule skipped, by its own count.

    A camera without any look counts nothing itself: what is missing beyond the one look that may have fallen just
    outside the window counts as skipped, too.

    >>> done = Measured(10.0, 1.0, [], {"a": 5, "b": 4, "c": 4, "d": 1}, {}, 4, 0.0, 1.0, skipped={"b": 1})
    >>> share_of(done, ["a", "b"], 2.0)
    Share(cameras=2, looks_due=10, looks_done=9, skipped_share=0.1)
    >>> share_of(done, ["c"], 2.0).skipped_share, share_of(done, ["d"], 2.0).skipped_share
    (0.0, 0.6)
    """
    each = int(measured.seconds / every_s)
    due = each * len(cameras)
    # Camera by camera: one's look more than due must not hide another's look less.
    skipped = sum(
        max(measured.skipped.get(camera, 0), each - 1 - measured.looks.get(camera, 0), 0) for camera in cameras
    )
    done = sum(measured.looks.get(camera, 0) for camera in cameras)
    return Share(len(cameras), due, done, round(skipped / due, 4) if due else 0.0)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` of all lie; None of nothing.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 0.5)
    3.0
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def growth(rss_mb: Sequence[tuple[float, float]], warm_s: float = 300.0) -> float | None:
    """Share by which memory grew from `warm_s` to the end, as the difference of the medians of both ends.

    >>> growth([(0, 90.0), (400, 100.0), (500, 100.0), (600, 102.0), (700, 102.0)])
    0.02
    """
    rest = [mb for second, mb in rss_mb if second >= warm_s]
    if len(rest) < 4:
        return None
    piece = max(1, len(rest) // 4)
    first, last = percentile(rest[:piece], 0.5), percentile(rest[-piece:], 0.5)
    return None if not first or last is None else round((last - first) / first, 4)


def next_try(near: int, most: int, holds: Mapping[int, bool]) -> int | None:
    """The next number to try when looking for the largest of 1…`most` that holds; None when it is found.

    Steps away from a guess in doubling steps until it is surrounded, then halves: a good guess costs three tries.

    >>> next_try(8, 64, {}), next_try(8, 64, {8: True}), next_try(8, 64, {8: True, 10: True})
    (8, 10, 14)
    >>> next_try(8, 64, {8: False}), next_try(8, 64, {8: False, 6: True}), next_try(8, 64, {8: False, 7: True})
    (6, 7, None)
    """
    low = max([0, *[number for number, is_held in holds.items() if is_held]])
    high = min([most + 1, *[number for number, is_held in holds.items() if not is_held]])
    if high - low <= 1:
        return None
    if not holds:
        return min(near, most)
    if high > most:
        return min(most, low + max(2, 2 * (low - near)))
    if low == 0:
        return max(1, high - max(2, 2 * (near - high)))
    return (low + high) // 2
