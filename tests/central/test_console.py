"""The console's pages without a browser: signing in, both languages, forms, and that no word is missing."""

import re
from urllib.parse import quote

import pytest

from central.console.filters import STATES_OF
from central.console.pages import STATIC_DIR
from central.console.words import load_words
from central.domain.workflow import Action, CaseState, RejectReason
from contract.events import EvidenceRole
from contract.status import CameraState, NodeState
from contract.taxonomy import Seen
from tests.central.asgi import ORIGIN, AsgiClient
from tests.central.builders import T0, Street, evidence_ref, minutes, uuid_of
from tests.central.parts import OPERATOR_TOKEN, Parts

SAME_ORIGIN = {"Origin": ORIGIN}
LIVE_LIST = ("live", "rows", "keys", "decisions", "together", "look", "sound")


@pytest.fixture
def visitor(parts: Parts) -> AsgiClient:
    return AsgiClient(parts.http)


@pytest.fixture
def operator(visitor: AsgiClient) -> AsgiClient:
    visitor.get(f"/?token={OPERATOR_TOKEN}")
    return visitor


def a_case(parts: Parts) -> str:
    street = Street()
    parts.take(
        street.event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3), evidence=(evidence_ref(),)),
        street.event("s", Seen.SMOKE, (3, 2), camera="cam-2", sigma_m=3, last=T0 + minutes(3)),
        street.event("lawful", Seen.STALL, (-30, 10), last=T0 + minutes(3)),
    )
    cases = AsgiClient(parts.http, OPERATOR_TOKEN).get("/api/v1/cases?kind=open_bbq").json()["items"]
    return str(cases[0]["id"])


@pytest.mark.parametrize(
    ("path", "goes_to"),
    [
        ("/", "/login"),
        (f"/cases/{uuid_of('x')}?lang=en", f"/login?next=%2Fcases%2F{uuid_of('x')}%3Flang%3Den"),
        ("/?token=wrong", "/login"),
    ],
)
def test_a_stranger_is_sent_to_the_sign_in_page(visitor: AsgiClient, path: str, goes_to: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, goes_to)


def test_the_link_with_the_token_signs_in_and_leads_to_a_clean_address(visitor: AsgiClient) -> None:
    answer = visitor.get(f"/?token={OPERATOR_TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert OPERATOR_TOKEN not in cookie
    assert visitor.get("/").status_code == 200


def test_the_form_signs_in_with_the_right_token_only_and_only_from_our_own_page(visitor: AsgiClient) -> None:
    assert visitor.send("POST", "/login", form={"token": OPERATOR_TOKEN}).status_code == 403
    assert visitor.send("POST", "/login", form={"token": "wrong"}, headers=SAME_ORIGIN).status_code == 401
    assert visitor.send("POST", "/login", form={"token": OPERATOR_TOKEN}, headers=SAME_ORIGIN).status_code == 303


@pytest.mark.parametrize("cookie", ["9999999999.deadbeef", "x.y", "", "99999999999999999999.aa"])
def test_a_forged_session_opens_nothing(parts: Parts, visitor: AsgiClient, cookie: str) -> None:
    answer = visitor.get("/", {"Cookie": f"xunjie_session={cookie}"})
    assert answer.status_code == 303


def test_a_session_ends_after_twelve_hours(parts: Parts, operator: AsgiClient) -> None:
    parts.clock.sleep(12 * 3600 + 1)
    assert operator.get("/").status_code == 303


def test_a_form_from_another_site_changes_nothing(parts: Parts, operator: AsgiClient) -> None:
    path = f"/cases/{a_case(parts)}/actions/confirm"
    assert operator.send("POST", path, headers={"Origin": "http://evil.test"}).status_code == 403
    assert operator.send("POST", path, headers=SAME_ORIGIN | {"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert operator.send("POST", f"/api/v1{path}").status_code == 403
    assert operator.send("POST", path, headers=SAME_ORIGIN).status_code == 303


def test_a_form_that_the_workflow_refuses_shows_why(parts: Parts, operator: AsgiClient) -> None:
    case_id = a_case(parts)
    answer = operator.send("POST", f"/cases/{case_id}/actions/reopen", form={"note": "x"}, headers=SAME_ORIGIN)
    assert answer.status_code == 409
    assert "现在可以：" in answer.text
    english = operator.send("POST", f"/cases/{case_id}/actions/reopen?lang=en", form={"note": "x"}, headers=SAME_ORIGIN)
    assert "open actions: confirm, reject" in english.text


@pytest.mark.parametrize(
    ("lang", "title", "lawful"), [("zh", "露天烧烤", "合法留存"), ("en", "open-air barbecue", "Lawful")]
)
def test_the_live_list_speaks_both_languages(
    parts: Parts, operator: AsgiClient, lang: str, title: str, lawful: str
) -> None:
    case_id = a_case(parts)
    page = operator.get(f"/?lang={lang}").text
    assert title in page
    assert lawful in page
    assert page.count('data-column="lawful"') == 1
    detail = operator.get(f"/cases/{case_id}").text
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}"' in detail  # the choice is remembered
    assert title in detail
    assert "<ellipse" in detail
    assert "06029" in detail


def test_pages_ask_no_other_host_and_hold_no_inline_script_or_style(parts: Parts, operator: AsgiClient) -> None:
    case_id = a_case(parts)
    for path in ("/", "/login", f"/cases/{case_id}"):
        page = operator.get(path).text
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', page) == []
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page)


def test_text_from_a_node_is_escaped(parts: Parts, operator: AsgiClient) -> None:
    ref = evidence_ref().model_copy(update={"redaction": "<script>alert(1)</script>"})
    parts.take(Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3), evidence=(ref,)))
    case_id = AsgiClient(parts.http, OPERATOR_TOKEN).get("/api/v1/cases").json()["items"][0]["id"]
    page = operator.get(f"/cases/{case_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_hostile_words_of_people_are_shown_as_words(parts: Parts, operator: AsgiClient) -> None:
    hostile = "'\"><img src=x onerror=alert(1)><script>alert(1)</script>"
    api = AsgiClient(parts.http, OPERATOR_TOKEN)
    tale = {"kind": "exposed_garbage", "source": "citizen", "address": hostile, "description": hostile}
    case_id = api.send("POST", "/api/v1/cases", json=tale).json()["case_id"]
    path = f"/api/v1/cases/{case_id}/actions"
    assert api.send("POST", f"{path}/comment", json={"note": hostile}).status_code == 200
    for shown in (f"/cases/{case_id}", "/", "/wall", f"/?camera={quote(hostile)}"):
        page = operator.get(shown)
        assert page.status_code == 200
        assert "<img src=x" not in page.text
        assert "<script>alert" not in page.text
    assert operator.get(f"/cases/{case_id}").text.count("&lt;script&gt;") >= 3


def test_the_list_shows_the_severe_first_and_what_its_address_asks_for(parts: Parts, operator: AsgiClient) -> None:
    a_case(parts)
    parts.take(Street({"node-1": 9}).event("later", Seen.STALL, (60, 10), camera="cam-3", last=T0 + minutes(4)))

    def live(asked: str) -> list[str]:
        column = operator.get(f"/?{asked}").text.partition('id="lawful"')[0]
        return re.findall(r'data-column="live" data-severity="(\d)"', column)

    everything = live("")
    assert len(everything) == 2
    assert everything == sorted(everything, reverse=True)
    assert len(live("camera=cam-3")) == 1
    assert live("camera=cam-9") == live("state=done") == live("area=99") == []
    assert len(live("kind=open_bbq&area=&camera=&state=pending_review")) == 1
    assert operator.get("/?state=nonsense").status_code == 422
    assert len(live("since=2026-07-01T09:00:00Z")) == 2
    assert live("since=2026-07-01T11:00:00Z") == live("mine=1") == []


def test_what_the_scripts_say_has_words() -> None:
    known = load_words()["en"].group("triage.")
    scripts = [STATIC_DIR / f"{name}.js" for name in LIVE_LIST]
    said = {name for script in scripts for name in re.findall(r"\bsay\.(\w+)", script.read_text())}
    assert said <= known.keys()
    assert said


def test_no_word_that_can_be_shown_is_missing() -> None:
    words = load_words()
    needed = [f"seen.{seen}" for seen in Seen]
    needed += [f"state.{state}" for state in CaseState]
    needed += [f"filter.{part}" for part in STATES_OF]
    needed += [f"action.{action}" for action in Action]
    needed += [f"reject.{reason.value}" for reason in RejectReason]
    needed += [f"role.{role}" for role in EvidenceRole]
    needed += [f"camera.{state}" for state in CameraState]
    needed += [f"node.{state}" for state in NodeState]
    needed += [f"what.{what}" for what in ("opened", "joined", "left", "merged", "judged", "gone", "back", "action")]
    needed += [f"basis.{basis}" for basis in ("first", "track", "ground", "overlap")]
    for language in words.values():
        assert all(language(key) for key in needed)


def test_durations_are_said_as_people_say_them() -> None:
    words = load_words()["en"]
    said = [words.duration(value) for value in (0, 45, 60, 95, 3600, 7500, None)]
    assert said == ["0 s", "45 s", "1 min", "1 min 35 s", "1 h", "2 h 5 min", "–"]


@pytest.mark.parametrize(("lang", "written"), [("zh", "记录于"), ("en", "written down")])
def test_what_was_told_late_stands_where_it_was_seen(
    parts: Parts, operator: AsgiClient, lang: str, written: str
) -> None:
    street = Street()
    parts.take(street.event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    (case,) = AsgiClient(parts.http, OPERATOR_TOKEN).get("/api/v1/cases?kind=open_bbq").json()["items"]
    parts.clock.sleep(600)
    form = {"note": "looked at it"}
    comment = operator.send("POST", f"/cases/{case['id']}/actions/comment", form=form, headers=SAME_ORIGIN)
    assert comment.status_code == 303
    parts.clock.sleep(1200)
    parts.take(street.event("s", Seen.SMOKE, (3, 2), camera="cam-2", sigma_m=3, last=T0 + minutes(4)))
    timeline = (
        operator.get(f"/cases/{case['id']}?lang={lang}").text.partition('class="timeline"')[2].partition("</ol>")[0]
    )
    opened, *others = timeline.split("<li ")[1:]
    assert opened.startswith('class="opened"')
    (late,) = (number for number, line in enumerate(others) if "cam-2" in line)
    (said,) = (number for number, line in enumerate(others) if "looked at it" in line)
    assert late < said
    assert f'{written} <time datetime="{(T0 + minutes(30)).isoformat()}"' in others[late]
    assert written not in others[said]
