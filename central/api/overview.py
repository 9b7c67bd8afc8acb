"""Nodes, dead letters, zones and health over HTTP."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from central.api.access import Access
from central.services.reading import Reader
from central.services.views import DeadLetterPage, Health, NodePage, ZoneView


def overview_router(reader: Reader, health: Callable[[], Health], access: Access) -> APIRouter:
    """``/nodes``, ``/zones`` and ``/dead-letters`` for operators, ``/health`` for anyone."""
    router = APIRouter(tags=["overview"])

    @router.get("/nodes", dependencies=[Depends(access.operator)])
    def list_nodes() -> NodePage:
        """Every node that has ever reported, with its newest status."""
        return NodePage(items=reader.nodes())

    @router.get("/zones", dependencies=[Depends(access.operator)])
    def list_zones() -> tuple[ZoneView, ...]:
        """The site's zones."""
        return reader.zones()

    @router.get("/dead-letters", dependencies=[Depends(access.operator)])
    def list_dead_letters(limit: Annotated[int, Query(ge=1, le=500)] = 50) -> DeadLetterPage:
        """Messages that could not be taken, newest first, with the reason."""
        return DeadLetterPage(items=reader.dead_letters(limit))

    @router.get("/health")
    def show_health(response: Response) -> Health:
        """Whether central does its work; 503 when not."""
        state = health()
        response.status_code = 200 if state.ok else 503
        return state

    return router
