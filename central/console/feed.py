"""The live list, and the wall that shows its worst rows large."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from central.console.batches import LAWFUL_ROWS, ROWS, Counts, storms_said
from central.console.choices import CHOICES
from central.console.filters import COUNTED, FeedFilter, Reach
from central.console.pages import Gate, Pages
from central.domain.people import Operator
from central.domain.workflow import OPEN, CaseState, open_actions
from central.services.doors import SignInRefused
from central.services.reading import Reader
from central.services.storms import Storms, fold
from contract.clock import Clock
from contract.ids import UUID_PATTERN
from contract.taxonomy import Violation

ON_WALL = 7
"""Rows that fit a 1080p wall in letters for two metres."""
SHIFTS_H = (8, 12, 24)
"""How far back a shift may reach."""


def feed_router(reader: Reader, storms: Storms, gate: Gate, pages: Pages, clock: Clock) -> APIRouter:
    """``/`` and ``/wall``; they are not part of the JSON API's document."""
    router = APIRouter(include_in_schema=False)
    violations = [(kind, reader.violation_name(kind)) for kind in Violation]

    async def unless_token(request: Request) -> Operator | None:
        return None if "token" in request.query_params else await gate.page(request)

    @router.get("/")
    def show_feed(
        request: Request,
        who: Annotated[Operator | None, Depends(unless_token)],
        chosen: Annotated[FeedFilter, Depends()],
        token: Annotated[str | None, Query(max_length=500)] = None,
        before: Annotated[str | None, Query(pattern=UUID_PATTERN)] = None,
    ) -> Response:
        if who is None or token is not None:
            return _enter(request, gate, token or "")
        reach, now = chosen.reach(who), clock.now()
        change_id = reader.change_range()[1]  # before the lists: a change in between comes again, none is missed
        folded = fold(reader, chosen.wanted(reach, before), storms.now())
        return pages.render(
            request,
            "feed.html",
            change_id=change_id,
            live=reader.page(folded.wanted, ROWS),
            lawful=reader.page(chosen.lawful(reach), LAWFUL_ROWS),
            counts=_counts(reader, chosen, reach),
            storms=storms_said(folded.folds),
            parts_counted=COUNTED,
            nodes=reader.nodes(),
            is_newest=before is None,
            now=now,
            shifts=[now.replace(second=0, microsecond=0) - timedelta(hours=hours) for hours in SHIFTS_H],
            choices=CHOICES,
            violations=violations,
            chosen=chosen,
            steps=steps_by_state(who),
            rows=ROWS,
            lawful_rows=LAWFUL_ROWS,
        )

    @router.get("/wall")
    def show_wall(
        request: Request,
        who: Annotated[Operator, Depends(gate.page)],
        chosen: Annotated[FeedFilter, Depends()],
        theme: Literal["auto", "dark", "light"] = "auto",
    ) -> Response:
        """What a room reads from two metres: the worst few, large, and how many more there are."""
        change_id = reader.change_range()[1]
        reach = chosen.reach(who)
        folded = fold(reader, chosen.wanted(reach), storms.now())
        return pages.render(
            request,
            "wall.html",
            change_id=change_id,
            found=reader.page(folded.wanted, ON_WALL),
            count=sum(_counts(reader, chosen, reach).by_severity.values()),
            storms={one.first: one.count for one in folded.folds},
            filter=chosen.address,
            theme=theme,
            now=clock.now(),
        )

    return router


def _counts(reader: Reader, chosen: FeedFilter, reach: Reach) -> Counts:
    wanted = chosen.wanted(reach)
    return Counts.of(reader.tally(replace(wanted, states=chosen.states | OPEN)), chosen)


def steps_by_state(who: Operator) -> str:
    """JSON: what the reader's roles may do with a case of each state. Rows say their state and are the same for all."""
    return json.dumps({str(state): [str(step) for step in open_actions(state, *who.roles)] for state in CaseState})


def _enter(request: Request, gate: Gate, token: str) -> Response:
    """The demo's link: the token leaves the address at once."""
    response = RedirectResponse("/", 303)
    try:
        gate.sign_in_service(request, response, token)
    except SignInRefused:
        return RedirectResponse("/login", 303)
    return response
