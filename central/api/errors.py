"""The only module that turns errors into a status: 403 not theirs, 404 unknown, 409 refused, 422 wrong, 503 later."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from central.domain.people import Refusal
from central.domain.workflow import Action, RefusedAction, RefusedRole
from central.services.actions import UnknownCase
from central.services.claiming import ClaimedCase
from central.services.feed import FeedFull
from central.services.fleet import UnknownNode
from central.services.joining import FrozenCase
from central.services.registers_desk import UnknownRow
from contract.errors import TransientError, UsageError


def add_error_answers(app: FastAPI) -> None:
    """Lets routes raise our errors."""

    @app.exception_handler(UnknownCase)
    def _unknown(_request: Request, error: UnknownCase) -> JSONResponse:
        return JSONResponse({"detail": f"no case {error}"}, 404)

    @app.exception_handler(UnknownRow)
    def _unknown_row(_request: Request, error: UnknownRow) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404)

    @app.exception_handler(UnknownNode)
    def _unknown_node(_request: Request, error: UnknownNode) -> JSONResponse:
        return JSONResponse({"detail": f"no {error}"}, 404)

    @app.exception_handler(RefusedAction)
    def _refused(_request: Request, error: RefusedAction) -> JSONResponse:
        return JSONResponse({"detail": str(error), "open_actions": list(error.open_actions)}, 409)

    @app.exception_handler(RefusedRole)
    def _not_theirs(_request: Request, error: RefusedRole) -> JSONResponse:
        return JSONResponse({"detail": str(error), "open_actions": list(error.open_actions)}, 403)

    @app.exception_handler(Refusal)
    def _forbidden(_request: Request, error: Refusal) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403)

    @app.exception_handler(ClaimedCase)
    def _claimed(_request: Request, error: ClaimedCase) -> JSONResponse:
        return JSONResponse({"detail": str(error), "person": error.claim.person, "open_actions": []}, 409)

    @app.exception_handler(FrozenCase)
    def _frozen(_request: Request, error: FrozenCase) -> JSONResponse:
        detail = f"case {error} is reviewed and loses nothing; reopen it first"
        return JSONResponse({"detail": detail, "open_actions": [Action.REOPEN]}, 409)

    @app.exception_handler(UsageError)
    def _malformed(_request: Request, error: UsageError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(TransientError)
    def _later(_request: Request, error: TransientError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503, headers={"Retry-After": "2"})

    @app.exception_handler(FeedFull)
    def _full(_request: Request, _error: FeedFull) -> JSONResponse:
        return JSONResponse({"detail": "too many live listeners"}, 503, headers={"Retry-After": "30"})
