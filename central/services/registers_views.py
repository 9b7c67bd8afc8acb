"""Registers over HTTP and on the command line: reports, rows, changes and coverage as JSON."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from central.domain.registers.coverage import Coverage
from central.services.records import Sentence
from central.services.registers_base import REGISTER_NAMES, Register
from central.services.registers_findings import Finding, Level
from central.services.registers_orders import Report
from central.store.registers import Change, StoredRow

MOST_TOLD = 2000
"""Findings in one answer; the counts are of all."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class FindingView(_View):
    """One thing wrong with one field of one row, in both languages."""

    row: int
    key: str
    field: str
    level: Level
    code: str
    problem: Sentence
    remedy: Sentence


class ReportView(_View):
    """What an import did, or would do. `version` null: nothing was written."""

    kind: Register
    source: str
    is_dry_run: bool
    is_refused: bool
    version: int | None
    rows: int
    bad_rows: int
    added: int
    changed: int
    removed: int
    unchanged: int
    counts: dict[str, int]
    findings: tuple[FindingView, ...]


class RegisterView(_View):
    """One register: how many rows stand, and its last change."""

    kind: Register
    name: Sentence
    rows: int
    last: "ChangeView | None"


class ChangeView(_View):
    """Who changed a register, when and why."""

    version: int
    at: datetime
    who: str
    why: str
    kind: Register
    source: str
    added: int
    changed: int
    removed: int


class RowVersionView(_View):
    """What a row said from one change on; null facts: it was taken out."""

    change: ChangeView
    facts: dict[str, Any] | None


class RowPage(_View):
    """Some of a register's rows. `next`: ask again with it as `after`."""

    items: tuple[dict[str, Any], ...]
    next: str | None


class GapView(_View):
    """Ground that nobody answers for, in local wall time."""

    scope: str
    target: str
    name: Sentence
    hours: float
    spans: tuple[tuple[datetime, datetime], ...]


class CoverageView(_View):
    """How far responsibility and cameras cover the ground."""

    first: date
    last: date
    grids: int
    roads: int
    asked_hours: float
    covered_hours: float
    share: float | None
    gaps: tuple[GapView, ...]
    without_camera: tuple[str, ...]
    without_backup: tuple[str, ...]


def finding_view(finding: Finding) -> FindingView:
    return FindingView(
        row=finding.row,
        key=finding.key,
        field=finding.field,
        level=finding.level,
        code=finding.code,
        problem=Sentence(zh=finding.problem("zh"), en=finding.problem("en")),
        remedy=Sentence(zh=finding.remedy("zh"), en=finding.remedy("en")),
    )


def report_view(report: Report, most: int = MOST_TOLD) -> ReportView:
    """The report with its first findings, errors before warnings."""
    told = sorted(report.findings, key=lambda finding: (finding.level != "error", finding.row))[:most]
    return ReportView(
        kind=report.register,
        source=report.source,
        is_dry_run=report.is_dry_run,
        is_refused=report.is_refused,
        version=report.version,
        rows=report.rows,
        bad_rows=report.bad_rows,
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        unchanged=report.unchanged,
        counts=dict(Counter(finding.code for finding in report.findings).most_common()),
        findings=tuple(finding_view(finding) for finding in told),
    )


def change_view(change: Change) -> ChangeView:
    return ChangeView(
        version=change.version,
        at=change.at,
        who=change.who,
        why=change.why,
        kind=Register(change.register),
        source=change.source,
        added=change.added,
        changed=change.changed,
        removed=change.removed,
    )


def history_view(versions: Sequence[tuple[Change, StoredRow]]) -> list[RowVersionView]:
    """Newest first."""
    return [
        RowVersionView(change=change_view(change), facts=None if row.facts is None else dict(row.facts))
        for change, row in versions
    ]


def register_view(register: Register, rows: int, last: Change | None) -> RegisterView:
    names = REGISTER_NAMES[register]
    return RegisterView(
        kind=register,
        name=Sentence(zh=names.zh, en=names.en),
        rows=rows,
        last=None if last is None else change_view(last),
    )


def coverage_view(found: Coverage) -> CoverageView:
    return CoverageView(
        first=found.first,
        last=found.last,
        grids=found.grids,
        roads=found.roads,
        asked_hours=found.asked_hours,
        covered_hours=round(found.covered_hours, 2),
        share=None if found.share is None else round(found.share, 4),
        gaps=tuple(
            GapView(
                scope=gap.scope,
                target=gap.target,
                name=Sentence(zh=gap.names.zh, en=gap.names.en),
                hours=round(gap.hours, 2),
                spans=tuple((span.start, span.end) for span in gap.spans),
            )
            for gap in found.gaps
        ),
        without_camera=found.without_camera,
        without_backup=found.without_backup,
    )
