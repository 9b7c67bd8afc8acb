"""Open311 GeoReport v2 under ``/open311/v2``: services, requests and their status, as JSON and XML.

Nothing that names a person is kept or shown. What somebody typed, and where exactly they stood, is shown to the key
that brought it alone; everybody else reads the kind, the status, and a place to about ten metres.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from central.api.open311_forms import Node, Record, rendered
from central.api.open311_records import discovery_of, request_of, service_record
from central.domain.georeport import BadReport, FollowedRequest, notes_of, service_of
from central.domain.georeport_reading import clean, read_wanted
from central.services.georeport import Client, ReportDesk, TooMany
from contract.errors import TransientError

MAX_BODY_BYTES = 32 * 1024
"""A description of 1000 characters takes 9 KiB when every one is escaped."""
MAX_FIELDS = 100
Format = Annotated[Literal["json", "xml"], Path()]


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in. `jurisdiction`: the only one there is; may be left out. `url`: where the service is reached."""

    jurisdiction: str = ""
    clients: tuple[Client, ...] = ()
    reads_need_key: bool = False
    url: str = ""
    contact: str = ""


class Forbidden(BadReport):
    """No key, or a wrong one."""

    def __init__(self) -> None:
        super().__init__("api_key: is missing or unknown; ask the city for one", 403)


def open311_router(desk: ReportDesk, door: Door) -> APIRouter:
    """To be mounted at the root, not under ``/api``."""
    router = APIRouter(prefix="/open311", tags=["open311"])

    @router.get("/discovery.{form}")
    @router.get("/v2/discovery.{form}")
    async def discovery(form: Format) -> Response:
        """Where the service is and what it speaks."""
        return rendered(form, "discovery", None, discovery_of(door.url, door.contact))

    @router.get("/v2/services.{form}")
    async def list_services(form: Format, request: Request) -> Response:
        """The kinds that may be reported; a code names its standard."""

        def found() -> list[Record]:
            _jurisdiction(door, request.query_params)
            return [service_record(service) for service in desk.services()]

        return await _answer(form, "services", "service", found)

    @router.get("/v2/services/{code}.{form}")
    async def show_service(code: str, form: Format, request: Request) -> Response:
        """One kind; none asks for more than the standard does."""

        def found() -> Record:
            _jurisdiction(door, request.query_params)
            try:
                service = service_of(code, desk.law(), desk.now())
            except BadReport as error:
                raise BadReport(str(error), 404) from error
            return {"service_code": service.code, "attributes": []}

        return await _answer(form, "service_definition", "attribute", found)

    @router.post("/v2/requests.{form}")
    async def bring(form: Format, request: Request) -> Response:
        """Takes a report. The same words within ten minutes, or the same `Idempotency-Key`, are one request."""
        try:
            said = dict(request.query_params) | await _form(request)
        except BadReport as error:
            return _refusal(form, error.status, str(error))

        def found() -> list[Record]:
            _jurisdiction(door, said)
            client = _client(door, said)
            if client is None:
                raise Forbidden
            request_id = desk.take(said, client, request.headers.get("idempotency-key", "")[:200])
            return [{"service_request_id": request_id, "service_notice": notes_of(None), "account_id": None}]

        return await _answer(form, "service_requests", "request", found, 201)

    @router.get("/v2/requests.{form}")
    async def list_requests(form: Format, request: Request) -> Response:
        """Requests of 90 days at most, the newest first, 1000 at most."""

        def found() -> list[Record]:
            said = request.query_params
            reader = _reader(door, said)
            return [request_of(one, reader) for one in desk.listed(read_wanted(said, desk.law(), desk.now()))]

        return await _answer(form, "service_requests", "request", found)

    @router.get("/v2/requests/{request_id}.{form}")
    async def show_request(request_id: str, form: Format, request: Request) -> Response:
        """One request and its status; it follows the case through merges and splits."""

        def found() -> list[Record]:
            return [request_of(_one(desk, request_id), _reader(door, request.query_params))]

        return await _answer(form, "service_requests", "request", found)

    @router.get("/v2/tokens/{token}.{form}")
    async def show_token(token: str, form: Format, request: Request) -> Response:
        """Ids are given at once here; whoever asks by token all the same gets it again."""

        def found() -> list[Record]:
            _reader(door, request.query_params)
            request_id = _one(desk, token).request.request_id
            return [{"token": request_id, "service_request_id": request_id}]

        return await _answer(form, "service_requests", "request", found)

    return router


async def _answer(form: str, root: str, item: str, found: Callable[[], Node], status: int = 200) -> Response:
    """Errors in the standard's form, whatever is wrong."""
    try:
        return rendered(form, root, item, await run_in_threadpool(found), status)
    except BadReport as error:
        return _refusal(form, error.status, str(error))
    except TooMany as error:
        return _refusal(form, 429, str(error), {"Retry-After": str(error.after_s)})
    except TransientError:
        return _refusal(form, 503, "the service can't answer now; come again", {"Retry-After": "2"})


def _refusal(form: str, status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    return rendered(form, "errors", "error", [{"code": status, "description": clean(why)}], status, headers)


async def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"", "application/x-www-form-urlencoded"}:
        raise BadReport("content-type: send application/x-www-form-urlencoded; pictures by media_url", 415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BadReport(f"the body has more than {MAX_BODY_BYTES} bytes", 413)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except UnicodeDecodeError as error:
        raise BadReport("the body is no UTF-8 text") from error
    except ValueError as error:
        raise BadReport(f"the body has more than {MAX_FIELDS} fields") from error


def _jurisdiction(door: Door, said: Mapping[str, str]) -> None:
    named = said.get("jurisdiction_id", "")
    if named and named != door.jurisdiction:
        raise BadReport(f"jurisdiction_id: {named[:60]!r} is not answered for here", 404)


def _client(door: Door, said: Mapping[str, str]) -> Client | None:
    given = said.get("api_key", "").encode()
    fitting = [client for client in door.clients if hmac.compare_digest(client.key.encode(), given)]
    return fitting[0] if fitting else None


def _reader(door: Door, said: Mapping[str, str]) -> Client | None:
    _jurisdiction(door, said)
    client = _client(door, said)
    if client is None and (door.reads_need_key or said.get("api_key")):
        raise Forbidden
    return client


def _one(desk: ReportDesk, request_id: str) -> FollowedRequest:
    found = desk.listed(read_wanted({"service_request_id": request_id}, desk.law(), desk.now()))
    if len(found) != 1:
        raise BadReport(f"service_request_id: {request_id[:60]!r} is unknown", 404)
    return found[0]
