"""The live lists behind the consoles: shared batches, resuming, slow readers; and work on several cases at once."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any

import pytest

from central.console.batches import ROWS, STILL_SEEN_EVERY_S, Asked, Batch, Counts, LiveList, Looks, Told
from central.console.board import Board
from central.console.filters import FeedFilter, Reach
from central.console.live import Stream
from central.console.liveview import KEPT, PACE_S, View
from central.domain.values import CaseFilter
from central.domain.workflow import CaseState
from central.services.feed import LiveFeed
from central.services.windows import could_be_listed
from contract.errors import TransientError
from contract.taxonomy import Seen, Violation
from tests.central.asgi import AsgiClient
from tests.central.builders import T0, Street, minutes, uuid_of
from tests.central.parts import OPERATOR_TOKEN, Parts
from tests.edge.waiting import PATIENCE_S

API = "/api/v1"
PLAIN = Asked(FeedFilter(), Reach(""), "en")


def grills(parts: Parts, count: int, street: Street | None = None, first: int = 0) -> Street:
    street = street or Street()
    events = [
        street.event(
            f"g{number}", Seen.GRILL, (40.0 * (number % 20) - 400, 40.0 * (number // 20)), last=T0 + minutes(3)
        )
        for number in range(first, first + count)
    ]
    parts.take(*events)
    return street


def ids(parts: Parts) -> list[str]:
    answer = AsgiClient(parts.http, OPERATOR_TOKEN).get(f"{API}/cases?limit=500")
    return [case["id"] for case in answer.json()["items"]]


def told(message: bytes) -> dict[str, Any]:
    line = next(line for line in message.decode().splitlines() if line.startswith("data: "))
    found: dict[str, Any] = json.loads(line.removeprefix("data: "))
    return found


async def rung(bell: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await bell.wait()
    bell.clear()


def run(scenario: Callable[[Board, LiveFeed], Coroutine[Any, Any, None]], parts: Parts) -> None:
    async def whole() -> None:
        feed = LiveFeed()
        await scenario(Board(parts.reader, feed, lambda _, case: case.id, lambda _: "nodes"), feed)
        feed.close()

    asyncio.run(whole())


def test_consoles_that_show_the_same_list_share_one_batch(parts: Parts) -> None:
    async def scenario(board: Board, feed: LiveFeed) -> None:
        mine, theirs = asyncio.Event(), asyncio.Event()
        view = await board.view(PLAIN, mine)
        assert await board.view(PLAIN, theirs) is view
        await asyncio.to_thread(grills, parts, 3)
        feed.notify()
        rows, counts = set[str](), dict[str, int]()
        while len(rows) < 3 or counts != {"2": 3}:
            await rung(mine)
            await rung(theirs)
            for batch in [told(message) for message in view.after(0) or []]:
                rows |= set(batch.get("rows", []))
                counts = batch.get("counts", counts)
        assert rows == set(view.state.live.rows)
        board.leave(view, mine)
        board.leave(view, theirs)

    run(scenario, parts)


@pytest.mark.parametrize("breaks", ["changes_after", "summaries", "listed"])
def test_lists_go_on_after_the_database_was_away(parts: Parts, monkeypatch: pytest.MonkeyPatch, breaks: str) -> None:
    """Refused while the log is read, and while what it says is looked up: nobody has to load the page anew."""
    failures, read = [TransientError("away")], getattr(parts.reader, breaks)

    def refused_once(*asked: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return read(*asked, **more)

    async def scenario(board: Board, feed: LiveFeed) -> None:
        bell, rows = asyncio.Event(), set[str]()
        view = await board.view(PLAIN, bell)
        monkeypatch.setattr(parts.reader, breaks, refused_once)
        await asyncio.to_thread(grills, parts, 1)
        feed.notify()
        number = 0
        while not rows:
            await rung(bell)
            batches = view.after(number)
            if batches is None:
                number, whole = await board.whole(view)
                batches = [whole]
            rows |= {row for message in batches for row in told(message).get("rows", [])}
        assert rows == set(view.state.live.rows)
        assert not failures
        board.leave(view, bell)

    monkeypatch.setattr("central.console.board.AWAY_S", 0.01)
    run(scenario, parts)


def test_who_listened_on_a_loop_that_has_just_ended_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was still open when somebody looked."""
    feed = LiveFeed()

    async def listen() -> ExitStack:
        staying = ExitStack()
        staying.enter_context(feed.listen())
        monkeypatch.setattr(asyncio.get_running_loop(), "is_closed", lambda: False)
        return staying

    with asyncio.run(listen()):
        feed.notify()


def test_a_list_shows_no_more_than_its_rows_and_the_count_of_all(parts: Parts) -> None:
    grills(parts, ROWS + 15)
    found = LiveList.opened(parts.reader, PLAIN)
    assert len(found.live.rows) == ROWS
    assert found.whole(Looks(parts.reader, lambda _, case: case.id)).counts == Counts(
        {2: ROWS + 15}, {"todo": ROWS + 15}
    )
    best = found.live.rows[0]
    AsgiClient(parts.http, OPERATOR_TOKEN).send("POST", f"{API}/cases/{best}/actions/reject", json={"reason": 1})
    moved = found.live.follow({best})
    assert moved.gone == {best}
    assert len(moved.shown) == 1  # the next one moves up


WISHES = [
    CaseFilter(),
    CaseFilter(states=frozenset({CaseState.PENDING_REVIEW})),
    CaseFilter(states=frozenset({CaseState.SUPPRESSED})),
    CaseFilter(kind=Violation.OPEN_BBQ),
    CaseFilter(camera="cam-1"),
    CaseFilter(camera="1"),
    CaseFilter(assignee="operator"),
    CaseFilter(silenced=False, only_prominent=False),
    CaseFilter(since=T0 + minutes(1)),
    CaseFilter(district="37"),
]


def test_no_list_is_kept_from_a_case_that_it_would_show(parts: Parts) -> None:
    street = grills(parts, 3)
    parts.take(street.event("stall", Seen.STALL, (200, 8), first=T0 + minutes(2), last=T0 + minutes(3)))
    api, (first, *_) = AsgiClient(parts.http, OPERATOR_TOKEN), ids(parts)
    api.send("POST", f"{API}/bulk/assign", json={"cases": [first], "person": "operator"})
    cases = parts.reader.page(CaseFilter(only_prominent=False), 10).items
    assert len(cases) == 4
    for wanted in WISHES:
        listed = set(parts.reader.listed(wanted, 10))
        assert listed == {case.id for case in cases if could_be_listed(case, wanted)}, wanted
    assert could_be_listed(cases[0].model_copy(update={"cameras": ("node-1/cam-1",)}), CaseFilter(camera="cam-1"))


def test_what_is_only_seen_again_is_told_once_a_second_and_news_at_once(parts: Parts) -> None:
    street = grills(parts, 2)
    state, looks = LiveList.opened(parts.reader, PLAIN), Looks(parts.reader, lambda _, case: case.id)
    rows = frozenset(state.live.rows)
    at = parts.reader.change_range()[1]
    parts.take(street.event("g0", Seen.GRILL, (-400, 0), revision=2, last=T0 + minutes(4)))
    assert {change.topic for change in parts.reader.changes_after(at, 10)} == {"seen"}
    assert state.news(Told(seen=rows), looks, 100.0).rows
    assert state.news(Told(seen=rows), looks, 100.0 + STILL_SEEN_EVERY_S).rows
    assert not state.news(Told(seen=rows), looks, 100.5 + STILL_SEEN_EVERY_S).rows  # kept for a moment
    first = min(rows)
    AsgiClient(parts.http, OPERATOR_TOKEN).send("POST", f"{API}/cases/{first}/actions/confirm", json={})
    anew = Looks(parts.reader, lambda _, case: case.id)
    assert state.news(Told(changed=frozenset({first})), anew, 100.6 + STILL_SEEN_EVERY_S).gone == (first,)


def test_a_list_is_told_at_its_own_pace_and_what_waits_meanwhile_is_told_together(parts: Parts) -> None:
    grills(parts, 3)
    view, looks = View(LiveList.opened(parts.reader, PLAIN), 1), Looks(parts.reader, lambda _, case: case.id)
    first, second, third = (frozenset({case_id}) for case_id in view.state.live.rows)
    view.hear(Told(changed=first), None)
    assert view.tell_at_pace(2, looks, 100.0)
    view.hear(Told(changed=second), "nodes")
    assert view.due_at_s() == 100.0 + PACE_S
    assert not view.tell_at_pace(3, looks, 100.1)
    view.hear(Told(changed=third), None)
    assert view.tell_at_pace(4, looks, 100.0 + PACE_S)
    alone, together = (told(message) for message in view.after(0) or [])
    assert (alone["rows"], "nodes" in alone) == (sorted(first), False)
    assert (together["rows"], together["nodes"]) == (sorted(second | third), "nodes")


def test_who_was_away_for_too_long_gets_the_whole_list(parts: Parts) -> None:
    view = View(LiveList.opened(parts.reader, PLAIN), 100)
    for number in range(1, KEPT + 3):
        view.tell(100 + number, Batch(gone=(str(number),)))
    assert view.resumed(100) is None
    late = view.resumed(100 + KEPT)
    assert late is not None
    assert [told(message)["gone"] for message in view.after(late) or []][-1] == [str(KEPT + 2)]
    assert view.resumed(999) is None
    assert view.after(0) is None


def test_a_console_that_reads_nothing_is_let_go(parts: Parts) -> None:
    async def messages(_bell: asyncio.Event) -> Any:
        while True:
            yield b"x" * 1000

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()  # the other side takes nothing

    async def served() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await Stream(messages, lambda: True, stuck_s=0.05)({}, receive, send)

    asyncio.run(served())


def test_a_step_for_several_cases_says_what_became_of_each(parts: Parts) -> None:
    grills(parts, 3)
    api, (first, second, third) = AsgiClient(parts.http, OPERATOR_TOKEN), ids(parts)
    api.send("POST", f"{API}/cases/{third}/actions/reject", json={"reason": 2})
    body = {"cases": [first, second, third, uuid_of("nobody")]}
    answer = api.send("POST", f"{API}/bulk/actions/confirm", json=body).json()
    assert set(answer["done"]) == {first, second}
    assert "reopen" in answer["done"][first]
    assert set(answer["refused"]) == {third, uuid_of("nobody")}
    assert "open actions" in answer["refused"][third]
    assert api.send("POST", f"{API}/bulk/actions/confirm", json={"cases": [first] * 101}).status_code == 422


def test_cases_are_given_to_people_there_are_and_the_history_says_so(parts: Parts) -> None:
    grills(parts, 2)
    api, (first, second) = AsgiClient(parts.http, OPERATOR_TOKEN), ids(parts)
    assert api.get(f"{API}/bulk/assign").json() == ["operator"]
    wrong = api.send("POST", f"{API}/bulk/assign", json={"cases": [first], "person": "nobody here"}).json()
    assert "nobody is called" in wrong["refused"][first]
    body = {"cases": [first, second], "person": "operator", "note": "before noon"}
    assert set(api.send("POST", f"{API}/bulk/assign", json=body).json()["done"]) == {first, second}
    case = api.get(f"{API}/cases/{first}").json()
    assert case["assignee"] == "operator"
    assert case["history"][-1]["what"] == "assigned"
    assert case["history"][-1]["facts"] == {"person": "operator", "note": "before noon"}
    api.send("POST", f"{API}/bulk/assign", json={"cases": [first], "person": None})
    assert api.get(f"{API}/cases/{first}").json()["assignee"] is None


@pytest.mark.parametrize("into", ["first", "nobody"])
def test_cases_are_merged_into_one_that_there_is(parts: Parts, into: str) -> None:
    grills(parts, 3)
    api, (first, second, third) = AsgiClient(parts.http, OPERATOR_TOKEN), ids(parts)
    target = first if into == "first" else uuid_of(into)
    answer = api.send("POST", f"{API}/bulk/merge", json={"cases": [first, second, third], "into": target})
    assert answer.status_code == 202
    assert len(answer.json()["refused"]) == (0 if into == "first" else 3)
    parts.run()
    assert len(ids(parts)) == (1 if into == "first" else 3)
