"""``/registers``: the site's registers over HTTP: rows, histories, imports with a report, exports, coverage."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from central.api.access import Access, Operator
from central.domain.people import Right
from central.domain.registers.frames import Frame
from central.services.registers_base import Register
from central.services.registers_desk import RegisterDesk
from central.services.registers_files import FileFormat
from central.services.registers_findings import Language
from central.services.registers_orders import Order, Report
from central.services.registers_projected import FIRST_ZONE, LAST_ZONE
from central.services.registers_views import (
    ChangeView,
    CoverageView,
    FindingView,
    RegisterView,
    ReportView,
    RowPage,
    RowVersionView,
    change_view,
    coverage_view,
    finding_view,
    history_view,
    report_view,
)
from central.services.registers_writing import MEDIA_TYPES

MOST_BYTES = 64 * 2**20
"""A file over HTTP; larger ones are imported by command."""
MOST_DAYS = 400

Limit = Annotated[int, Query(ge=1, le=1000)]
Key = Annotated[str, Query(min_length=1, max_length=100)]
Why = Annotated[str, Query(min_length=3, max_length=500)]


class RowsBody(BaseModel):
    """Rows by the fields' names, and why they change."""

    model_config = ConfigDict(extra="forbid")
    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=10_000)]
    why: Annotated[str, Field(min_length=3, max_length=500)]
    only_good: bool = False
    dry_run: bool = False
    coordinates: Frame = Frame.CGCS2000


class RegisterFindings(BaseModel):
    """What is wrong with one register as it stands."""

    kind: Register
    finding: FindingView


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file is to be taken. `name`'s ending says its format."""

    name: Annotated[str, Query(min_length=1, max_length=200, description="its ending says the format")]
    why: Annotated[str, Query(max_length=500)] = ""
    coordinates: Frame = Frame.CGCS2000
    zone: Annotated[int | None, Query(ge=FIRST_ZONE, le=LAST_ZONE, description="Gauss-Krüger metres, 3 degrees")] = None
    dry_run: bool = False
    only_good: bool = False
    replace: bool = False


def registers_router(desk: RegisterDesk, access: Access) -> APIRouter:
    """Everything about the registers."""
    router = APIRouter(prefix="/registers", tags=["registers"])
    for add in (_add_overviews, _add_rows, _add_files):
        add(router, desk, access)
    return router


def _add_overviews(router: APIRouter, desk: RegisterDesk, access: Access) -> None:
    """What concerns all of them; before the rest, whose paths begin with any register's name."""
    reader = [Depends(access.operator)]

    @router.get("", dependencies=reader)
    def list_registers() -> list[RegisterView]:
        """Every register: rows and last change."""
        return desk.overview()

    @router.get("/changes", dependencies=reader)
    def list_changes(kind: Register | None = None, limit: Limit = 100) -> list[ChangeView]:
        """Who changed what, when and why, newest first."""
        return [change_view(change) for change in desk.changes(kind, limit)]

    @router.get("/findings", dependencies=reader)
    def list_findings() -> list[RegisterFindings]:
        """What is wrong as things stand: expired plaques and permits, overlaps, gaps, wrong places."""
        return [RegisterFindings(kind=register, finding=finding_view(found)) for register, found in desk.check()]

    @router.get("/coverage", dependencies=reader)
    def show_coverage(
        first: date | None = None, last: date | None = None, area: Annotated[str, Query(max_length=15)] = ""
    ) -> CoverageView:
        """Grids and roads without an officer, hour by hour, and grids without a camera; a week unless said."""
        begin = first or desk.today()
        end = last or begin + timedelta(days=6)
        if not begin <= end <= begin + timedelta(days=MOST_DAYS):
            raise HTTPException(422, f"last: must not lie before first, nor more than {MOST_DAYS} days after it")
        return coverage_view(desk.coverage(begin, end, area))

    @router.get("/merchants/welfare")
    def show_welfare(
        key: Key, who: Annotated[Operator, Depends(access.may(Right.READ_WELFARE))]
    ) -> dict[str, bool | str | None]:
        """Whether a merchant is in hardship: for named roles; each reading is logged."""
        return dict(desk.welfare(key, who))


def _add_rows(router: APIRouter, desk: RegisterDesk, access: Access) -> None:
    """One register's rows: read, changed, taken out."""
    reader = [Depends(access.operator)]
    keeper = access.may(Right.KEEP_REGISTERS)

    @router.get("/{register}", dependencies=reader)
    def list_rows(
        register: Register, after: Annotated[str, Query(max_length=100)] = "", query: str = "", limit: Limit = 100
    ) -> RowPage:
        """Rows in the order of their keys; `query` is part of a key."""
        found = desk.page(register, after, limit, query)
        more = str(found[-1]["key"]) if len(found) == limit else None
        return RowPage(items=tuple(dict(row) for row in found), next=more)

    @router.get("/{register}/row", dependencies=reader)
    def show_row(register: Register, key: Key) -> dict[str, Any]:
        """One row as it stands."""
        row = desk.row(register, key)
        return row.model_dump(mode="json", exclude=set(row.RESTRICTED))

    @router.get("/{register}/history", dependencies=reader)
    def show_history(register: Register, key: Key) -> list[RowVersionView]:
        """Every version of one row, newest first."""
        return history_view(desk.history(register, key))

    @router.put("/{register}/rows")
    def put_rows(
        register: Register, body: RowsBody, response: Response, who: Annotated[Operator, Depends(keeper)]
    ) -> ReportView:
        """New or changed rows; 422 with the report when one is wrong and nothing was written."""
        order = Order(
            register=register,
            name="",
            content=b"",
            who=who.name,
            why=body.why,
            frame=body.coordinates,
            is_dry_run=body.dry_run,
            only_good=body.only_good,
            district=who.district,
        )
        return _answer(desk.put(order, body.rows), response)

    @router.delete("/{register}/row")
    def remove_row(register: Register, key: Key, why: Why, who: Annotated[Operator, Depends(keeper)]) -> dict[str, int]:
        """Takes a row out from now on; its history stays."""
        return {"version": desk.remove(register, key, who, why)}


def _add_files(router: APIRouter, desk: RegisterDesk, access: Access) -> None:
    """One register as a file, out and in."""
    reader = [Depends(access.operator)]
    keeper = access.may(Right.KEEP_REGISTERS)

    @router.get("/{register}/template", dependencies=reader, response_class=Response)
    def get_template(register: Register, file: FileFormat = FileFormat.XLSX, language: Language = "zh") -> Response:
        """An empty table with all headings."""
        return download(desk.template(register, file, language), f"{register.value}-template", file)

    @router.get("/{register}/export", dependencies=reader, response_class=Response)
    def export(
        register: Register,
        file: FileFormat = FileFormat.CSV,
        coordinates: Frame = Frame.CGCS2000,
        version: int | None = None,
        language: Language = "zh",
    ) -> Response:
        """The register as a file that can be imported again; nothing restricted is in it."""
        content = desk.export(register, file, coordinates, language, version)
        return download(content, register.value, file)

    @router.post("/{register}/import")
    async def bring_in(
        register: Register,
        request: Request,
        response: Response,
        wish: Annotated[Wish, Depends()],
        who: Annotated[Operator, Depends(keeper)],
    ) -> ReportView:
        """Imports the file in the body. 422 with the report when rows were wrong and nothing was written."""
        content = await _body(request)
        order = Order(
            register=register,
            name=wish.name,
            content=content,
            who=who.name,
            why=wish.why or f"import of {wish.name}",
            frame=wish.coordinates,
            is_dry_run=wish.dry_run,
            only_good=wish.only_good,
            replace=wish.replace,
            zone=wish.zone,
            district=who.district,
        )
        return _answer(await run_in_threadpool(desk.bring_in, order), response)


def download(content: bytes, name: str, file: FileFormat) -> Response:
    """A file for the browser to save."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{file.value}"'}
    return Response(content, media_type=MEDIA_TYPES[file], headers=headers)


def _answer(report: Report, response: Response) -> ReportView:
    if report.is_refused:
        response.status_code = 422
    elif report.version is not None:
        response.status_code = 201
    return report_view(report)


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BYTES:
            raise HTTPException(413, f"more than {MOST_BYTES >> 20} MiB; use `python -m central registers import`")
    return bytes(content)
