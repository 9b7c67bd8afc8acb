"""Open311 GeoReport v2: what citizens report, and that a citizen's report and a camera's finding are one case."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import defusedxml.ElementTree
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from central.api.open311 import Door, open311_router
from central.domain.districts import REST, District, Districts
from central.domain.georeport import BadReport
from central.domain.georeport_reading import clean, read_report, read_wanted
from central.domain.registers.cameras import RegisteredCamera
from central.domain.registers.names import Names
from central.domain.registers.snapshot import Registers
from central.domain.workflow import Action, CaseState, Role
from central.domain.workflow_words import Source
from central.flowrules import packaged_keeper
from central.services.admission import Admission
from central.services.association import Association
from central.services.byhand import HandDesk
from central.services.georeport import Client, ReportDesk, ReportParts
from central.services.georeport_raising import Raising
from central.services.posts import Post
from central.services.steps import OperatorAction, Stepper
from central.services.whereabouts import Whereabouts
from central.store import case_queries
from central.store.cases import Projection
from central.store.inbox import INBOX
from contract.events import Event
from contract.ids import NodeId
from contract.plane import Point
from contract.taxonomy import KindGroup, Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import ORIGIN, T0, Street, minutes
from tests.central.parts import BAN_SITE, LAW, TOPICS, Parts

APP = Client("app", "a-key-of-the-city-app", per_minute=5)
HOTLINE = Client("hotline", "a-key-of-the-hotline", Source.HOTLINE_12319)
BBQ = "47678.5:06029"


class Sent:
    """A message from a node, as the broker hands it over."""

    def __init__(self, event: Event) -> None:
        self.topic, self.payload = TOPICS.event_live(NodeId(event.data.node_id)), event.to_wire()


class Town:
    """Central's parts with the Open311 door and the raising worker."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        stepper = Stepper(packaged_keeper())
        hands = HandDesk(parts.database, LAW, stepper, parts.clock, lambda: None)
        self.desk = ReportDesk(ReportParts(parts.database, lambda: LAW, BAN_SITE.to_surroundings(), hands, parts.clock))
        self.raising = Raising(parts.database, stepper, parts.clock, lambda: None, timedelta(days=365))
        self.stepper = stepper
        app = FastAPI()
        app.include_router(open311_router(self.desk, Door("zibo.test", (APP, HOTLINE), url="https://c.test")))
        self.client = AsgiClient(app)

    def post(self, **said: str) -> Any:
        return self.client.send("POST", "/open311/v2/requests.json", form={"api_key": APP.key, **said})

    def report(self, at: tuple[float, float], code: str = BBQ, **more: str) -> str:
        """A report of a barbecue at (east, north) metres; gives its id."""
        lat, lon = ORIGIN.to_degrees(Point(*at))
        answer = self.post(service_code=code, lat=f"{lat:.7f}", long=f"{lon:.7f}", **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()[0]["service_request_id"])

    def run(self) -> None:
        self.parts.run()
        while self.raising.step():
            pass

    def status(self, request_id: str, key: str = "") -> dict[str, Any]:
        tail = f"?api_key={key}" if key else ""
        answer = self.client.get(f"/open311/v2/requests/{request_id}.json{tail}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()[0]
        return found

    def case_of(self, request_id: str) -> Projection:
        followed = self.desk.listed(read_wanted({"service_request_id": request_id}, LAW, T0))[0]
        with self.parts.database.read() as connection:
            case = case_queries.find(connection, followed.case_id or "")
        assert case is not None
        return case

    def act(self, case: Projection, wanted: OperatorAction) -> None:
        with self.parts.database.write() as connection:
            self.stepper.take(connection, case, wanted, self.parts.clock.now())


@pytest.fixture
def town(parts: Parts) -> Iterator[Town]:
    yield Town(parts)


@pytest.fixture
def file_town(file_parts: Parts) -> Iterator[Town]:
    yield Town(file_parts)


def test_services_name_their_standard(file_town: Town) -> None:
    found = file_town.client.get("/open311/v2/services.json").json()
    assert BBQ in {service["service_code"] for service in found}
    assert all(service["service_code"].startswith("47678.5:") for service in found)
    one = file_town.client.get(f"/open311/v2/services/{BBQ}.json")
    assert (one.status_code, one.json()["service_code"]) == (200, BBQ)
    assert file_town.client.get("/open311/v2/services/47678.5:99999.json").status_code == 404


def test_a_citizens_report_and_a_cameras_finding_are_one_case(town: Town) -> None:
    street = Street()
    town.parts.take(street.event("grill", Seen.GRILL, (10, 10), last=T0))
    request_id = town.report((12, 9), description="smoke again")
    town.run()
    case = town.case_of(request_id)
    with town.parts.database.read() as connection:
        (snapshot,) = case_queries.snapshots(connection, [case.case_id])
    assert {member.node_id for member in snapshot.members} == {"node-1", "citizen"}
    assert case.state is CaseState.PENDING_REVIEW
    assert case.source is Source.VIDEO_AI


def test_the_order_of_camera_and_citizen_changes_nothing(file_town: Town) -> None:
    street = Street()
    request_id = file_town.report((12, 9))
    file_town.run()
    alone = file_town.case_of(request_id)
    assert (alone.source, alone.gone_at) == (Source.CITIZEN, None)
    file_town.parts.take(street.event("grill", Seen.GRILL, (10, 10), last=T0 + minutes(3)))
    file_town.run()
    with file_town.parts.database.read() as connection:
        (snapshot,) = case_queries.snapshots(connection, [file_town.case_of(request_id).case_id])
    assert len(snapshot.members) == 2


EAST, WEST = District("east"), District("west")
CITY = Districts(((EAST, ("e-*",)), (WEST, ("w-*",))))


def district_of(town: Town, request_id: str) -> str:
    with town.parts.database.read() as connection:
        row = connection.execute(select(INBOX.c.district).where(INBOX.c.incident_id == request_id)).one()
    return str(row.district)


def in_districts(parts: Parts, **more: Any) -> Town:
    """A town whose cameras e-* and w-* belong to two districts."""
    town = Town(parts)
    around = replace(BAN_SITE.to_surroundings(), districts=CITY, **more)
    hands = HandDesk(parts.database, LAW, town.stepper, parts.clock, lambda: None)
    town.desk = ReportDesk(ReportParts(parts.database, lambda: LAW, around, hands, parts.clock))
    app = FastAPI()
    app.include_router(open311_router(town.desk, Door("zibo.test", (APP, HOTLINE), url="https://c.test")))
    town.client = AsgiClient(app)
    return town


def test_a_report_joins_the_cameras_of_its_district(parts: Parts) -> None:
    town = in_districts(parts)
    rules = parts.bench.rules.model_copy(update={"districts": CITY})
    associators = [
        Association(
            parts.database, replace(parts.bench, rules=rules), parts.clock, lambda: None, Post(f"p-{name}", name)
        )
        for name in CITY.names
    ]
    around = replace(BAN_SITE.to_surroundings(), districts=CITY)
    seen = Street().event("grill", Seen.GRILL, (10, 10), last=T0, camera="w-1")
    Admission(parts.database, TOPICS, parts.clock, around).take([Sent(seen)])
    for one in associators:
        one.step()
    request_id = town.report((12, 9))
    assert district_of(town, request_id) == WEST
    while sum(one.step() for one in associators):
        pass
    with parts.database.read() as connection:
        (snapshot,) = case_queries.snapshots(connection, [town.case_of(request_id).case_id])
    assert {member.node_id for member in snapshot.members} == {"node-1", "citizen"}


def test_outlines_and_cameras_say_whose_a_place_is(file_parts: Parts) -> None:
    east = ((0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0))
    town = in_districts(file_parts, outlines={EAST: east})
    assert district_of(town, town.report((12, 9))) == EAST
    assert district_of(town, town.report((-12, 9))) == REST
    hung = Registers(cameras=(RegisteredCamera("w-3", Names("西三", "west three"), point=Point(-30, 0)),))
    where = Whereabouts(CITY, {EAST: east}, lambda: hung.cameras)
    with file_parts.database.read() as connection:
        found = [where.at(connection, Point(east_m, 9), KindGroup.FIRE, T0) for east_m in (-12.0, -4000.0)]
    assert found == [WEST, REST]


def test_two_citizens_report_one_thing_and_far_ones_another(file_town: Town) -> None:
    near = [file_town.report((0, 0)), file_town.report((2, 1), description="me too")]
    far = file_town.report((80, 0))
    file_town.run()
    assert len({file_town.case_of(one).case_id for one in near}) == 1
    assert file_town.case_of(far).case_id != file_town.case_of(near[0]).case_id


def test_the_status_follows_the_case(file_town: Town) -> None:
    request_id = file_town.report((0, 0))
    assert file_town.status(request_id)["status"] == "open"
    file_town.run()
    file_town.act(
        file_town.case_of(request_id),
        OperatorAction(Action.CONFIRM, "wang", roles=frozenset({Role.REVIEWER})),
    )
    confirmed = file_town.case_of(request_id)
    assert file_town.status(request_id)["status"] == "open"
    file_town.act(confirmed, OperatorAction(Action.CANCEL, "li", note="double", roles=frozenset({Role.SHIFT_LEADER})))
    found = file_town.status(request_id)
    assert found["status"] == "closed"
    assert "no case was filed" in found["status_notes"]
    closed = file_town.client.get("/open311/v2/requests.json?status=closed").json()
    assert [one["service_request_id"] for one in closed] == [request_id]
    assert file_town.client.get("/open311/v2/requests.json?status=open").json() == []


def test_an_address_alone_goes_to_a_person(file_town: Town) -> None:
    answer = file_town.post(service_code=BBQ, address_string="柳泉路 12 号", description="smoke")
    request_id = answer.json()[0]["service_request_id"]
    case = file_town.case_of(request_id)
    assert (case.state, case.source, case.address) == (CaseState.PENDING_REVIEW, Source.CITIZEN, "柳泉路 12 号")
    assert file_town.status(request_id)["lat"] is None


def test_a_repeated_post_is_one_request(town: Town) -> None:
    first = town.report((0, 0), description="smoke")
    assert town.report((0, 0), description="smoke") == first
    town.parts.clock.sleep(601)
    assert town.report((0, 0), description="smoke") != first
    town.run()
    assert len(town.client.get("/open311/v2/requests.json?start_date=2026-06-30T00:00:00Z").json()) == 2


def test_what_names_people_is_never_kept_and_words_are_the_reporters_own(file_town: Town) -> None:
    request_id = file_town.report(
        (0, 0), description="smoke below me", first_name="Wang", phone="13800000000", email="w@x.test"
    )
    file_town.run()
    public = json.dumps(file_town.status(request_id))
    own = json.dumps(file_town.status(request_id, APP.key))
    theirs = json.dumps(file_town.status(request_id, HOTLINE.key))
    assert "smoke below me" in own
    assert all("smoke below me" not in said for said in (public, theirs))
    path = file_town.parts.database.url.database
    assert path is not None
    for suffix in ("", "-wal"):
        content = Path(path + suffix).read_bytes()
        assert b"13800000000" not in content
        assert b"w@x.test" not in content


BAD = [
    ({"service_code": "06029", "lat": "36.8", "long": "118.05"}, 400, "names no standard"),
    ({"service_code": "47678.5:99999", "lat": "36.8", "long": "118.05"}, 400, "not offered"),
    ({"service_code": BBQ}, 400, "say where"),
    ({"service_code": BBQ, "lat": "118.05", "long": "36.8"}, 400, "lat is north"),
    ({"service_code": BBQ, "lat": "nan", "long": "36.8"}, 400, "no number of degrees"),
    ({"service_code": BBQ, "lat": "10", "long": "10"}, 400, "outside the area"),
    ({"service_code": BBQ, "address_string": "x", "media_url": "javascript:alert(1)"}, 400, "https://"),
    ({"service_code": BBQ, "address_string": "x", "description": "d" * 1001}, 400, "1000 is the most"),
    ({"service_code": BBQ, "address_string": "x", "api_key": "wrong"}, 403, "api_key"),
    ({"service_code": BBQ, "address_string": "x", "jurisdiction_id": "other"}, 404, "jurisdiction_id"),
]


@pytest.mark.parametrize(("said", "status", "why"), BAD)
def test_what_is_wrong_is_said_in_the_standards_form(
    file_town: Town, said: dict[str, str], status: int, why: str
) -> None:
    answer = file_town.post(**said)
    assert answer.status_code == status
    assert answer.json()[0]["code"] == status
    assert why in answer.json()[0]["description"]
    assert file_town.client.get("/open311/v2/requests.json").json() == []


def test_hostile_bodies_are_refused(file_town: Town) -> None:
    def sent(content: bytes, kind: str = "application/x-www-form-urlencoded") -> int:
        headers = {"Content-Type": kind}
        answer = file_town.client.send("POST", "/open311/v2/requests.json", headers=headers, content=content)
        assert answer.json()[0]["code"] == answer.status_code
        return answer.status_code

    assert sent(b"description=" + b"a" * 40_000) == 413
    assert sent(b"&".join(b"f%d=1" % number for number in range(200))) == 400
    assert sent(b"\xff\xfe=1") == 400
    assert sent(b"{}", "application/json") == 415


def test_who_sends_too_much_is_told_when_to_come_again(file_town: Town) -> None:
    for number in range(APP.per_minute):
        file_town.report((number * 50, 0))
    answer = file_town.post(service_code=BBQ, address_string="one more")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    file_town.parts.clock.sleep(61)
    assert file_town.post(service_code=BBQ, address_string="one more").status_code == 201


def test_xml_says_the_same(file_town: Town) -> None:
    request_id = file_town.report((0, 0), description="<b>&\x00")
    tree = defusedxml.ElementTree.fromstring(
        file_town.client.get(f"/open311/v2/requests/{request_id}.xml?api_key={APP.key}").content
    )
    assert isinstance(tree, ET.Element)
    assert tree.findtext("request/service_request_id") == request_id
    assert tree.findtext("request/description") == "<b>&"
    errors = defusedxml.ElementTree.fromstring(file_town.client.get("/open311/v2/requests/none.xml").content)
    assert errors.findtext("error/code") == "404"
    services = defusedxml.ElementTree.fromstring(file_town.client.get("/open311/v2/services.xml").content)
    assert len(services.findall("service")) == len(file_town.client.get("/open311/v2/services.json").json())
    discovery = defusedxml.ElementTree.fromstring(file_town.client.get("/open311/discovery.xml").content)
    assert discovery.findtext("endpoints/endpoint/url") == "https://c.test/open311/v2"


def test_lists_span_ninety_days_at_most(file_town: Town) -> None:
    wide = "/open311/v2/requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-06-01T00:00:00Z"
    answer = file_town.client.get(wide)
    assert (answer.status_code, "90" in answer.text) == (400, True)
    assert file_town.client.get("/open311/v2/requests.json?start_date=yesterday").status_code == 400
    assert file_town.client.get("/open311/v2/requests.json?status=lost").status_code == 400


@given(st.dictionaries(st.sampled_from(["service_code", "lat", "long", "address_string", "media_url"]), st.text()))
def test_whatever_is_posted_is_a_report_or_said_to_be_wrong(said: dict[str, str]) -> None:
    try:
        report = read_report(said, LAW, T0)
    except BadReport as error:
        assert ":" in str(error)
    else:
        assert report.address or report.lat is not None


@given(st.text())
def test_what_is_kept_can_be_written_as_xml(text: str) -> None:
    element = ET.Element("a")
    element.text = clean(text)
    assert defusedxml.ElementTree.fromstring(ET.tostring(element)) is not None


@given(st.dictionaries(st.sampled_from(["start_date", "end_date", "status", "service_request_id"]), st.text()))
def test_whatever_is_asked_for_is_bounded(said: dict[str, str]) -> None:
    try:
        wanted = read_wanted(said, LAW, T0)
    except BadReport:
        return
    assert timedelta(0) <= wanted.end - wanted.start <= timedelta(days=90)
