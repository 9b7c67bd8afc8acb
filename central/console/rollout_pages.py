"""Roll-outs of models and node software: how far every node has come, start, stop, roll back."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from central.console.fleet_pages import Gate
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room, entrances_for
from central.console.spoken import said, spoken
from central.domain.people import Operator
from central.services.rollouts import RolloutDesk, Target, What
from contract.bundle import ModelTarget, SoftwareTarget
from contract.errors import UsageError
from contract.problems import every_problem
from contract.reported import RolloutPhase

UNDER_WAY = frozenset({RolloutPhase.DOWNLOADING, RolloutPhase.CHECKING, RolloutPhase.SHADOW})


def rollout_pages(desk: RolloutDesk, gate: Gate, pages: Pages) -> APIRouter:
    """``/rollouts``."""
    router = APIRouter(prefix="/rollouts", include_in_schema=False)
    Keeper = Annotated[Operator, Depends(gate.may(ROOMS[Room.WORKSHOP], is_page=True))]  # noqa: N806  # a type

    def page(
        request: Request, who: Operator, what: What, status: int = 200, problems: Sequence[str] = (), **typed: object
    ) -> Response:
        ways = desk.ways(what)
        return pages.render(
            request,
            "rollouts.html",
            status,
            what=what,
            ways=ways,
            known=desk.known(what),
            is_moving=any(way.reported is not None and way.reported.phase in UNDER_WAY for way in ways),
            problems=problems,
            typed=defaultdict(str, typed),
            rooms=entrances_for(who),
        )

    @router.get("")
    def show(request: Request, who: Keeper, what: Annotated[What, Query()] = "model") -> Response:
        return page(request, who, what)

    @router.post("")
    def start(
        request: Request,
        who: Keeper,
        what: Annotated[What, Form()],
        version: Annotated[str, Form(max_length=64)] = "",
        sha256: Annotated[str, Form(max_length=64)] = "",
        name: Annotated[str, Form(max_length=64)] = "",
        size_bytes: Annotated[int, Form(ge=0, le=2**40)] = 0,
        shadow_looks: Annotated[int, Form(ge=0, le=100_000)] = 200,
        nodes: Annotated[list[str], Form(max_length=1000)] = [],  # noqa: B006  # FastAPI copies it
        why: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        typed = {"version": version, "sha256": sha256, "name": name, "size_bytes": size_bytes, "why": why}
        try:
            target = _target(what, typed | {"shadow_looks": shadow_looks})
            refused = desk.start(what, target, nodes, who.name, why)
        except UsageError as error:
            return page(request, who, what, 422, spoken(pages, request, error), nodes=nodes, **typed)
        if refused:
            lines = [f"{one.node_id}: {line}" for one in refused for line in said(pages, request, one.reason)]
            return page(request, who, what, 409, lines, nodes=nodes, **typed)
        return RedirectResponse(f"/rollouts?what={what}", 303)

    @router.post("/back")
    def go_back(
        request: Request, who: Keeper, what: Annotated[What, Form()], node: Annotated[str, Form(max_length=64)]
    ) -> Response:
        try:
            desk.back(node, what, who.name)
        except UsageError as error:
            return page(request, who, what, 409, spoken(pages, request, error))
        return RedirectResponse(f"/rollouts?what={what}", 303)

    return router


def _target(what: What, typed: dict[str, object]) -> Target:
    """What was typed as a target.

    Raises:
        UsageError: a line per field that is wrong.
    """
    model = ModelTarget if what == "model" else SoftwareTarget
    fields = {key: value for key, value in typed.items() if key in model.model_fields}
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise UsageError(every_problem(error, "target")) from error
