"""An evaluation as one page that stands alone: no script, nothing fetched, pictures embedded.

It holds pictures of the data set: it may lie where the data may lie, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.evaluate import Evaluation, Looking, OpenEyes, PictureVerdict
from models.evaluation.bootstrap import Measured
from models.evaluation.classes import ClassReport
from models.evaluation.curves import Point, curve
from models.evaluation.figures import Metric
from models.evaluation.slices import NIGHT_BRIGHTNESS
from models.evaluation.targets import Judgement
from models.evaluation.worst import WorstPicture, worst_pictures

ZH_BY_LABEL: Mapping[str, str] = {
    "smoke": "烟雾",
    "flame": "明火",
    "grill": "烧烤炉",
    "stall": "摊位",
    "vendor_cart": "售货车",
    "parasol": "遮阳伞",
    "table": "桌椅",
    "shop_sign": "店招",
    "billboard": "广告牌",
    "banner": "条幅",
    "garbage_pile": "垃圾堆",
    "waste_container": "垃圾桶",
    "person": "人员",
    "vehicle": "车辆",
    "cycle": "两轮车",
    "cart": "售货车",
    "sign": "牌匾",
    "garbage": "垃圾",
    "bin_overflow": "垃圾箱满溢",
}

COLUMNS: Mapping[Metric, tuple[str, str]] = {
    Metric.AP50: ("AP50", "重叠 0.5"),
    Metric.AP30: ("AP30", "重叠 0.3"),
    Metric.AP50_95: ("AP50–95", "平均"),
    Metric.PRECISION: ("precision", "查准率"),
    Metric.RECALL: ("recall", "查全率"),
    Metric.F1: ("F1", ""),
    Metric.FALSE_PER_IMAGE: ("false / picture", "每图误检"),
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """One class's curves as SVG paths in a 200 × 200 field, and where the model is cut (None if it never fires)."""

    label: str
    strict: str
    loose: str
    cut: Point | None


def page(evaluation: Evaluation, eyes: OpenEyes, looking: Looking, judgement: Judgement, worst: int) -> str:
    """The whole page as HTML.

    Raises:
        UsageError: a picture has become unreadable since it was looked at.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "figure": figure,
        "interval": interval,
        "signed": signed,
        "zh": lambda label: ZH_BY_LABEL.get(label, ""),
    }
    verdict = evaluation.pictures
    reports = () if verdict is None else verdict.classes
    manifest = eyes.this.manifest
    return environment.get_template("page.html.j2").render(
        model=f"{manifest.name} {manifest.version}",
        input_px=f"{manifest.input.width_px}×{manifest.input.height_px}",
        evaluation=evaluation,
        verdict=verdict,
        reports=reports,
        columns=COLUMNS,
        judgement=judgement,
        looking=looking,
        counted=[] if verdict is None else _counted(verdict),
        drawings=[_drawing(report) for report in reports if report.is_exhaustive and report.instances],
        worst=_worst(evaluation, worst),
        night=NIGHT_BRIGHTNESS,
        ap50=Metric.AP50,
        ap30=Metric.AP30,
        recall=Metric.RECALL,
        false_rate=Metric.FALSE_PER_IMAGE,
    )


def figure(value: float | None, digits: int = 2) -> str:
    """A number, or a dash where there is none.

    >>> figure(0.123), figure(float("nan")), figure(None)
    ('0.12', '–', '–')
    """
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def interval(found: Measured, digits: int = 2) -> str:
    """The interval, empty where there is none.

    >>> interval(Measured(0.5, 0.4, 0.6)), interval(Measured(0.0, -0.1, 0.2)), interval(Measured(0.5))
    ('0.40–0.60', '-0.10 … 0.20', '')
    """
    if found.low != found.low:
        return ""
    between = " … " if found.low < 0 else "–"
    return f"{found.low:.{digits}f}{between}{found.high:.{digits}f}"


def signed(value: float) -> str:
    """A difference.

    >>> signed(0.0123), signed(-0.5)
    ('+0.012', '-0.500')
    """
    return "–" if value != value else f"{value:+.3f}"


def _counted(verdict: PictureVerdict) -> list[str]:
    """What was counted of each source, as ``hotfire val 114``."""
    halves = {entry.picture.source: entry.picture.half for entry in verdict.viewed}
    sources = [entry.picture.source for entry in verdict.viewed]
    return [f"{source} {half} {sources.count(source)}" for source, half in halves.items()]


def _worst(evaluation: Evaluation, count: int) -> tuple[WorstPicture, ...]:
    verdict = evaluation.pictures
    if verdict is None:
        return ()
    labels = [report.label for report in verdict.classes if report.is_exhaustive]
    return worst_pictures(verdict.viewed, labels, count)


def _drawing(report: ClassReport) -> Drawing:
    recall, precision = report.measured[Metric.RECALL].value, report.measured[Metric.PRECISION].value
    return Drawing(
        label=report.label,
        strict=_path(curve(report.sample.half_marks, report.instances)),
        loose=_path(curve(report.sample.loose, report.instances)),
        cut=None if precision != precision else Point(recall, precision),
    )


def _path(points: tuple[Point, ...]) -> str:
    return " ".join(
        f"{'L' if place else 'M'}{200 * point.recall:.1f} {200 - 200 * point.precision:.1f}"
        for place, point in enumerate(points)
    )
