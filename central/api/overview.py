"""Nodes, dead letters and zones over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from central.api.access import Access
from central.domain.people import Right
from central.services.reading import Reader
from central.services.views import DeadLetterPage, NodePage, ZoneView


def overview_router(reader: Reader, access: Access) -> APIRouter:
    """``/nodes``, ``/zones`` and ``/dead-letters`` for operators."""
    router = APIRouter(tags=["overview"])

    @router.get("/nodes", dependencies=[Depends(access.operator)])
    def list_nodes() -> NodePage:
        """Every node that has ever reported, with its newest status."""
        return NodePage(items=reader.nodes())

    @router.get("/zones", dependencies=[Depends(access.operator)])
    def list_zones() -> tuple[ZoneView, ...]:
        """The site's zones."""
        return reader.zones()

    @router.get("/dead-letters", dependencies=[Depends(access.may(Right.KEEP_INTAKE))])
    def list_dead_letters(limit: Annotated[int, Query(ge=1, le=500)] = 50) -> DeadLetterPage:
        """Messages that could not be taken, newest first, with the reason."""
        return DeadLetterPage(items=reader.dead_letters(limit))

    return router
