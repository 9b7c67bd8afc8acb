"""What the measured processes say on their last line."""

from pydantic import BaseModel


class Moment(BaseModel):
    """What a node said at one moment, in seconds of the machine's monotonic clock. Looks count from the start."""

    at_s: float
    is_live: bool
    looks: int
    others_looks: int


class NodeFacts(BaseModel):
    """A node's own report. `machine_cpu_s` is all processes'.

    Findings that wait at the end are work that looks have put off. Memory as (second, MB); looks and skipped looks by
    camera; ages in seconds. `life` is that of the followed camera, beside all the others.
    """

    seconds: float
    start_s: float
    cpu_s: float
    machine_cpu_s: float = 0.0
    cpu_s_by_part: dict[str, float] = {}
    rss_mb: tuple[tuple[float, float], ...]
    threads: int
    looks: dict[str, int]
    skipped: dict[str, int]
    live: int
    ages_s: dict[str, tuple[float, ...]]
    outbox_depth: int
    findings_waiting: int = 0
    updates_left_out: int = 0
    life: tuple[Moment, ...] = ()


class BaselineFacts(BaseModel):
    """The baseline's report: looks over all its cameras."""

    cameras: int
    looks: int
    seconds: float
    cpu_s: float
