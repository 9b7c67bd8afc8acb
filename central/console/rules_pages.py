"""Association rules tried on a stored day: which cases would be others. Nothing is changed; the rules lie in a file."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from central.console.fleet_pages import Gate
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room, entrances_for
from central.console.spoken import spoken
from central.domain.people import Operator
from central.domain.rules import AssociationRules
from central.services.whatif import WhatIf
from contract.errors import UsageError
from contract.problems import every_problem
from contract.taxonomy import KindGroup

NUMBERS = ("gap_s", "reach_m", "nearest_m")
"""Of each group: what decides most."""
MOST_CHANGES = 50
WhatIfOf = Callable[[AssociationRules, datetime], WhatIf]


def rules_pages(
    rules: AssociationRules, what_if: WhatIfOf, timezone: tzinfo, today: Callable[[], date], gate: Gate, pages: Pages
) -> APIRouter:
    """``/rules``."""
    router = APIRouter(prefix="/rules", include_in_schema=False)
    Keeper = Annotated[Operator, Depends(gate.may(ROOMS[Room.RULES], is_page=True))]  # noqa: N806  # a type

    def page(request: Request, who: Operator, status: int = 200, **told: Any) -> Response:
        facts = {"typed": _typed_of(rules), "day": today().isoformat(), "problems": (), "found": None} | told
        facts["typed"] = defaultdict(str, facts["typed"])
        return pages.render(
            request,
            "rules.html",
            status,
            groups=list(KindGroup),
            numbers=NUMBERS,
            most=MOST_CHANGES,
            rooms=entrances_for(who),
            **facts,
        )

    @router.get("")
    def show(request: Request, who: Keeper) -> Response:
        return page(request, who)

    @router.post("")
    async def weigh(request: Request, who: Keeper) -> Response:
        typed = {name: str(value) for name, value in (await request.form()).items()}
        day = typed.get("day", "")

        def work() -> Response:
            try:
                found = what_if(_read(typed, rules), _start(day, timezone))
            except UsageError as error:
                return page(request, who, 422, typed=typed, day=day, problems=spoken(pages, request, error))
            return page(request, who, typed=typed, day=day, found=found)

        return await run_in_threadpool(work)

    return router


def _typed_of(rules: AssociationRules) -> dict[str, str]:
    fields = {f"{group}.{name}": f"{getattr(rules.groups[group], name):g}" for group in KindGroup for name in NUMBERS}
    return fields | {"gate": f"{rules.gate:g}"}


def _read(typed: Mapping[str, str], rules: AssociationRules) -> AssociationRules:
    """The rules with what was typed in place of theirs.

    Raises:
        UsageError: a line per field that is wrong.
    """
    groups = {
        group: rules.groups[group].model_dump() | {name: typed.get(f"{group}.{name}", "") for name in NUMBERS}
        for group in KindGroup
    }
    try:
        read = AssociationRules.model_validate(rules.model_dump() | {"gate": typed.get("gate", ""), "groups": groups})
    except ValidationError as error:
        raise UsageError(every_problem(error, "rules")) from error
    return rules.model_copy(update={"gate": read.gate, "groups": read.groups})


def _start(day: str, timezone: tzinfo) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time(), timezone)
    except ValueError as error:
        raise UsageError(f"day {day[:20]!r}: write it as 2026-07-01") from error
