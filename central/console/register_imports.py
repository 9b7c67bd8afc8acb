"""A file for a register: checked or taken in, with a bar while it lasts and the report in its place afterwards."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from central.console.pages import KeeperGate, Pages
from central.console.register_reports import EMBEDDED, draw_report
from central.domain.people import Operator, Right
from central.domain.registers.frames import Frame
from central.services.registers_base import Register
from central.services.registers_desk import RegisterDesk
from central.services.registers_orders import Order, Report
from central.services.registers_shelf import ReportShelf
from contract.errors import TransientError, UsageError

MOST_BYTES = 64 * 2**20
Mode = Literal["check", "all", "good"]


def import_pages(desk: RegisterDesk, shelf: ReportShelf, gate: KeeperGate, pages: Pages) -> APIRouter:
    """``/registers/{register}/import``."""
    router = APIRouter(include_in_schema=False)
    keeper = gate.may(Right.KEEP_REGISTERS, is_page=True)

    @router.post("/registers/{register}/import")
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
                html = pages.render(
                    request,
                    "register_report.html",
                    r=pages.words(request).part("registers."),
                    report=None,
                    problem=problem,
                )
            else:
                html = draw_report(request, pages, report, shelf.keep(report, who.name))
            return _unpacked(html)

        beginning = _unpacked(pages.render(request, "report_head.html"))
        return StreamingResponse(_stream(desk, order, beginning, page), media_type="text/html", headers=EMBEDDED)

    return router


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
