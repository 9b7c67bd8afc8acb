"""What the door says over HTTP: 401 unknown, 403 not theirs or wrong, 404 nobody of that name, 429 wait."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from central.domain.people import Refusal
from central.services.doors import MustChangePassword, NotSignedIn, SignInRefused
from central.services.people import UnknownPerson


def add_access_answers(app: FastAPI) -> None:
    """Lets routes raise what the door raises. The console leads people elsewhere instead (`console.signing_in`)."""

    @app.exception_handler(NotSignedIn)
    def _unknown_visitor(_request: Request, error: NotSignedIn) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 401, headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(MustChangePassword)
    def _newcomer(_request: Request, error: MustChangePassword) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403)

    @app.exception_handler(Refusal)
    def _not_theirs(_request: Request, error: Refusal) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403)

    @app.exception_handler(SignInRefused)
    def _wrong_password(_request: Request, error: SignInRefused) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403 if error.ready_at is None else 429)

    @app.exception_handler(UnknownPerson)
    def _nobody(_request: Request, error: UnknownPerson) -> JSONResponse:
        return JSONResponse({"detail": f"nobody is called {error}"}, 404)
