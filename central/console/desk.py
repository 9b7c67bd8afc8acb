"""Plain forms for work that no camera begins: a case that people bring, and silences. The desks decide; here it is
only read what was typed, and shown again where it can't be."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from enum import StrEnum
from math import isfinite
from typing import Annotated, Protocol, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from central.console.pages import Pages
from central.domain.byhand import Tale
from central.domain.people import Operator, Refusal, Right
from central.domain.silence import Silence
from central.domain.workflow_words import Source
from central.services.byhand import HandDesk
from central.services.reading import Reader
from central.services.silencing import SilenceDesk
from contract.errors import UsageError
from contract.plane import Origin, Point
from contract.taxonomy import Violation

SOURCES = tuple(source for source in Source if source is not Source.VIDEO_AI)
LONGEST_RADIUS_M = 5000.0
LONGEST_NAME = 64
LONGEST_REASON = 500
Typed = Mapping[str, str]
Word = TypeVar("Word", bound=StrEnum)


class Gate(Protocol):
    """What these pages need of the access rules."""

    @property
    def page(self) -> Callable[..., object]: ...
    @property
    def operator(self) -> Callable[..., object]: ...
    def may(self, right: Right) -> Callable[..., object]: ...


class Site:
    """Reads places and times as people of the site write them."""

    def __init__(self, origin: Origin, timezone: tzinfo) -> None:
        self._origin, self._timezone = origin, timezone

    def place(self, typed: Typed) -> Point | None:
        """Degrees as metres; None where nothing was typed.

        Raises:
            UsageError: only one of the two, or no degrees.
        """
        if not typed.get("lat") and not typed.get("lon"):
            return None
        return self._origin.to_local(_number(typed, "lat", -90, 90), _number(typed, "lon", -180, 180))

    def instant(self, typed: Typed, name: str) -> datetime | None:
        """What a ``datetime-local`` field says, on the site's clocks.

        Raises:
            UsageError: it says no time.
        """
        text = typed.get(name, "")
        if not text:
            return None
        try:
            return datetime.fromisoformat(text).replace(tzinfo=self._timezone)
        except ValueError as error:
            raise UsageError(f"{name}: {text[:40]!r} is no time; write it as 2026-07-01T18:30") from error

    def written(self, instant: datetime) -> str:
        """An instant as the field takes it."""
        return instant.astimezone(self._timezone).strftime("%Y-%m-%dT%H:%M")

    def degrees(self, point: Point | None) -> str:
        if point is None:
            return ""
        lat, lon = self._origin.to_degrees(point)
        return f"{lat:.6f}, {lon:.6f}"


def desk_pages(
    hands: HandDesk, silences: SilenceDesk, reader: Reader, gate: Gate, pages: Pages, site: Site
) -> APIRouter:
    """``/bring`` and ``/silences``."""
    router = APIRouter(include_in_schema=False)
    hush = gate.may(Right.SILENCE)
    violations = [(kind, reader.violation_name(kind)) for kind in Violation]

    def bring_page(request: Request, typed: Typed, problem: str = "", status: int = 200) -> Response:
        now = site.written(silences.now())
        return pages.render(
            request,
            "bring.html",
            status,
            typed=defaultdict(str, typed),
            problem=problem,
            violations=violations,
            sources=SOURCES,
            now=now,
        )

    def silences_page(request: Request, typed: Typed, problem: str = "", status: int = 200) -> Response:
        now = silences.now()
        return pages.render(
            request,
            "silences.html",
            status,
            typed=defaultdict(str, typed),
            problem=problem,
            violations=violations,
            zones=reader.zones(),
            kept=silences.listed(),
            now=now,
            least=site.written(now),
            degrees=site.degrees,
        )

    @router.get("/bring", dependencies=[Depends(gate.page)])
    def show_bring(request: Request) -> Response:
        return bring_page(request, _picked(request))

    @router.post("/bring")
    async def bring(request: Request, who: Annotated[Operator, Depends(gate.operator)]) -> Response:
        typed = await _typed(request)
        try:
            opened = await run_in_threadpool(lambda: hands.open(_tale(typed, site, silences.now()), who))
        except (UsageError, Refusal) as error:
            status = 403 if isinstance(error, Refusal) else 422
            return await run_in_threadpool(bring_page, request, typed, str(error), status)
        return RedirectResponse(f"/cases/{opened.case_id}", 303)

    @router.get("/silences", dependencies=[Depends(gate.page)])
    def show_silences(request: Request) -> Response:
        return silences_page(request, _picked(request))

    @router.post("/silences")
    async def make_silence(request: Request, who: Annotated[Operator, Depends(hush)]) -> Response:
        typed = await _typed(request)
        try:
            await run_in_threadpool(lambda: silences.make(_silence(typed, site), who))
        except UsageError as error:
            return await run_in_threadpool(silences_page, request, typed, str(error), 422)
        return RedirectResponse("/silences", 303)

    @router.post("/silences/{silence_id}/end")
    def end_silence(silence_id: int, who: Annotated[Operator, Depends(hush)]) -> Response:
        """One that is over already stays over."""
        silences.end(silence_id, who)
        return RedirectResponse("/silences", 303)

    return router


def _picked(request: Request) -> Typed:
    """A place that was picked on the map; the forms look at it as at anything that was typed."""
    return {name: request.query_params[name][:20] for name in ("lat", "lon") if name in request.query_params}


async def _typed(request: Request) -> dict[str, str]:
    """The fields of the form, without what no field can hold (a NUL would be the database's problem)."""
    return {name: str(value).replace("\0", "").strip() for name, value in (await request.form()).items()}


def _tale(typed: Typed, site: Site, now: datetime) -> Tale:
    source = _word(typed, "source", Source)
    return Tale(
        kind=_word(typed, "kind", Violation),
        source=source,
        seen_at=site.instant(typed, "seen_at") or now,
        place=site.place(typed),
        address=typed.get("address", ""),
        description=typed.get("description", ""),
        is_reviewed=source is not Source.CITIZEN,
    )


def _silence(typed: Typed, site: Site) -> Silence:
    expires_at = site.instant(typed, "expires_at")
    if expires_at is None:
        raise UsageError("expires_at: say until when")
    for name, most in (("reason", LONGEST_REASON), ("camera", LONGEST_NAME), ("zone", LONGEST_NAME)):
        if len(typed.get(name, "")) > most:
            raise UsageError(f"{name}: at most {most} characters")
    place = site.place(typed)
    try:
        return Silence(
            silence_id=0,
            reason=typed.get("reason", ""),
            expires_at=expires_at,
            camera_id=typed.get("camera") or None,
            zone_id=typed.get("zone") or None,
            kind=_word(typed, "kind", Violation) if typed.get("kind") else None,
            place=place,
            radius_m=None if place is None else _number(typed, "radius_m", 1, LONGEST_RADIUS_M),
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


def _word(typed: Typed, name: str, words: type[Word]) -> Word:
    """One of a closed set.

    Raises:
        UsageError: none of them.
    """
    text = typed.get(name, "")
    if text not in [str(word) for word in words]:
        raise UsageError(f"{name}: {text[:40]!r} is none of the choices; take one of the list")
    return words(text)


def _number(typed: Typed, name: str, least: float, most: float) -> float:
    text = typed.get(name, "")
    try:
        found = float(text)
    except ValueError as error:
        raise UsageError(f"{name}: {text[:40]!r} is no number") from error
    if not isfinite(found) or not least <= found <= most:
        raise UsageError(f"{name}: must lie between {least:g} and {most:g}, got {text[:40]}")
    return found
