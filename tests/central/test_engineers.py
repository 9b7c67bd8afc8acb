"""The engineers' and the officers' pages over HTTP: what is saved, what is refused where, and who may enter."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from central.console.rooms import ENTRANCES, ROOMS, Room, entrances_for
from central.domain.people import Operator
from central.domain.workflow_words import PEOPLE, Role
from central.services.delivery_settling import Told, note_accepted, note_refused
from central.services.photographs import develop
from central.services.policies import KNOBS, RANGES, shipped, typed_of
from central.store import dead_letters
from central.store.dead_letters import Refused
from contract.clock import VirtualClock
from contract.plane import Origin, Point
from contract.taxonomy import Seen
from edge.camera_settings import ZoneSettings
from edge.position.settings import CalibrationSettings
from edge.rules.policy import Policies, PresencePolicy
from edge.scene.streets import demo_street
from tests.central.asgi import ORIGIN, AsgiClient
from tests.central.builders import T0
from tests.central.parts import OPERATOR_TOKEN
from tests.central.test_rights import rights_of
from tests.central.workshop_parts import CAMERA, HOSTILE, NODE, PASSWORD, Workshop, photograph

OWN = {"Origin": ORIGIN}
SQUARE = [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]]
SHA = "ab" * 32


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """One for all tests: each looks at what it changes itself, whatever others did before."""
    made = Workshop(tmp_path_factory.mktemp("workshop"), VirtualClock(T0))
    yield made
    made.close()


class Engineer:
    """Signed in with the operator's token, or as somebody; reads English unless told otherwise."""

    def __init__(self, workshop: Workshop, name: str = "", lang: str = "en") -> None:
        self.client = AsgiClient(workshop.central.http)
        self.client.cookies.set("xunjie_lang", lang)
        if name:
            answer = self.client.send("POST", "/login", form={"name": name, "password": PASSWORD}, headers=OWN)
            assert answer.status_code == 303
        else:
            self.client.get(f"/?token={OPERATOR_TOKEN}")

    def page(self, path: str, lang: str = "en") -> str:
        answer = self.client.get(path + ("&" if "?" in path else "?") + f"lang={lang}")
        assert answer.status_code == 200, path
        return answer.text

    def send(self, path: str, form: Mapping[str, Any]) -> httpx.Response:
        return self.client.send("POST", path, form=form, headers=OWN)


def version_of(workshop: Workshop) -> int:
    return workshop.desk.bundles(NODE)[0].version


def camera_of(workshop: Workshop) -> Any:
    return json.loads(workshop.desk.bundles(NODE)[0].payload)["cameras"][0]


def test_drawn_zones_become_the_nodes_next_version_and_nothing_else_changes(workshop: Workshop) -> None:
    engineer = Engineer(workshop)
    drawing = {
        "zones": [{"name": "kerb", "polygon": SQUARE, "kinds": ["stall"]}],
        "masks": [{"polygon": SQUARE, "kinds": []}],
    }
    before = version_of(workshop)
    form = {"drawing": json.dumps(drawing), "after": str(before), "why": "stalls stand there"}
    assert engineer.send(f"/fleet/cameras/{CAMERA}/zones", form).status_code == 303
    camera = camera_of(workshop)
    assert (version_of(workshop), camera["source"]) == (before + 1, "rtsp://192.0.2.1/1")
    assert camera["zones"] == [{"name": "kerb", "polygon": SQUARE, "kinds": ["stall"]}]
    assert camera["masks"] == [{"polygon": SQUARE, "kinds": []}]
    assert ZoneSettings.model_validate(camera["zones"][0]).to_zone().kinds == {Seen.STALL}


@pytest.mark.parametrize(
    ("spoilt", "status", "named"),
    [
        ({"after": "0"}, 409, "meanwhile"),
        ({"why": ""}, 422, "why"),
        ({"drawing": '{"zones": [{"name": "a", "polygon": [[0, 0], [1, 1]]}]}'}, 422, "zones.0.polygon"),
        ({"drawing": '{"zones": [{"name": "路口", "polygon": [[0,0],[1,1],[0,1]]}]}'}, 422, "zones.0.name"),
        ({"drawing": "no JSON"}, 422, "shapes"),
        ({"preset": "north"}, 422, "north"),
    ],
)
def test_a_drawing_that_is_refused_comes_back_as_it_was(
    workshop: Workshop, spoilt: dict[str, str], status: int, named: str
) -> None:
    before = version_of(workshop)
    drawing = json.dumps({"zones": [{"name": "kerb", "polygon": SQUARE}]})
    form = {"drawing": drawing, "after": str(before), "why": "a test"}
    answer = Engineer(workshop).send(f"/fleet/cameras/{CAMERA}/zones", form | spoilt)
    assert (answer.status_code, named in answer.text) == (status, True)
    assert version_of(workshop) == before


def marks(
    places: tuple[tuple[float, float], ...] = ((0.1, 0.5), (0.9, 0.5), (0.1, 0.9), (0.9, 0.9), (0.5, 0.7)),
) -> Any:
    """Clicks on the demo's first camera, and where those are."""
    camera, origin, points = demo_street().cameras[0], Origin(36.8135, 118.0548), []
    for x, y in places:
        east, north = camera.ground_point((x * camera.width_px, y * camera.height_px)) or (0.0, 0.0)
        lat, lon = origin.to_degrees(Point(float(east), float(north)))
        points.append({"name": "", "x": x, "y": y, "lat": lat, "lon": lon})
    return {"points": points}


def test_points_are_tried_and_kept_as_the_node_takes_them(workshop: Workshop) -> None:
    engineer, path = Engineer(workshop), f"/fleet/cameras/{CAMERA}/calibration"
    found = engineer.client.send("POST", f"{path}/trial", json=marks(), headers=OWN).json()
    assert max(point["error_m"] for point in found["points"]) < 0.01
    assert found["height_m"] == pytest.approx(6.5, abs=0.05)
    form = {"marks": json.dumps(marks()), "after": str(version_of(workshop)), "why": "surveyed"}
    assert engineer.send(path, form).status_code == 303
    kept = camera_of(workshop)["options"]["calibration"]
    pose = CalibrationSettings.model_validate(kept).to_calibration().pose
    assert pose is not None
    assert pose.height_m == pytest.approx(found["height_m"], abs=0.01)


def test_points_that_are_no_camera_say_which_to_look_at(workshop: Workshop) -> None:
    engineer, wrong = Engineer(workshop), marks()
    first, second = wrong["points"][:2]
    first["lat"], second["lat"], first["lon"], second["lon"] = second["lat"], first["lat"], second["lon"], first["lon"]
    answer = engineer.client.send("POST", f"/fleet/cameras/{CAMERA}/calibration/trial", json=wrong, headers=OWN)
    assert (answer.status_code, "swapped" in answer.text) == (422, True)


def test_the_forms_bounds_are_the_nodes_own() -> None:
    fields = PresencePolicy.model_fields
    assert {knob.name for knob in KNOBS} | {knob.name for knob in RANGES.values()} | {"gather"} == fields.keys()
    good = dict(shipped()["presence"]["grill"])
    for knob in KNOBS:
        ends = [knob.least if knob.may_be_zero else knob.least + 0.01, knob.most]
        for value in ends:
            PresencePolicy.model_validate(good | {knob.name: value})
        for value in (knob.least - 0.005, knob.most * 1.01):
            with pytest.raises(ValueError, match=knob.name):
                PresencePolicy.model_validate(good | {knob.name: value})
        assert knob.is_needed == fields[knob.name].is_required()


def test_a_policy_form_is_saved_as_the_node_takes_it_and_wrong_fields_are_named(workshop: Workshop) -> None:
    engineer, path = Engineer(workshop), f"/fleet/nodes/{NODE}/policies"
    form = typed_of(shipped()) | {"after": str(version_of(workshop)), "grill.confirm_score": "0.55"}
    form |= {"why": "fewer false alarms"}
    wrong = engineer.send(path, form | {"grill.share": "1.5", "smoke.gate": "x", "stall.height_low": "9"})
    assert wrong.status_code == 422
    assert all(f'id="wrong-{field}"' in wrong.text for field in ("grill.share", "smoke.gate", "stall.height_low"))
    assert engineer.send(path, {key: value for key, value in form.items() if key != "sign.is_on"}).status_code == 303
    kept = Policies.model_validate(workshop.content()["policies"])
    assert kept.presence[Seen.GRILL].confirm_score == 0.55
    assert Seen.SIGN not in kept.presence
    asked = "seen=grill&present_after_s=60&confirm_score=0.9"
    assert engineer.client.get(f"{path}/weighed?{asked}").json() == {
        "days": 7,
        "findings": 0,
        "too_short": 0,
        "too_weak": 0,
        "dropped": 0,
    }


def test_a_roll_out_reaches_the_chosen_nodes_and_goes_back(workshop: Workshop) -> None:
    engineer = Engineer(workshop)
    form = {"what": "model", "name": "xunjie-s", "version": "8", "sha256": SHA, "why": "better on smoke"}
    assert engineer.send("/rollouts", form).status_code == 422
    assert engineer.send("/rollouts", form | {"nodes": NODE, "sha256": "short"}).status_code == 422
    assert engineer.send("/rollouts", form | {"nodes": NODE}).status_code == 303
    assert workshop.content()["model"] == {"name": "xunjie-s", "version": "8", "sha256": SHA, "shadow_looks": 200}
    assert "model" not in workshop.content("node-2")
    assert engineer.send("/rollouts/back", {"what": "model", "node": NODE}).status_code == 303
    assert "model" not in workshop.content()
    assert engineer.send("/rollouts/back", {"what": "model", "node": NODE}).status_code == 409


def test_an_earlier_version_and_a_whole_bundle_are_set(workshop: Workshop) -> None:
    engineer, path, before = Engineer(workshop), f"/fleet/nodes/{NODE}", version_of(workshop)
    text = "cameras:\n- {camera_id: cam-9, source: rtsp://192.0.2.9/a}\n"
    assert engineer.send(f"{path}/bundle", {"text": text, "after": f"{before}", "why": "moved"}).status_code == 303
    assert "cam-9" in engineer.page(path)
    refused = engineer.send(f"{path}/bundle", {"text": "cameras: [{}]", "after": f"{before + 1}", "why": "moved"})
    assert (refused.status_code, "cameras.0.camera_id" in refused.text) == (422, True)
    assert engineer.send(f"{path}/back", {"version": f"{before}", "after": f"{before + 1}"}).status_code == 303
    assert camera_of(workshop)["camera_id"] == CAMERA


def test_a_letter_is_put_away_with_a_reason_and_stays(workshop: Workshop) -> None:
    engineer = Engineer(workshop)
    with workshop.database.write() as connection:
        dead_letters.keep(connection, Refused(T0, "t", HOSTILE, b"{}", 2, SHA, NODE, None, "malformed"))
    assert "&lt;script&gt;" in engineer.page("/letters")
    assert engineer.send("/letters/1/replay", {}).status_code == 409
    assert engineer.send("/letters/1/discard", {"why": ""}).status_code == 422
    assert engineer.send("/letters/1/discard", {"why": "a test rig"}).status_code == 303
    assert "a test rig" in engineer.page("/letters/1")
    assert "/letters/1" not in engineer.page("/letters")
    assert engineer.send("/letters/1/discard", {"why": "a test rig"}).status_code == 422


def test_an_account_is_made_with_a_password_that_is_told_once(workshop: Workshop) -> None:
    engineer = Engineer(workshop)
    form = {"name": "zhao.min", "roles": ["reviewer", "inspector"], "district": "3703"}
    made = engineer.send("/people", form)
    password = made.text.partition("<code>")[2].partition("</code>")[0]
    assert (made.status_code, len(password) > 8, password in engineer.page("/people")) == (201, True, False)
    signed_in = AsgiClient(workshop.central.http).send(
        "POST", "/login", form={"name": "zhao.min", "password": password}, headers=OWN
    )
    assert signed_in.status_code == 303
    assert engineer.send("/people/zhao.min/rights", {"roles": ["leader"], "department": "squad 1"}).status_code == 303
    assert workshop.central.people.person("zhao.min").roles == {Role.LEADER}
    assert engineer.send("/people/zhao.min/disable", {}).status_code == 303
    assert workshop.central.people.person("zhao.min").disabled_at is not None
    assert engineer.send("/people", form).status_code == 422
    assert engineer.send("/people", form | {"name": "li.si", "roles": ["judge"]}).status_code == 422


def test_officers_see_their_own_cases_and_photograph_them_once(workshop: Workshop) -> None:
    case_id = workshop.case("squad 3")
    workshop.officer("sun.jun", "squad 3")
    workshop.officer("he.ping", "squad 1")
    sun, he = Engineer(workshop, "sun.jun"), Engineer(workshop, "he.ping")
    assert case_id in sun.page("/street")
    assert case_id not in he.page("/street")
    path = f"/street/cases/{case_id}/photos"
    taken = photograph()
    for _ in range(2):
        assert sun.client.send("POST", path, content=taken, headers=OWN).status_code == 201
    page = sun.page(f"/street/cases/{case_id}")
    assert page.partition("Earlier at this place")[0].count("<figcaption>") == 1
    assert "geo:36.8" in page
    shown = page.partition(f'href="{path}/')[2].partition('"')[0]
    assert hashlib.sha256(sun.client.get(f"{path}/{shown}").content).hexdigest() == shown
    assert sun.client.send("POST", path, content=b"GIF89a", headers=OWN).status_code == 415
    files = list(workshop.settings.evidence_dir.rglob("*"))
    assert he.client.send("POST", path, content=photograph(1), headers=OWN).status_code == 403
    assert list(workshop.settings.evidence_dir.rglob("*")) == files
    history = AsgiClient(workshop.central.http, OPERATOR_TOKEN).get(f"/api/v1/cases/{case_id}").json()["history"]
    assert sum(shown in json.dumps(step["facts"]) for step in history) == 1
    operator = AsgiClient(workshop.central.http, OPERATOR_TOKEN)
    asked = f"/api/v1/cases/{case_id}/originals"
    assert operator.send("POST", asked, json={"sha256": shown, "reason": "an"}).status_code == 422
    opened = operator.send("POST", asked, json={"sha256": shown, "reason": "is it swept clean"})
    assert (opened.status_code, opened.content) == (200, develop(taken).original)
    assert sun.client.send("POST", asked, json={"sha256": shown, "reason": "my own"}, headers=OWN).status_code == 403
    sheet = Engineer(workshop).page(f"/cases/{case_id}")
    assert f'id="photo-{shown}"' in sheet
    assert f'href="#photo-{shown}"' in sheet


def test_an_officer_sees_how_earlier_cases_at_the_place_were_left(workshop: Workshop) -> None:
    earlier = workshop.case("squad 3")
    workshop.officer("chen.bo", "squad 3")
    chen = Engineer(workshop, "chen.bo")
    sent = chen.client.send("POST", f"/street/cases/{earlier}/photos", content=photograph(7), headers=OWN)
    assert sent.status_code == 201
    workshop.clock.sleep(3600)
    today = workshop.case("squad 3")
    shown = chen.page(f"/street/cases/{today}").partition("Earlier at this place")[2]
    assert f'<img src="/street/cases/{earlier}/photos/' in shown
    assert f'href="/street/cases/{today}"' not in shown
    assert f"/street/cases/{today}/" not in chen.page(f"/street/cases/{earlier}").partition("Earlier at this place")[2]


def test_what_platforms_said_stands_on_the_cases_page(workshop: Workshop) -> None:
    case_id = workshop.case("squad 3")
    with workshop.database.write() as connection:
        note_accepted(connection, Told(case_id, "city", 1, "C-77"), T0)
        note_refused(connection, Told(case_id, "city", 2, None), HOSTILE, T0)
    page = Engineer(workshop).page(f"/cases/{case_id}")
    assert "Taken by the platform" in page
    assert "C-77" in page
    assert "Refused by the platform" in page
    assert HOSTILE not in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_words_are_shown_as_words(workshop: Workshop, lang: str) -> None:
    engineer, case_id = Engineer(workshop), workshop.case("squad 3")
    paths = ["/fleet", f"/fleet/nodes/{NODE}", f"/fleet/cameras/{CAMERA}", "/street", f"/street/cases/{case_id}"]
    for page in (engineer.page(path, lang) for path in paths):
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_nodes_own_words_are_small_print_where_nobody_knows_them(workshop: Workshop) -> None:
    page = Engineer(workshop).page(f"/fleet/cameras/{CAMERA}", "zh")
    assert '节点原话： <small lang="en">&lt;script&gt;' in page


def test_every_page_asks_for_what_its_room_says(workshop: Workshop) -> None:
    prefixes = {"/rollouts": Room.WORKSHOP, "/letters": Room.LETTERS, "/people": Room.PEOPLE, "/street": Room.STREET}
    prefixes |= {"/rules": Room.RULES, "/fleet": Room.FLEET}
    asked = {
        (method, str(route.path)): rights_of(route.dependant)
        for route in iter_route_contexts(workshop.central.http.routes)
        if isinstance(route.original_route, APIRoute) and str(route.path).startswith(tuple(prefixes))
        for method in route.methods or ()
    }
    assert len(asked) > 25
    looked_at = {("GET", "/fleet"), ("GET", "/fleet/nodes/{node_id}"), ("GET", "/fleet/cameras/{camera_id}")}
    for (method, path), rights in asked.items():
        room = next(room for prefix, room in prefixes.items() if path.startswith(prefix))
        if room is Room.FLEET and (method, path) not in looked_at:
            room = Room.WORKSHOP
        assert rights == {ROOMS[room]}, path


def test_nobody_is_led_to_a_page_that_is_shut_to_them(workshop: Workshop) -> None:
    assert [path for path, _ in entrances_for(Operator("x", frozenset({Role.REVIEWER})))] == ["/fleet", "/registers"]
    assert [path for path, _ in entrances_for(Operator("x", PEOPLE))] == list(ENTRANCES)
    workshop.officer("qian.li", "squad 3")
    sun = Engineer(workshop, "qian.li")
    assert sun.client.get(f"/fleet/cameras/{CAMERA}/zones").status_code == 403
    assert f"/fleet/cameras/{CAMERA}/zones" not in sun.page(f"/fleet/cameras/{CAMERA}")
