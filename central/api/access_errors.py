"""What the door says over HTTP: 401 unknown, 403 wrong or not yet, 429 wait."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from central.services.doors import MustChangePassword, NotSignedIn, SignInRefused


def add_access_answers(app: FastAPI) -> None:
    """Lets routes raise what the door raises. The console leads people elsewhere instead (`console.signing_in`)."""

    @app.exception_handler(NotSignedIn)
    def _unknown_visitor(_request: Request, error: NotSignedIn) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 401, headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(MustChangePassword)
    def _newcomer(_request: Request, error: MustChangePassword) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403)

    @app.exception_handler(SignInRefused)
    def _wrong_password(_request: Request, error: SignInRefused) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 403 if error.ready_at is None else 429)
