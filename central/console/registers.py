"""Plain pages of the registers: lists, a form for one row, findings, coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from central.console.pages import KeeperGate, Pages
from central.console.register_forms import fields_of, values_of
from central.console.register_imports import import_pages
from central.console.register_reports import report_pages, said_of
from central.console.words import Words
from central.domain.people import Operator, Right
from central.domain.registers.frames import Frame
from central.domain.why import reason_of
from central.services.records import Sentence
from central.services.registers_base import REGISTER_NAMES, Register
from central.services.registers_columns import Column, columns_of
from central.services.registers_desk import RegisterDesk, UnknownRow
from central.services.registers_files import FileFormat
from central.services.registers_orders import Order
from central.services.registers_rows import ROWS
from central.services.registers_shelf import ReportShelf
from central.services.registers_views import change_view, coverage_view, history_view, report_view
from contract.plane import Origin

ROWS_A_PAGE = 50
SHOWN_COLUMNS = 6
SHOWN_FINDINGS = 300
SHOWN_REPORTS = 5


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    version: int
    cells: tuple[str, ...]


def registers_pages(
    desk: RegisterDesk, shelf: ReportShelf, gate: KeeperGate, pages: Pages, origin: Origin
) -> list[APIRouter]:
    """All pages of the registers; `origin` is where a map begins that has nothing to show."""
    router = APIRouter(prefix="/registers", include_in_schema=False)
    reader = [Depends(gate.page)]
    keeper = gate.may(Right.KEEP_REGISTERS, is_page=True)

    def said(request: Request) -> Words:
        return pages.words(request).part("registers.")

    def row_page(request: Request, register: Register, values: Mapping[str, str], **facts: Any) -> Response:
        told = {"key": "", "why": "", "versions": (), "report": None} | facts
        language = pages.words(request).language
        return pages.render(
            request,
            "register_row.html",
            r=said(request),
            register=register.value,
            name=_name(register),
            fields=fields_of(register, values, language),
            origin=origin,
            **told,
        )

    @router.get("", dependencies=reader)
    def show_all(request: Request) -> Response:
        return pages.render(request, "registers.html", r=said(request), registers=desk.overview())

    @router.get("/findings", dependencies=reader)
    def show_findings(request: Request) -> Response:
        found = groupby(desk.check(), key=lambda pair: pair[0])
        groups = [(_name(register), said_of(register, [one for _, one in pairs])) for register, pairs in found]
        return pages.render(request, "register_findings.html", r=said(request), groups=groups)

    @router.get("/coverage", dependencies=reader)
    def show_coverage(request: Request, area: Annotated[str, Query(max_length=15)] = "") -> Response:
        found = coverage_view(desk.coverage(desk.today(), desk.today() + timedelta(days=6), area))
        return pages.render(request, "register_coverage.html", r=said(request), found=found)

    @router.get("/{register}", dependencies=reader)
    def show_register(
        request: Request,
        register: Register,
        who: Annotated[Operator, Depends(gate.page)],
        after: Annotated[str, Query(max_length=100)] = "",
        query: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        columns = [column for column in columns_of(ROWS[register]) if column.field != ROWS[register].KEY]
        shown = [column for column in columns if column.field != "rings"][:SHOWN_COLUMNS]
        rows = [_line(row, shown) for row in desk.page(register, after, ROWS_A_PAGE, query)]
        return pages.render(
            request,
            "register.html",
            r=said(request),
            register=register.value,
            name=_name(register),
            columns=shown,
            rows=rows,
            more=rows[-1].key if len(rows) == ROWS_A_PAGE else "",
            query=query,
            frames=[frame.value for frame in Frame],
            formats=[kind.value for kind in FileFormat],
            changes=[change_view(change) for change in desk.changes(register, 20)],
            reports=shelf.latest(register.value, who.name)[:SHOWN_REPORTS],
        )

    @router.get("/{register}/row", dependencies=reader)
    def show_row(
        request: Request,
        register: Register,
        key: Annotated[str, Query(max_length=100)] = "",
        new: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        if not key:
            return row_page(request, register, {ROWS[register].KEY: new})
        versions = history_view(desk.history(register, key))
        try:
            values = values_of(desk.row(register, key))
        except UnknownRow:
            values = {}
        return row_page(request, register, values, key=key, versions=versions)

    @router.post("/{register}/row")
    async def save_row(request: Request, register: Register, who: Annotated[Operator, Depends(keeper)]) -> Response:
        form = {name: str(value).strip() for name, value in (await request.form()).items()}
        values = {column.field: form[column.field] for column in columns_of(ROWS[register]) if form.get(column.field)}
        why = reason_of(form.get("why", ""))
        order = Order(register, "", b"", who.name, why, district=who.district)
        report = await run_in_threadpool(desk.put, order, [values])
        if report.is_refused:
            return await run_in_threadpool(
                row_page, request, register, values, why=why, report=report_view(report, SHOWN_FINDINGS)
            )
        return RedirectResponse(f"/registers/{register.value}", 303)

    @router.post("/{register}/remove")
    def remove_row(
        register: Register,
        who: Annotated[Operator, Depends(keeper)],
        key: Annotated[str, Form(max_length=100)],
        why: Annotated[str, Form(min_length=3, max_length=500)],
    ) -> Response:
        desk.remove(register, key, who, why)
        return RedirectResponse(f"/registers/{register.value}", 303)

    return [report_pages(shelf, gate, pages), import_pages(desk, shelf, gate, pages), router]


def _line(row: Mapping[str, Any], columns: Sequence[Column]) -> _Line:
    return _Line(str(row["key"]), int(row["version"]), tuple(_short(row.get(column.field)) for column in columns))


def _short(value: object) -> str:
    text = "; ".join(str(part) for part in value) if isinstance(value, list) else "" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _name(register: Register) -> Sentence:
    names = REGISTER_NAMES[register]
    return Sentence(zh=names.zh, en=names.en)
