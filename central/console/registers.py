"""Plain pages of the registers: lists, a form for one row, imports with a bar and a report, coverage."""

import asyncio
import gzip
import types
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, StreamingResponse

from central.console.pages import KeeperGate, Pages
from central.console.register_reports import EMBEDDED, draw_report, report_pages, said_of
from central.console.words import Language, Words
from central.domain.people import Operator, Right
from central.domain.registers.frames import Frame
from central.domain.why import reason_of
from central.services.records import Sentence
from central.services.registers_base import REGISTER_NAMES, Register, Row
from central.services.registers_columns import Column, columns_of
from central.services.registers_desk import RegisterDesk, UnknownRow
from central.services.registers_files import FileFormat
from central.services.registers_orders import Order, Report
from central.services.registers_rows import ROWS
from central.services.registers_shelf import ReportShelf
from central.services.registers_views import change_view, coverage_view, history_view, report_view
from central.services.registers_writing import cell_of
from contract.errors import TransientError, UsageError
from contract.plane import Origin

MOST_BYTES = 64 * 2**20
ROWS_A_PAGE = 50
SHOWN_COLUMNS = 6
SHOWN_FINDINGS = 300
SHOWN_REPORTS = 5
Mode = Literal["check", "all", "good"]


@dataclass(frozen=True, slots=True)
class _Choice:
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of the form of one row."""

    name: str
    title: str
    hint: str
    value: str
    example: str
    is_required: bool
    is_long: bool
    choices: tuple[_Choice, ...]


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
            fields=_fields(register, values, language),
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

    @router.post("/{register}/import")
    async def bring_in(
        request: Request,
        register: Register,
        file: UploadFile,
        who: Annotated[Operator, Depends(keeper)],
        coordinates: Annotated[Frame, Form()] = Frame.CGCS2000,
        mode: Annotated[Mode, Form()] = "check",
        replace: Annotated[str, Form(max_length=10)] = "",
        why: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        content = await file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise HTTPException(413, f"more than {MOST_BYTES >> 20} MiB; use `python -m central registers import`")
        name = file.filename or "file"
        order = Order(
            register=register,
            name=name[:200],
            content=content,
            who=who.name,
            why=why.strip() or f"import of {name[:200]}",
            frame=coordinates,
            is_dry_run=mode == "check",
            only_good=mode == "good",
            replace=bool(replace),
            district=who.district,
        )

        def page(report: Report | None, problem: str = "") -> str:
            if report is None:
                html = pages.render(request, "register_report.html", r=said(request), report=None, problem=problem)
            else:
                html = draw_report(request, pages, report, shelf.keep(report, who.name))
            return _unpacked(html)

        beginning = _unpacked(pages.render(request, "report_head.html"))
        return StreamingResponse(_stream(desk, order, beginning, page), media_type="text/html", headers=EMBEDDED)

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
            values = _values(desk.row(register, key))
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

    return [report_pages(shelf, gate, pages), router]


async def _stream(
    desk: RegisterDesk, order: Order, beginning: str, page: Callable[[Report | None, str], str]
) -> AsyncIterator[str]:
    """The report's page as it comes: a bar for every word about progress (the sheet shows the last), then the rest."""
    yield beginning
    yield '<progress class="tick"></progress>'
    loop, ticks = asyncio.get_running_loop(), asyncio.Queue[tuple[int, int] | None]()

    def tell(done: int, total: int) -> None:
        loop.call_soon_threadsafe(ticks.put_nowait, (done, total))

    def work() -> str:
        try:
            report = desk.bring_in(order, tell)
            return page(report, "")
        except (UsageError, TransientError) as error:
            return page(None, str(error))
        finally:
            loop.call_soon_threadsafe(ticks.put_nowait, None)

    working = asyncio.ensure_future(run_in_threadpool(work))
    while (tick := await ticks.get()) is not None:
        yield f'<progress class="tick" value="{tick[0]}" max="{tick[1]}">{tick[0]}</progress>\n'
    yield await working


def _unpacked(page: Response) -> str:
    body = bytes(page.body)
    return (gzip.decompress(body) if page.headers.get("content-encoding") == "gzip" else body).decode()


def _fields(register: Register, values: Mapping[str, str], language: Language) -> list[_Field]:
    model = ROWS[register]
    return [
        _Field(
            name=column.field,
            title=column.zh if language == "zh" else column.field,
            hint=column.en if language == "en" else "",
            value=values.get(column.field, ""),
            example=column.example,
            is_required=column.is_required,
            is_long=column.field in {"rings", "region"},
            choices=_choices(model, column),
        )
        for column in columns_of(model)
        if column.field not in model.RESTRICTED
    ]


def _choices(model: type[Row], column: Column) -> tuple[_Choice, ...]:
    """The words of a closed set."""
    kind: Any = model.model_fields[column.field].annotation
    if get_origin(kind) in {Union, types.UnionType}:
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind is bool:
        return (_Choice("否", "否 no"), _Choice("是", "是 yes"))
    if not (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return ()
    empty = () if column.is_required else (_Choice("", "–"),)
    return (*empty, *(_Choice(word.value, word.value) for word in kind))


def _values(row: Row) -> dict[str, str]:
    return {column.field: str(cell_of(row, column.field)) for column in columns_of(type(row))}


def _line(row: Mapping[str, Any], columns: Sequence[Column]) -> _Line:
    return _Line(str(row["key"]), int(row["version"]), tuple(_short(row.get(column.field)) for column in columns))


def _short(value: object) -> str:
    text = "; ".join(str(part) for part in value) if isinstance(value, list) else "" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _name(register: Register) -> Sentence:
    names = REGISTER_NAMES[register]
    return Sentence(zh=names.zh, en=names.en)
