"""Whether central does its work, for anyone who asks; the only page of a process without the role ``api``."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from central.services.views import Health


def health_router(health: Callable[[], Health]) -> APIRouter:
    """``/health``."""
    router = APIRouter(tags=["overview"])

    @router.get("/health")
    def show_health(response: Response) -> Health:
        """Whether central does its work; 503 when not."""
        state = health()
        response.status_code = 200 if state.ok else 503
        return state

    return router
