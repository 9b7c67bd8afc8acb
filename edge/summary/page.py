"""A replay as one HTML page a person can look at: a timeline, each incident's pictures with boxes, the facts below.

The page stands alone but for the evidence pictures beside it: no script, nothing fetched from anywhere.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contract.errors import PermanentError
from contract.events import Event, EvidenceRef, IncidentState
from contract.taxonomy import Seen
from edge.replay import EVIDENCE_FOLDER, ReplayResult

PAGE_FILE = "summary.html"

NAMES: dict[Seen, tuple[str, str]] = {
    Seen.SMOKE: ("smoke", "烟雾"),
    Seen.FLAME: ("flame", "明火"),
    Seen.GRILL: ("grill", "烧烤炉"),
    Seen.STALL: ("stall", "摊位"),
    Seen.CART: ("cart", "售货车"),
    Seen.PARASOL: ("parasol", "遮阳伞"),
    Seen.TABLE: ("table", "桌椅"),
    Seen.SIGN: ("sign", "牌匾"),
    Seen.BILLBOARD: ("billboard", "广告牌"),
    Seen.BANNER: ("banner", "条幅"),
    Seen.GARBAGE: ("garbage", "垃圾"),
    Seen.BIN_OVERFLOW: ("overflowing bin", "垃圾箱满溢"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One incident on the page; times in seconds of the clip, shares of its length for the timeline."""

    name_en: str
    name_zh: str
    seen: str
    incident_id: str
    first_s: float
    present_s: float
    last_s: float
    end: str
    events: int
    peak: float
    mean: float
    zones: tuple[str, ...]
    pictures: tuple[EvidenceRef, ...]


def write_page(result: ReplayResult, out: Path, model_name: str) -> Path:
    """Writes the page under `out` and gives its path.

    Raises:
        PermanentError: the disk refuses.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    rows = _rows(result)
    length_s = max(result.length_s, max((row.last_s for row in rows), default=0.0), 0.001)
    page = environment.get_template("page.html.j2").render(
        result=result,
        rows=rows,
        length_s=length_s,
        ticks=_ticks(length_s),
        model_name=model_name,
        evidence=EVIDENCE_FOLDER,
    )
    path = out / PAGE_FILE
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise PermanentError(f"{path}: can't be written ({error.strerror})") from error
    return path


def _rows(result: ReplayResult) -> list[Row]:
    by_incident: dict[str, list[Event]] = {}
    for event in result.events:
        by_incident.setdefault(event.data.incident_id, []).append(event)
    return [_row(events, result) for events in by_incident.values()]


def _row(events: list[Event], result: ReplayResult) -> Row:
    opened, latest = events[0], events[-1]
    is_closed = latest.data.state is IncidentState.CLOSED
    names = NAMES[opened.data.seen]

    def seconds(instant: datetime) -> float:
        return round((instant - result.started_at).total_seconds(), 1)

    # Between events the thing stays; without a `closed` it was still there when the clip ended.
    last_s = seconds(latest.data.last_seen_at) if is_closed else round(result.length_s, 1)
    return Row(
        name_en=names[0],
        name_zh=names[1],
        seen=opened.data.seen,
        incident_id=opened.data.incident_id,
        first_s=seconds(opened.data.first_seen_at),
        present_s=seconds(opened.time),
        last_s=last_s,
        end="gone 已消失" if is_closed else "not gone by the end 结束时未消失",
        events=len(events),
        peak=latest.data.confidence.peak,
        mean=latest.data.confidence.mean,
        zones=opened.data.zones,
        pictures=tuple(ref for event in events for ref in event.data.evidence),
    )


def _ticks(length_s: float) -> list[float]:
    """About eight round marks along the timeline."""
    steps = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
    step = next((step for step in steps if length_s / step <= 8), steps[-1])
    return [round(index * step, 1) for index in range(int(length_s / step) + 1)]
