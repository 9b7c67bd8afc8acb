"""The report of a measurement: the keys that others rely on, and the targets side by side with what came out."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict


class Percentiles(BaseModel):
    """Milliseconds."""

    model_config = ConfigDict(frozen=True)

    p50: float
    p99: float


class Target(BaseModel):
    """What should be reached, and what was."""

    model_config = ConfigDict(frozen=True)

    name: str
    wanted: str
    measured: float
    is_reached: bool


class BenchReport(BaseModel):
    """`events_committed`, `duplicates` and `lost` are counted in the database when all is over.

    `publish_to_commit_ms` is from an event's publication to its receipt, which is sent after the commit: it errs on the
    high side, by the way back over the broker.
    """

    model_config = ConfigDict(frozen=True)

    mode: str
    events_sent: int
    events_committed: int
    duplicates: int
    lost: int
    rate_per_s: float
    publish_to_commit_ms: Percentiles
    rss_mb: float
    sent_again: int = 0
    cpu_share: float = 0.0
    details: dict[str, float] = {}
    targets: tuple[Target, ...] = ()
    seconds: float = 0.0
    machine: dict[str, object] = {}
    versions: dict[str, str] = {}


def percentiles(seconds: Sequence[float]) -> Percentiles:
    """Of durations in seconds; zeros when there are none.

    >>> percentiles([0.010, 0.020, 0.030])
    Percentiles(p50=20.0, p99=30.0)
    """
    if not seconds:
        return Percentiles(p50=0.0, p99=0.0)
    ordered = sorted(seconds)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99)]
    return Percentiles(p50=round(at[0] * 1000, 1), p99=round(at[1] * 1000, 1))


def at_least(name: str, wanted: float, measured: float) -> Target:
    return Target(name=name, wanted=f">= {wanted:g}", measured=round(measured, 3), is_reached=measured >= wanted)


def at_most(name: str, wanted: float, measured: float) -> Target:
    return Target(name=name, wanted=f"<= {wanted:g}", measured=round(measured, 3), is_reached=measured <= wanted)
