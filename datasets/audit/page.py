"""The audit as one HTML page that stands alone: thumbnails inside, no script, nothing fetched from anywhere."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from datasets.audit.sheets import ClassSheet, Palette, Thumbnail, class_sheets, thumbnail
from datasets.audit.values import ADVICE, FAULTS, Audit, Kind
from datasets.folder import LabelledFolder
from datasets.whole_file import write_whole_text

PAGE_FILE = "index.html"

DRAWN_PER_KIND = 36
"""Findings of a kind that are drawn, worst first; all are listed in words."""


@dataclass(frozen=True, slots=True)
class DrawnFinding:
    """A finding with its pictures."""

    message: str
    thumbnails: tuple[Thumbnail, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """All findings of one kind."""

    kind: str
    is_fault: bool
    advice: str
    messages: tuple[str, ...]
    drawn: tuple[DrawnFinding, ...]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source in the page's table, and its sheets."""

    name: str
    licence: str
    pictures: int
    without_boxes: int
    boxes: tuple[tuple[str, int, bool], ...]
    """Label, boxes, whether the source is exhaustive for it."""
    absent: tuple[str, ...]
    """Labels that no picture shows."""
    sheets: tuple[ClassSheet, ...]


def write_page(audit: Audit, out: Path, on_count: Callable[[int], None], on_sheet: Callable[[], None]) -> Path:
    """Writes the page under `out`, and gives its path."""
    on_count(len(Kind) + sum(len(folder.classes) + 1 for folder in audit.folders))
    labels = tuple(dict.fromkeys(label for folder in audit.folders for label in folder.classes))
    palette = Palette(labels)
    sections = [section for kind in Kind if (section := _section(audit, kind, palette, on_sheet))]
    rows = [_row(folder, tuple(class_sheets(folder, palette, on_sheet))) for folder in audit.folders]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    legend = [(label, palette.of(label)) for label in labels]
    page = environment.get_template("page.html.j2").render(audit=audit, sections=sections, rows=rows, legend=legend)
    write_whole_text(out / PAGE_FILE, page)
    return out / PAGE_FILE


def _section(audit: Audit, kind: Kind, palette: Palette, on_sheet: Callable[[], None]) -> Section | None:
    on_sheet()
    found = [finding for finding in audit.findings if finding.kind is kind]
    if not found:
        return None
    drawn = tuple(
        DrawnFinding(finding.message, tuple(thumbnail(shown, palette) for shown in finding.shown))
        for finding in found[:DRAWN_PER_KIND]
        if finding.shown
    )
    return Section(kind, kind in FAULTS, ADVICE[kind], tuple(finding.message for finding in found), drawn)


def _row(folder: LabelledFolder, sheets: tuple[ClassSheet, ...]) -> SourceRow:
    count = Counter(box.label for picture in folder.pictures for box in picture.boxes)
    return SourceRow(
        name=folder.name,
        licence=folder.licence,
        pictures=len(folder.pictures),
        without_boxes=sum(not picture.boxes for picture in folder.pictures),
        boxes=tuple((label, count[label], label in folder.exhaustive_for) for label in folder.classes),
        absent=tuple(sorted(folder.exhaustive_for - set(folder.classes))),
        sheets=sheets,
    )
