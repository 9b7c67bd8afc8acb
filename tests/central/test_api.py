"""The JSON API: who may ask, what the answers look like, what is refused and how."""

import hashlib
import json
from pathlib import Path

import pytest

from central.domain.values import CaseFilter
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import JPEG, T0, Street, evidence_ref, minutes, uuid_of
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN, Parts

SHA = hashlib.sha256(JPEG).hexdigest()
CASES = "/api/v1/cases"


@pytest.fixture
def operator(parts: Parts) -> AsgiClient:
    return AsgiClient(parts.http, OPERATOR_TOKEN)


@pytest.fixture
def node(parts: Parts) -> AsgiClient:
    return AsgiClient(parts.http, NODE_TOKEN)


def barbecue(parts: Parts) -> str:
    parts.take(Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3), evidence=(evidence_ref(),)))
    return parts.reader.page(CaseFilter(), 1).items[0].id


@pytest.mark.parametrize(
    "path",
    [
        CASES,
        f"{CASES}/{uuid_of('x')}",
        "/api/v1/nodes",
        "/api/v1/zones",
        "/api/v1/dead-letters",
        "/api/v1/events/stream",
    ],
)
@pytest.mark.parametrize("token", [None, "wrong", NODE_TOKEN])
def test_operators_pages_are_closed_to_everyone_else(parts: Parts, path: str, token: str | None) -> None:
    assert AsgiClient(parts.http, token).get(path).status_code == 401


def test_health_needs_no_token(parts: Parts) -> None:
    assert AsgiClient(parts.http).get("/api/v1/health").json()["ok"] is True


def test_a_case_in_the_list_has_the_agreed_shape(parts: Parts, operator: AsgiClient) -> None:
    case_id = barbecue(parts)
    answer = operator.get(CASES).json()
    assert answer["next"] is None
    (item,) = answer["items"]
    assert {key: item[key] for key in ("id", "kind", "seen", "seen_all", "state", "cameras")} == {
        "id": case_id,
        "kind": "open_bbq",
        "seen": "grill",
        "seen_all": ["grill"],
        "state": "pending_review",
        "cameras": ["cam-1"],
    }
    assert item["first_seen_at"] == "2026-07-01T10:00:00.000Z"
    assert item["last_seen_at"] == "2026-07-01T10:03:00.000Z"


def test_pages_cover_every_case_once_newest_first(parts: Parts, operator: AsgiClient) -> None:
    street = Street()
    for number in range(7):
        parts.take(street.event(f"s{number}", Seen.STALL, (number * 50.0, 0), first=T0 + minutes(number)))
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = operator.get(f"{CASES}?limit=3" + (f"&cursor={cursor}" if cursor else "")).json()
        found += [item["first_seen_at"] for item in page["items"]]
        cursor = page["next"]
    assert len(found) == 7
    assert found == sorted(found, reverse=True)


def test_lawful_cases_are_in_the_default_list_and_parasols_only_when_asked_for(
    parts: Parts, operator: AsgiClient
) -> None:
    street = Street()
    parts.take(street.event("lawful", Seen.STALL, (-30, 10)), street.event("parasol", Seen.PARASOL, (90, 0)))
    assert [item["state"] for item in operator.get(CASES).json()["items"]] == ["suppressed"]
    assert len(operator.get(f"{CASES}?state=any").json()["items"]) == 2
    assert [item["seen"] for item in operator.get(f"{CASES}?state=observing").json()["items"]] == ["parasol"]
    assert operator.get(f"{CASES}?kind=open_bbq").json()["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "cursor=x", "state=nonsense", "kind=nonsense"])
def test_a_malformed_query_is_422(operator: AsgiClient, query: str) -> None:
    assert operator.get(f"{CASES}?{query}").status_code == 422


def test_a_case_tells_everything(parts: Parts, operator: AsgiClient) -> None:
    case = operator.get(f"{CASES}/{barbecue(parts)}").json()
    assert case["judgement"]["verdict"] == "violation"
    assert {code["standard"] for code in case["judgement"]["codes"]} >= {"GB/T 47678.5-2026", "GB/T 30428.2-2013"}
    assert "禁烧区" in case["sentence"]["zh"]
    assert case["observations"][0]["link"]["basis"] == "first"
    assert case["evidence"][0]["sha256"] == SHA
    assert [step["what"] for step in case["history"]] == ["opened", "judged"]
    assert case["open_actions"] == ["confirm", "reject", "comment"]
    assert abs(case["place"]["lat"] - 36.8135) < 1e-6


def test_an_unknown_case_is_404_and_a_malformed_id_422(operator: AsgiClient) -> None:
    assert operator.get(f"{CASES}/{uuid_of('none')}").status_code == 404
    assert operator.get(f"{CASES}/none").status_code == 422


def test_a_refused_action_is_409_and_names_the_open_ones(parts: Parts, operator: AsgiClient) -> None:
    path = f"{CASES}/{barbecue(parts)}/actions"
    assert operator.send("POST", f"{path}/confirm").json()["state"] == "confirmed"
    refused = operator.send("POST", f"{path}/confirm")
    assert refused.status_code == 409
    assert refused.json()["open_actions"] == ["remind", "report", "reopen", "cancel", "comment"]
    assert operator.send("POST", f"{path}/reopen", json={"note": "look again"}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"reason": 9}, {"reason": "x"}, {"reason": 1, "unknown": 1}])
def test_a_rejection_without_a_proper_reason_is_422(parts: Parts, operator: AsgiClient, body: object) -> None:
    answer = operator.send("POST", f"{CASES}/{barbecue(parts)}/actions/reject", json=body)
    assert answer.status_code == 422


def test_an_unknown_action_is_422(parts: Parts, operator: AsgiClient) -> None:
    assert operator.send("POST", f"{CASES}/{barbecue(parts)}/actions/explode").status_code == 422


def test_judges_steps_are_not_open_to_operators(parts: Parts, operator: AsgiClient) -> None:
    refused = operator.send("POST", f"{CASES}/{barbecue(parts)}/actions/suppress")
    assert (refused.status_code, refused.json()["open_actions"]) == (403, ["confirm", "reject", "comment"])


def test_a_picture_is_taken_once_and_given_to_operators_for_ever(
    parts: Parts, operator: AsgiClient, node: AsgiClient
) -> None:
    case_id = barbecue(parts)
    path = f"/api/v1/evidence/{SHA}"
    assert node.send("PUT", path, content=JPEG).status_code == 201
    assert node.send("PUT", path, content=JPEG).status_code == 200
    answer = operator.get(path)
    assert answer.content == JPEG
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert operator.get(path, {"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert operator.get(f"{CASES}/{case_id}").json()["picture"]["sha256"] == SHA


def test_a_picture_that_nobody_announced_is_refused_for_now(parts: Parts, node: AsgiClient) -> None:
    answer = node.send("PUT", f"/api/v1/evidence/{SHA}", content=JPEG)
    assert answer.status_code == 404
    assert "not announced yet" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "status"),
    [(JPEG + b"more", 413), (JPEG[:-1], 413), (JPEG[:-1] + b"x", 422), (b"", 413), (b"G" * len(JPEG), 422)],
)
def test_another_content_than_the_announced_one_is_refused_and_leaves_nothing(
    parts: Parts, node: AsgiClient, content: bytes, status: int, tmp_path: Path
) -> None:
    barbecue(parts)
    assert node.send("PUT", f"/api/v1/evidence/{SHA}", content=content).status_code == status
    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == []


def test_a_chunked_upload_is_cut_at_the_announced_size(parts: Parts, node: AsgiClient) -> None:
    barbecue(parts)
    answer = node.send("PUT", f"/api/v1/evidence/{SHA}", content=JPEG * 50, headers={"Content-Length": str(len(JPEG))})
    assert answer.status_code == 413


def test_pictures_are_taken_from_nodes_only_and_shown_to_operators_only(
    parts: Parts, operator: AsgiClient, node: AsgiClient
) -> None:
    barbecue(parts)
    path = f"/api/v1/evidence/{SHA}"
    assert operator.send("PUT", path, content=JPEG).status_code == 401
    node.send("PUT", path, content=JPEG)
    assert node.get(path).status_code == 401
    assert operator.get("/api/v1/evidence/..%2f..%2fetc").status_code in {404, 422}


def test_the_openapi_document_is_complete_and_no_page_loads_from_elsewhere(parts: Parts) -> None:
    client = AsgiClient(parts.http)
    document = client.get("/api/openapi.json").json()
    assert set(document["paths"]) >= {
        "/api/v1/cases",
        "/api/v1/cases/{case_id}/claim",
        "/api/v1/silences",
        "/api/v1/silences/{silence_id}",
        "/api/v1/workflow",
        "/api/v1/cases/{case_id}",
        "/api/v1/cases/{case_id}/actions/{action}",
        "/api/v1/cases/{case_id}/merge",
        "/api/v1/cases/{case_id}/split",
        "/api/v1/intake/marked",
        "/api/v1/intake/outcomes",
        "/api/v1/me",
        "/api/v1/me/password",
        "/api/v1/me/sign-out-everywhere",
        "/api/v1/people",
        "/api/v1/people/log",
        "/api/v1/people/{name}/disable",
        "/api/v1/people/{name}/enable",
        "/api/v1/people/{name}/password",
        "/api/v1/people/{name}/rights",
        "/api/v1/nodes/{node}/events",
        "/api/v1/evidence/{sha256}",
        "/api/v1/evidence/{sha256}/proof",
        "/api/v1/nodes",
        "/api/v1/zones",
        "/api/v1/dead-letters",
        "/api/v1/health",
        "/api/v1/events/stream",
    }
    assert json.dumps(document)
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_every_answer_carries_the_security_headers(parts: Parts) -> None:
    for path in ("/login", "/api/v1/health", "/api/v1/cases", "/static/console.css"):
        headers = AsgiClient(parts.http).get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
