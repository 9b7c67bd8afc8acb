"""Who may ask for what: each route that changes something asks for a right, and a district sees its own cases."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import update

from central.api.access import Asks, Tokens
from central.api.stream import message_of
from central.app import Central
from central.domain.people import EVERYWHERE, RIGHTS, Operator, Place, Right, denial
from central.domain.values import CaseFilter
from central.domain.workflow_words import PEOPLE, Role
from central.services.people import By, Rights
from central.services.sight import Sight
from central.settings import CentralSettings
from central.store import case_lists
from central.store.cases import CASES
from contract.clock import VirtualClock
from contract.taxonomy import Seen
from tests.central.asgi import ORIGIN, AsgiClient
from tests.central.builders import JPEG, T0, Street, evidence_ref, minutes
from tests.central.databases import fresh_sqlite
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN, Parts

API = "/api/v1"
SAFE = {"GET", "HEAD", "OPTIONS"}
PASSWORD = "seven quiet bicycles"
HERE, THERE = "370303", "370302"
SAME_ORIGIN = {"Origin": ORIGIN}
PICTURES = {"here": JPEG, "there": JPEG[:-2] + b"there\xff\xd9", "nowhere": JPEG[:-2] + b"nowhere\xff\xd9"}
AREAS = {"here": f"{HERE}001002003", "there": f"{THERE}001002003", "nowhere": None}

BY_RIGHT = {
    "POST /api/v1/cases/{case_id}/originals": Right.OPEN_ORIGINAL,
    "POST /api/v1/cases/{case_id}/merge": Right.JOIN_CASES,
    "POST /api/v1/bulk/merge": Right.JOIN_CASES,
    "POST /api/v1/cases/{case_id}/split": Right.JOIN_CASES,
    "POST /api/v1/silences": Right.SILENCE,
    "DELETE /api/v1/silences/{silence_id}": Right.SILENCE,
    "POST /silences": Right.SILENCE,
    "POST /silences/{silence_id}/end": Right.SILENCE,
    "POST /api/v1/assessment/frozen": Right.FREEZE_FIGURES,
    "POST /api/v1/people": Right.KEEP_PEOPLE,
    "PUT /api/v1/people/{name}/rights": Right.KEEP_PEOPLE,
    "POST /api/v1/people/{name}/password": Right.KEEP_PEOPLE,
    "POST /api/v1/people/{name}/disable": Right.KEEP_PEOPLE,
    "POST /api/v1/people/{name}/enable": Right.KEEP_PEOPLE,
    "POST /api/v1/registers/{register}/import": Right.KEEP_REGISTERS,
    "PUT /api/v1/registers/{register}/rows": Right.KEEP_REGISTERS,
    "DELETE /api/v1/registers/{register}/row": Right.KEEP_REGISTERS,
    "POST /registers/{register}/import": Right.KEEP_REGISTERS,
    "POST /registers/{register}/row": Right.KEEP_REGISTERS,
    "POST /registers/{register}/remove": Right.KEEP_REGISTERS,
    "POST /map/base": Right.KEEP_REGISTERS,
    "POST /map/base/remove": Right.KEEP_REGISTERS,
    "POST /api/v1/rejudgements/preview": Right.REJUDGE,
    "POST /api/v1/rejudgements": Right.REJUDGE,
    "POST /api/v1/fleet/nodes": Right.KEEP_FLEET,
    "POST /api/v1/fleet/nodes/{node_id}/bundles": Right.KEEP_FLEET,
    "POST /api/v1/fleet/nodes/{node_id}/requests": Right.KEEP_FLEET,
    "POST /fleet/cameras/{camera_id}/picture": Right.KEEP_FLEET,
    "POST /fleet/cameras/{camera_id}/zones": Right.KEEP_FLEET,
    "POST /fleet/nodes/{node_id}/policies": Right.KEEP_FLEET,
    "POST /rules": Right.REJUDGE,
    "POST /rollouts": Right.KEEP_FLEET,
    "POST /rollouts/back": Right.KEEP_FLEET,
    "POST /letters/replay": Right.KEEP_INTAKE,
    "POST /letters/{letter_id}/replay": Right.KEEP_INTAKE,
    "POST /letters/{letter_id}/discard": Right.KEEP_INTAKE,
    "POST /people": Right.KEEP_PEOPLE,
    "POST /people/{name}/rights": Right.KEEP_PEOPLE,
    "POST /people/{name}/password": Right.KEEP_PEOPLE,
    "POST /people/{name}/{change}": Right.KEEP_PEOPLE,
    "POST /fleet/nodes/{node_id}/bundle": Right.KEEP_FLEET,
    "POST /fleet/nodes/{node_id}/back": Right.KEEP_FLEET,
    "POST /fleet/cameras/{camera_id}/calibration": Right.KEEP_FLEET,
    "POST /fleet/cameras/{camera_id}/calibration/trial": Right.KEEP_FLEET,
}
"""What a route that changes something asks for. A new route stands here or in `OTHERWISE`."""
BY_TABLE = "the workflow's table says which roles"
BY_NODE = "a node's token"
READS = "whoever reads the case may see it as it is now"
BY_KEY = "an Open311 client's key"
BY_SIGNATURE = "a platform's signature"
OWN = "one's own account"
READERS = "whoever may read hands their own shift over"
OTHERWISE = {
    "POST /api/v1/cases": BY_TABLE,
    "POST /api/v1/bulk/actions/{action}": BY_TABLE,
    "POST /api/v1/bulk/assign": BY_TABLE,
    "POST /api/v1/cases/{case_id}/looks": READS,
    "POST /bring": BY_TABLE,
    "POST /handover": READERS,
    "POST /handover/{number}/take": READERS,
    "POST /api/v1/cases/{case_id}/actions/{action}": BY_TABLE,
    "POST /cases/{case_id}/actions/{action}": BY_TABLE,
    "POST /street/cases/{case_id}/photos": BY_TABLE,
    "POST /api/v1/cases/{case_id}/claim": BY_TABLE,
    "DELETE /api/v1/cases/{case_id}/claim": BY_TABLE,
    "PUT /api/v1/evidence/{sha256}": BY_NODE,
    "POST /api/v1/nodes/{node}/events": BY_NODE,
    "PUT /api/v1/fleet/requests/{request_id}/answer": BY_NODE,
    "POST /api/v1/platforms/{target}/replies": BY_SIGNATURE,
    "POST /api/v1/platforms/{target}/cases": BY_SIGNATURE,
    "POST /open311/v2/requests.{form}": BY_KEY,
    "POST /api/v1/me/password": OWN,
    "POST /api/v1/me/sign-out-everywhere": OWN,
    "POST /me/password": OWN,
    "POST /me/sign-out-everywhere": OWN,
    "POST /login": OWN,
    "POST /logout": OWN,
}
OPEN = {
    "GET /api/v1/health",
    "GET /api/v1/fleet/keys",
    "GET /login",
    "GET /api/v1/shared/pictures/{sha256}",
    "GET /api/v1/models/{sha256}",
    "GET /api/v1/software/{sha256}",
    "GET /",
    "GET /open311/discovery.{form}",
    "GET /open311/v2/discovery.{form}",
    "GET /open311/v2/services.{form}",
    "GET /open311/v2/services/{code}.{form}",
    "GET /open311/v2/requests.{form}",
    "GET /open311/v2/requests/{request_id}.{form}",
    "GET /open311/v2/tokens/{token}.{form}",
}
"""What is read without an account: by nobody in particular, by link, by node; the first page asks unless a token is
brought."""


@pytest.fixture
def central(tmp_path: Path) -> Iterator[Central]:
    settings = CentralSettings.model_validate(
        {
            "database_url": fresh_sqlite(tmp_path),
            "evidence_dir": str(tmp_path / "evidence"),
            "keys_dir": str(tmp_path / "keys"),
            "artifacts_dir": str(tmp_path / "artifacts"),
        }
    )
    made = Central(settings, Tokens(OPERATOR_TOKEN, NODE_TOKEN), VirtualClock(T0))
    yield made
    made.database.close()


def rights_of(dependant: Dependant) -> set[Right]:
    own = {dependant.call.right} if isinstance(dependant.call, Asks) else set()
    return own.union(*(rights_of(part) for part in dependant.dependencies))


def routes_of(central: Central) -> dict[str, set[Right]]:
    found = {
        f"{method} {route.path}": rights_of(route.dependant)
        for route in iter_route_contexts(central.http.routes)
        if isinstance(route.original_route, APIRoute)
        for method in route.methods or ()
    }
    assert len(found) > 80
    return found


def test_every_route_that_changes_something_asks_for_a_right(central: Central) -> None:
    asked = {name: rights for name, rights in routes_of(central).items() if name.split()[0] not in SAFE}
    assert sorted(asked) == sorted([*BY_RIGHT, *OTHERWISE])
    assert {name: rights for name, rights in asked.items() if name in BY_RIGHT} == {
        name: {right} for name, right in BY_RIGHT.items()
    }
    bare = [name for name, why in OTHERWISE.items() if why == BY_TABLE and asked[name] != {Right.READ}]
    assert not bare


def test_every_route_that_shows_something_asks_who_reads(central: Central) -> None:
    shown = {name: rights for name, rights in routes_of(central).items() if name.split()[0] in SAFE}
    assert {name for name, rights in shown.items() if not rights} == OPEN


def test_every_right_is_somebodys_and_asked_for_somewhere(central: Central) -> None:
    asked = set().union(*routes_of(central).values())
    assert set(RIGHTS) == set(Right)
    assert all(roles and roles <= PEOPLE for roles in RIGHTS.values())
    assert asked == set(Right)


@pytest.mark.parametrize(("name", "right"), sorted(BY_RIGHT.items()))
def test_without_the_role_each_of_them_is_refused(central: Central, name: str, right: Right) -> None:
    others = sorted(PEOPLE - RIGHTS[right])
    central.people.add("wang", PASSWORD, Rights(frozenset(others)), By("test"), must_change=False)
    method, _, path = name.partition(" ")
    for field, value in {"case_id": "0" * 8 + "-0000-7000-8000-" + "0" * 12, "register": "areas"}.items():
        path = path.replace(f"{{{field}}}", value)
    answer = signed_in(central.http, "wang").send(method, path.replace("{", "").replace("}", ""), headers=SAME_ORIGIN)
    assert (answer.status_code, "needs a role of" in answer.text) == (403, True)


def signed_in(http: FastAPI, name: str) -> AsgiClient:
    client = AsgiClient(http)
    answer = client.send("POST", "/login", form={"name": name, "password": PASSWORD}, headers=SAME_ORIGIN)
    assert answer.status_code == 303, answer.text
    return client


class City:
    """Three cases with a picture each: in the district, in the one beside it, and where nobody knows."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        street = Street()
        for number, (name, content) in enumerate(PICTURES.items()):
            event = street.event(
                name, Seen.GRILL, (150 * number, 0), last=T0 + minutes(3), evidence=(evidence_ref(content),)
            )
            parts.take(event)
            node = AsgiClient(parts.http, NODE_TOKEN)
            assert node.send("PUT", f"{API}/evidence/{sha_of(name)}", content=content).status_code == 201
        found = AsgiClient(parts.http, OPERATOR_TOKEN).get(f"{API}/cases").json()["items"]
        by_picture = {case["picture"]["sha256"]: case["id"] for case in found}
        self.cases = {name: by_picture[sha_of(name)] for name in PICTURES}
        with parts.database.write() as connection:
            for name, case_id in self.cases.items():
                row = CASES.c.id == case_id
                connection.execute(update(CASES).where(row).values(area_code=AREAS[name]))

    def person(self, name: str, *roles: Role, district: str = HERE) -> AsgiClient:
        rights = Rights(frozenset(roles or PEOPLE), district)
        self.parts.people.add(name, PASSWORD, rights, By("test"), must_change=False)
        return signed_in(self.parts.http, name)


def sha_of(name: str) -> str:
    return hashlib.sha256(PICTURES[name]).hexdigest()


@pytest.fixture
def city(parts: Parts) -> City:
    return City(parts)


def test_a_district_sees_its_own_cases_and_their_pictures_and_no_others(city: City) -> None:
    wang, everywhere = city.person("wang"), city.person("li", district="")
    assert [case["id"] for case in wang.get(f"{API}/cases").json()["items"]] == [city.cases["here"]]
    assert len(everywhere.get(f"{API}/cases").json()["items"]) == 3
    page = wang.get("/").text
    assert [case_id in page for case_id in city.cases.values()] == [True, False, False]
    for name, case_id in city.cases.items():
        paths = [f"{API}/cases/{case_id}", f"/cases/{case_id}"]
        paths += [f"{API}/evidence/{sha_of(name)}", f"{API}/evidence/{sha_of(name)}/proof"]
        expected = {200} if name == "here" else {403}
        assert {wang.get(path).status_code for path in paths} == expected, name
        assert {everywhere.get(path).status_code for path in paths} == {200}
    assert wang.get(f"/live/cases/{city.cases['there']}").status_code == 403
    assert {line.what.value for line in city.parts.people.log(3, "wang")} == {"denied"}


def test_a_district_joins_only_its_own_cases(city: City) -> None:
    wang = city.person("wang", Role.REVIEWER)
    here, there = city.cases["here"], city.cases["there"]
    for one, other in ((here, there), (there, here)):
        answer = wang.send("POST", f"{API}/cases/{one}/merge", json={"into": other}, headers=SAME_ORIGIN)
        assert (answer.status_code, THERE in answer.json()["detail"]) == (403, True)
    body = {"incidents": [city.cases["there"]]}
    assert wang.send("POST", f"{API}/cases/{there}/split", json=body, headers=SAME_ORIGIN).status_code == 403


def test_a_districts_steps_and_claims_stay_in_it(city: City) -> None:
    wang = city.person("wang", Role.REVIEWER)
    for name, expected in {"here": 200, "there": 403, "nowhere": 403}.items():
        case_id = city.cases[name]
        assert wang.send("POST", f"{API}/cases/{case_id}/claim", headers=SAME_ORIGIN).status_code == expected
        step = wang.send("POST", f"{API}/cases/{case_id}/actions/confirm", json={}, headers=SAME_ORIGIN)
        assert step.status_code == expected, step.text


def test_what_lies_in_no_district_is_for_who_answers_for_everywhere(city: City) -> None:
    wang, everywhere = city.person("wang"), city.person("li", district="")
    for path in ("dead-letters", "intake/outcomes", "intake/marked"):
        assert wang.get(f"{API}/{path}").status_code == 403
        assert everywhere.get(f"{API}/{path}").status_code == 200
    frozen = wang.send("POST", f"{API}/assessment/frozen", json={"period": "2026-06"}, headers=SAME_ORIGIN)
    assert frozen.status_code == 403


@pytest.mark.parametrize("district", ["", "3", "370303", "370303001002003", "A", "37030_"])
def test_the_list_and_the_rule_agree(city: City, district: str) -> None:
    who = Operator("x", PEOPLE, district)
    with city.parts.database.read() as connection:
        every = case_lists.page(connection, CaseFilter(), 10)
        listed = case_lists.page(connection, CaseFilter(district=district), 10)
    assert len(every) == 3
    allowed = [case.case_id for case in every if denial(who, Right.READ, Place(case.area_code)) is None]
    assert [case.case_id for case in listed] == allowed
    sight = Sight(city.parts.database)
    assert [case.case_id for case in every if sight.sees(who, case.case_id)] == allowed


@pytest.mark.parametrize("right", sorted(EVERYWHERE))
def test_a_district_alone_never_has_what_is_everywheres(right: Right) -> None:
    assert denial(Operator("x", PEOPLE, HERE), right) is not None
    assert denial(Operator("x", PEOPLE), right) is None


def test_the_live_feed_tells_a_district_of_its_own_cases_only(city: City) -> None:
    def told(who: Operator) -> set[str]:
        reader, sight = city.parts.reader, Sight(city.parts.database)
        messages = [message_of(reader, sight, who, change) for change in reader.changes_after(0, 100)]
        return {message.data["id"] for message in messages if message is not None and message.event == "case"}

    assert told(Operator("wang", PEOPLE, HERE)) == {city.cases["here"]}
    assert told(Operator("li", PEOPLE)) == set(city.cases.values())
