"""Our Open311 server with a client that nobody here wrote, and our client with our server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

from central.api.open311 import Door, open311_router
from central.domain.delivery import CaseSheet
from central.domain.workflow import CaseState
from central.gateways.calling import Caller
from central.gateways.open311 import Open311Gateway, interface
from central.services.delivery_notices import Presenter
from central.services.delivery_port import Accepted, Asked
from central.store.service_requests import REQUESTS
from contract.taxonomy import Seen, Violation
from tests.central.builders import ORIGIN, T0, uuid_of
from tests.central.exchange_parts import Wire
from tests.central.parts import LAW, Parts
from tests.central.test_open311 import APP, BBQ, Town
from tests.edge.waiting import PATIENCE_S

georeport = pytest.importorskip("georeport")
civicbot = pytest.importorskip("civicbot")


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The application on a free port of loopback."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    started = threading.Event()
    startup = server.startup

    async def tell(*args: object, **more: object) -> None:
        await startup(*args, **more)  # type: ignore[arg-type]  # passed on as they come
        started.set()

    server.startup = tell  # type: ignore[method-assign]  # uvicorn tells nobody when it listens
    thread.start()
    try:
        assert started.wait(PATIENCE_S)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_client_from_elsewhere_reads_and_reports(file_parts: Parts, form: str) -> None:
    town = Town(file_parts)
    app = FastAPI()
    app.include_router(open311_router(town.desk, Door("zibo.test", (APP,))))
    with listening(app) as url:
        client = georeport.GeoReport(f"{url}/open311/v2", "zibo.test", APP.key, form)
        assert BBQ in {service["service_code"] for service in client.get_service_list()}
        assert client.get_service_definition(BBQ)["service_code"] == BBQ
        lat, lon = town.parts.bench.origin.lat, town.parts.bench.origin.lon
        request_id = town.report((0, 0), description="smoke")
        found = client.get_service_request(request_id)
        one = found[0] if isinstance(found, list) else found
        assert (one["service_request_id"], one["status"]) == (request_id, "open")
        assert round(float(one["lat"]), 3) == round(lat, 3)
        assert round(float(one["long"]), 3) == round(lon, 3)


def test_a_client_from_elsewhere_posts_and_follows_its_request(file_parts: Parts) -> None:
    """civicbot checks a request against services.json and sends what it will; ours is one request however often."""
    town = Town(file_parts)
    app = FastAPI()
    app.include_router(open311_router(town.desk, Door("zibo.test", (APP,))))
    lat, lon = ORIGIN.lat, ORIGIN.lon
    with listening(app) as url:
        there = civicbot.Endpoint("zibo", "Zibo", f"{url}/open311/v2", write=True)
        unhurried = civicbot.http.RateLimiter(min_interval=0.0)
        client = civicbot.Open311Client(there, civicbot.HttpTransport(rate_limiter=unhurried), "zibo.test")
        said = {"lat": lat, "lng": lon, "description": "烧烤冒烟", "first_name": "Wang", "phone": "13800000000"}
        sure = {"dry_run": False, "confirm": "SEND", "validate_remote": True}
        made = client.create_request(BBQ, api_key=APP.key, **sure, **said).response[0]["service_request_id"]
        again = client.create_request(BBQ, api_key=APP.key, **sure, **said).response[0]["service_request_id"]
        assert again == made
        town.run()
        assert client.get_request(made)["status"] == "open"
        assert [one["service_request_id"] for one in client.list_requests(status="open")] == [made]
        assert client.get_token(made)[0]["service_request_id"] == made
        with pytest.raises(civicbot.HttpError, match="403"):
            client.create_request(BBQ, api_key="nobody's", **sure, **said)
        with pytest.raises(civicbot.ValidationError, match="not offered"):
            client.create_request("47678.5:99999", api_key=APP.key, **sure, **said)
    with town.parts.database.read() as connection:
        kept = connection.execute(select(REQUESTS)).one()._mapping
    assert kept["description"] == "烧烤冒烟"
    assert not {"Wang", "13800000000"} & {str(value) for value in kept.values()}


def test_our_client_reports_to_our_server_and_learns_the_status(file_parts: Parts) -> None:
    town = Town(file_parts)
    sheet = CaseSheet(
        case_id=uuid_of("case", "a"), state=CaseState.REPORTED, kind=Violation.OPEN_BBQ, seen=Seen.GRILL, severity=2,
        first_seen_at=T0, last_seen_at=T0, gone_at=None, east_m=1.0, north_m=2.0,
    )  # fmt: skip
    notice = Presenter("zhangdian", ORIGIN, LAW.violations).notice(sheet, 1, T0)
    asked = interface(APP.key, "zibo.test", {Violation.OPEN_BBQ: BBQ}, knows_repeats=True)
    sent = Wire(town.client, "/open311/v2/")
    verdict = Open311Gateway(cast(Caller, sent), asked, town.parts.clock).submit(notice, None)
    assert isinstance(verdict, Accepted)
    assert verdict.external_id is not None
    again = Open311Gateway(cast(Caller, sent), asked, town.parts.clock).submit(notice, None)
    assert again == verdict
    read = Wire(town.client, "/open311/v2/")
    polled = Open311Gateway(cast(Caller, read), asked, town.parts.clock).hear(
        [Asked(sheet.case_id, verdict.external_id)]
    )
    assert [reply.state for reply in polled] == ["open"]
