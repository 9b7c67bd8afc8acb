"""Work on cases over HTTP and in the console, and reminders that leave the house."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from central.gateways.speaking import load_speaker
from central.services.telling import NoticeSender
from central.store import notices
from central.store.notices import Notice
from contract.errors import UsageError
from contract.taxonomy import Seen
from tests.central.asgi import ORIGIN, AsgiClient
from tests.central.builders import T0, Street, minutes, uuid_of
from tests.central.parts import OPERATOR_TOKEN, Parts

API = "/api/v1"
TALE = {"kind": "exposed_garbage", "source": "inspector", "address": "人民路 12 号"}
PLACE = {"lat": 36.8136, "lon": 118.0549}


@pytest.fixture
def operator(file_parts: Parts) -> AsgiClient:
    return AsgiClient(file_parts.http, OPERATOR_TOKEN)


@pytest.fixture
def browser(file_parts: Parts) -> AsgiClient:
    client = AsgiClient(file_parts.http)
    client.get(f"/?token={OPERATOR_TOKEN}")
    return client


def barbecue(parts: Parts) -> str:
    parts.take(Street().event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    return str(AsgiClient(parts.http, OPERATOR_TOKEN).get(f"{API}/cases").json()["items"][0]["id"])


def test_a_case_is_brought_and_goes_on_with_what_each_step_needs(operator: AsgiClient) -> None:
    made = operator.send("POST", f"{API}/cases", json=TALE | {"place": PLACE})
    assert (made.status_code, made.json()["state"]) == (201, "reported")
    path = f"{API}/cases/{made.json()['case_id']}"
    case = operator.send("POST", f"{path}/actions/accept").json()
    assert (case["state"], case["number"], case["stage"]) == ("accepted", f"{T0:%Y%m%d}-00001", "register")
    needs = {step["action"]: step["needs"] for step in case["steps"]}
    assert needs["register"] == ["filing_condition"]
    assert list(needs) == case["open_actions"]
    lacking = operator.send("POST", f"{path}/actions/register")
    assert (lacking.status_code, "seen_clearly" in lacking.json()["detail"]) == (422, True)
    alone = operator.send("POST", f"{path}/actions/register", json={"condition": "verified_on_site"})
    assert (alone.status_code, "another person" in alone.json()["detail"]) == (409, True)
    assert "register" not in alone.json()["open_actions"]


def test_a_tale_that_is_wrong_is_422_and_opens_nothing(operator: AsgiClient) -> None:
    wrong: list[dict[str, object]] = [
        {"kind": "nonsense"},
        {"source": "video_ai"},
        {"address": ""},
        {"place": {"lat": 118.05, "lon": 36.8}},
        {"seen_at": "2027-01-01T00:00:00Z"},
        {"telephone": "0533"},
    ]
    answers = [operator.send("POST", f"{API}/cases", json=TALE | body).status_code for body in wrong]
    assert answers == [422] * len(wrong)
    assert operator.get(f"{API}/cases?state=any").json()["items"] == []


def test_a_claim_is_shown_renewed_and_let_go(file_parts: Parts, operator: AsgiClient) -> None:
    path = f"{API}/cases/{barbecue(file_parts)}"
    claim = operator.send("POST", f"{path}/claim").json()
    assert claim["person"] == "operator"
    assert operator.get(path).json()["claim"]["person"] == "operator"
    assert operator.send("POST", f"{path}/claim").status_code == 200
    assert operator.send("DELETE", f"{path}/claim").status_code == 204
    assert operator.get(path).json()["claim"] is None
    assert operator.send("POST", f"{API}/cases/{uuid_of('none')}/claim").status_code == 404


def test_silences_are_made_listed_and_ended(operator: AsgiClient) -> None:
    end = "2026-07-01T12:00:00Z"
    body = {"reason": "street festival", "expires_at": end, "place": PLACE, "radius_m": 50, "kind": "open_bbq"}
    made = operator.send("POST", f"{API}/silences", json=body)
    assert made.status_code == 201
    (listed,) = operator.get(f"{API}/silences").json()
    assert listed == made.json()
    assert (listed["is_active"], listed["expires_at"], listed["place"]) == (True, end, PLACE)
    assert operator.send("DELETE", f"{API}/silences/{listed['id']}").status_code == 204
    assert operator.send("DELETE", f"{API}/silences/{listed['id']}").status_code == 404
    assert operator.get(f"{API}/silences").json()[0]["is_active"] is False


def test_a_silence_of_nothing_or_for_no_reason_is_422(operator: AsgiClient) -> None:
    sound: dict[str, object] = {"reason": "festival", "expires_at": "2026-07-01T12:00:00Z", "camera": "cam-1"}
    wrong: list[dict[str, object]] = [
        {"camera": None},
        {"camera": None, "place": PLACE},
        {"expires_at": "2026-07-01T09:00:00Z"},
        {"reason": "x"},
    ]
    answers = [operator.send("POST", f"{API}/silences", json=sound | body).status_code for body in wrong]
    assert answers == [422] * len(wrong)


def test_the_table_is_shown(operator: AsgiClient) -> None:
    table = operator.get(f"{API}/workflow").json()
    assert table["first"] == "observing"
    assert {"state": "handling", "stage": "handle", "is_final": False} in table["states"]


def test_a_page_offers_a_form_for_each_step_and_takes_it(file_parts: Parts, browser: AsgiClient) -> None:
    case_id = barbecue(file_parts)
    page = browser.get(f"/cases/{case_id}").text
    assert [f"/actions/{action}" in page for action in ("confirm", "reject", "comment", "close")] == [True] * 3 + [
        False
    ]
    origin = {"Origin": ORIGIN}
    for action in ("confirm", "report", "accept"):
        assert browser.send("POST", f"/cases/{case_id}/actions/{action}", form={}, headers=origin).status_code == 303
    refused = browser.send(
        "POST", f"/cases/{case_id}/actions/register", form={"condition": "seen_clearly"}, headers=origin
    )
    assert (refused.status_code, "须由另一人立案" in refused.text) == (409, True)
    assert "现场核实属实" in refused.text
    assert "阶段与时限" in refused.text


def test_a_case_that_people_brought_has_a_page_that_says_who(operator: AsgiClient, browser: AsgiClient) -> None:
    case_id = operator.send("POST", f"{API}/cases", json=TALE | {"description": "两天没人清"}).json()["case_id"]
    page = browser.get(f"/cases/{case_id}").text
    assert all(text in page for text in ("监督员上报", "人民路 12 号", "两天没人清", f"{T0:%Y%m%d}-00001"))


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(json.loads(content))  # type: ignore[attr-defined]
        self.send_response(self.server.answers.pop(0))  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def receiver(*answers: int) -> Iterator[ThreadingHTTPServer]:
    """A webhook's other end: remembers what it was told, and answers with these statuses."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    server.heard, server.answers = [], list(answers)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_a_reminder_reaches_a_webhook_at_the_second_try(file_parts: Parts, tmp_path: Path) -> None:
    with receiver(500, 200) as server:
        targets = tmp_path / "notices.yaml"
        targets.write_text(f"party: ['json://127.0.0.1:{server.server_port}/loudspeaker']\n", encoding="utf-8")
        with file_parts.database.write() as connection:
            notices.add(connection, Notice(0, uuid_of("c"), T0, "party", "提醒", "请自行整改", next_at=T0))
        sender = NoticeSender(file_parts.database, load_speaker(targets), file_parts.clock)
        assert sender.step() == 1
        file_parts.clock.sleep(20)
        assert sender.step() == 1
        assert sender.step() == 0
        heard = server.heard  # type: ignore[attr-defined]
    assert [(told["title"], told["message"]) for told in heard] == [("提醒", "请自行整改")] * 2
    with file_parts.database.read() as connection:
        (notice,) = notices.of_case(connection, uuid_of("c"))
    assert (notice.attempts, notice.sent_at is None) == (2, False)


def test_a_target_that_is_no_address_is_named_without_showing_it(tmp_path: Path) -> None:
    path = tmp_path / "notices.yaml"
    path.write_text("leader: ['nonsense-with-a-secret']\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"leader\[0\]: is no address") as refused:
        load_speaker(path)
    assert "secret" not in str(refused.value)
