"""The handover of a shift: what it tells, who signs, and that what was signed stays."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from central.domain.people import Operator
from central.domain.silence import Silence
from central.domain.workflow_words import Role
from central.services.handover import HandoverDesk
from central.services.silencing import SilenceDesk
from central.store.cases import CASES
from contract.errors import UsageError
from contract.taxonomy import Seen
from tests.central.asgi import ORIGIN, AsgiClient
from tests.central.builders import T0, Street, minutes
from tests.central.parts import OPERATOR_TOKEN, Parts

WANG = Operator("wang", frozenset({Role.REVIEWER}))
LI = Operator("li", frozenset({Role.SHIFT_LEADER}))
SAME_ORIGIN = {"Origin": ORIGIN}


@pytest.fixture
def desk(parts: Parts) -> HandoverDesk:
    parts.take(
        Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3)),
        Street({"node-1": 1}).event("later", Seen.GRILL, (80, 0), camera="cam-2", last=T0 + minutes(4)),
    )
    return HandoverDesk(parts.database, parts.clock, lambda _kind: None)


def test_a_sheet_tells_what_is_open_and_which_silences_end_soon(parts: Parts, desk: HandoverDesk) -> None:
    silences = SilenceDesk(parts.database, parts.clock, lambda: None)
    silences.make(Silence(0, "road works", parts.clock.now() + timedelta(hours=5), camera_id="cam-9"), LI)
    silences.make(Silence(0, "a fair", parts.clock.now() + timedelta(days=5), camera_id="cam-8"), LI)
    sheet = desk.sheet("")
    assert [case.seen for case in sheet.open] == [Seen.GRILL, Seen.GRILL]
    assert (sheet.opened, sheet.is_all) == (2, True)
    assert [(one.reason, one.what) for one in sheet.silences] == [("road works", ("cam-9",))]


def test_both_sign_and_what_was_signed_stays(parts: Parts, desk: HandoverDesk) -> None:
    number = desk.give("mind the market", WANG)
    with pytest.raises(UsageError, match="second signature is the next shift's"):
        desk.take(number, WANG)
    with pytest.raises(UsageError, match="waits for its second signature"):
        desk.give("again", LI)
    parts.clock.sleep(600)
    desk.take(number, LI)
    with pytest.raises(UsageError, match="li has signed it already"):
        desk.take(number, Operator("zhao", frozenset({Role.REVIEWER})))
    with parts.database.write() as connection:
        connection.execute(update(CASES).values(state="closed"))
    kept, sheet = desk.find(number, "") or pytest.fail("it is gone")
    assert (kept.notes, kept.given_by, kept.taken_by) == ("mind the market", "wang", "li")
    assert len(sheet.open) == 2
    assert desk.sheet("").open == ()
    assert desk.sheet("").since == kept.given_at
    assert desk.find(number, "370303") is None


def test_a_district_hands_over_its_own(parts: Parts, desk: HandoverDesk) -> None:
    there = Operator("sun", frozenset({Role.REVIEWER}), "370302")
    number = desk.give("", there)
    assert desk.listed("370303") == desk.listed("") == []
    with pytest.raises(UsageError, match="there is none for li to sign"):
        desk.take(number, LI)
    desk.give("", LI)  # the other district's does not hold up this one
    with pytest.raises(UsageError, match="at most"):
        desk.give("x" * 30_000, Operator("qian", frozenset({Role.REVIEWER}), "370304"))


def test_the_page_keeps_hostile_notes_as_notes(parts: Parts, desk: HandoverDesk) -> None:
    client = AsgiClient(parts.http)
    client.get(f"/?token={OPERATOR_TOKEN}")
    assert "barbecue" in client.get("/handover?lang=en").text
    answer = client.send("POST", "/handover", form={"notes": "<script>alert(1)</script>"}, headers=SAME_ORIGIN)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert "&lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert client.send("POST", answer.headers["location"] + "/take", headers=SAME_ORIGIN).status_code == 422
    assert client.get("/handover/99").status_code == 404
    assert AsgiClient(parts.http).get("/handover").status_code == 303
