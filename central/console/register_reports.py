"""The report of an import: counts, what is wrong row by row in the reader's language, page by page, and as a file.

It is shown in a frame of the form's page, so that the chosen file stays chosen.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from central.console.pages import KeeperGate, Pages
from central.domain.people import Operator, Right
from central.services.records import Sentence
from central.services.registers_base import Register
from central.services.registers_columns import columns_of
from central.services.registers_findings import Finding
from central.services.registers_orders import Report
from central.services.registers_rows import ROWS
from central.services.registers_shelf import ReportShelf, write_bad_rows
from central.services.registers_views import FindingView, finding_view, report_view

FINDINGS_A_PAGE = 100
EMBEDDED = {
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'self'",
}
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{22}$")]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of problem: how often, and the first one's words."""

    code: str
    level: str
    number: int
    example: Sentence


def report_pages(shelf: ReportShelf, gate: KeeperGate, pages: Pages) -> APIRouter:
    """``/registers/{register}/reports``."""
    router = APIRouter(prefix="/registers/{register}/reports", include_in_schema=False)
    keeper = gate.may(Right.KEEP_REGISTERS, is_page=True)

    def kept(register: Register, name: Name, who: Annotated[Operator, Depends(keeper)]) -> Report:
        report = shelf.find(name, who.name)
        if report is None or report.register is not register:
            raise HTTPException(404, "the report is not kept any longer; check the file again")
        return report

    @router.get("/{name}")
    def show_report(
        request: Request,
        name: Name,
        report: Annotated[Report, Depends(kept)],
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
        code: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        answer = draw_report(request, pages, report, name, page, code, is_whole=True)
        answer.headers.update(EMBEDDED)
        return answer

    @router.get("/{name}/rows.csv")
    def take_bad_rows(request: Request, name: Name, report: Annotated[Report, Depends(kept)]) -> Response:
        content = write_bad_rows(report, pages.words(request).language)
        headers = {"Content-Disposition": f'attachment; filename="{report.register}-{name[:6]}-rows.csv"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    return router


def draw_report(
    request: Request, pages: Pages, report: Report, name: str, page: int = 1, code: str = "", *, is_whole: bool = False
) -> HTMLResponse:
    """One page of the findings, errors first; of one kind where `code` names it. `is_whole`: with its own head."""
    kinds = _kinds(report)
    found = [one for one in report.findings if code in ("", one.code)]
    found.sort(key=lambda one: (one.level != "error", one.row))
    start = (page - 1) * FINDINGS_A_PAGE
    return pages.render(
        request,
        "register_report.html",
        r=pages.words(request).part("registers."),
        report=report_view(report, 0),
        findings=said_of(report.register, found[start : start + FINDINGS_A_PAGE]),
        kinds=kinds,
        code=code,
        page=page,
        pages=-(-len(found) // FINDINGS_A_PAGE),
        here=f"/registers/{report.register}/reports/{name}",
        good=report.rows - report.bad_rows,
        is_whole=is_whole,
        problem="",
    )


def said_of(register: Register, findings: list[Finding]) -> list[tuple[FindingView, Sentence]]:
    """Each with its column's name: as the file calls it, else as the register does."""
    names = {column.field: Sentence(zh=column.zh, en=column.field) for column in columns_of(ROWS[register])}
    return [(finding_view(one), names.get(one.field, Sentence(zh=one.field, en=one.field))) for one in findings]


def _kinds(report: Report) -> list[_Kind]:
    numbers = Counter(one.code for one in report.findings)
    first = {one.code: one for one in reversed(report.findings)}
    kinds = [_Kind(code, one.level, numbers[code], finding_view(one).problem) for code, one in first.items()]
    return sorted(kinds, key=lambda kind: (kind.level != "error", -kind.number))
