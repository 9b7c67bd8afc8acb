"""The other ways out and the ways back: webhooks, journal, a platform behind a broker, replies, reconciliation."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from central.domain.delivery import DeliveryState
from central.domain.workflow import Action, CaseState
from central.gateways.journal import JournalGateway
from central.gateways.mqtt import QUIET_S, _all_of
from central.ingest.address import parse_address
from central.services import reply_letters
from central.services.delivery_clearing import Clearing
from central.services.delivery_hearing import Listener, Outcome
from central.services.delivery_port import Held, Unread
from central.services.delivery_signature import key_of, sign, verify
from central.services.letters import LetterDesk
from central.services.reply_letters import read_reply
from central.services.steps import OperatorAction
from central.services.views import DeadLetterView
from central.simulation.city_platform import Fault
from central.simulation.platform_peer import PeerMoods, PlatformPeer
from central.simulation.platform_records import Records
from central.store import case_queries, delivery_replies
from central.store.database import Database
from contract.clock import SystemClock
from contract.errors import PermanentError, TransientError
from contract.notices import MAX_REPLY_BYTES, CaseNotice, PlatformReply, ReplyKind
from tests.central.brokers import embedded_broker
from tests.central.builders import T0, minutes, uuid_of
from tests.central.databases import fresh_sqlite
from tests.central.delivery_parts import CITY, Listening, Post, platform
from tests.edge.waiting import PATIENCE_S

S = DeliveryState
HOOK: dict[str, Any] = {"name": "hook", "kind": "webhook", "secret": "hook", "timeout_s": 1.0}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def one_database(tmp_path: Path) -> Iterator[Database]:
    """SQLite alone, for what no database can change."""
    opened = Database(fresh_sqlite(tmp_path / "db"))
    yield opened
    opened.close()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Listening]:
    with platform(tmp_path) as listening:
        yield listening


@pytest.fixture
def post(database: Database, city: Listening) -> Post:
    return Post(database, {**CITY, "url": city.url})


def listener_of(post: Post, every: timedelta | None = timedelta(seconds=60)) -> Listener:
    route = post.dispatching.routes[post.name]
    return Listener(post.database, post.name, route.gateway, post.dispatching.replies, post.clock, "l1", every)


def state_of(post: Post, case_id: str) -> CaseState:
    with post.database.read() as connection:
        case = case_queries.find(connection, case_id)
    assert case is not None
    return case.state


def until(holds: Callable[[], bool]) -> None:
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_S
    while not holds():
        assert clock.monotonic() < deadline, "it did not come about"


# Webhooks


def test_somebody_elses_library_finds_our_signature_good() -> None:
    secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    body, now = b'{"case":1}', SystemClock().now()
    headers = sign(key_of(secret), "case.1", now, body)
    assert Webhook(secret).verify(body, headers) == {"case": 1}
    theirs = Webhook(secret).sign("msg_2", now, body.decode())
    back = {"webhook-id": "msg_2", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": theirs}
    assert verify(key_of(secret), back, body, now) == "msg_2"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"webhook-signature": "v1,AAAA"}, "signature"),
        ({"webhook-id": "other"}, "signature"),
        ({"webhook-timestamp": "17"}, "signature"),
        ({"webhook-timestamp": "yesterday"}, "needs the headers"),
        ({"webhook-id": ""}, "needs the headers"),
    ],
)
def test_a_changed_webhook_is_refused(change: dict[str, str], word: str) -> None:
    key = key_of("a-secret-of-24-characters")
    with pytest.raises(PermanentError, match=word):
        verify(key, sign(key, "m", T0, b"{}") | change, b"{}", T0)


def test_an_old_webhook_is_no_use_to_who_recorded_it() -> None:
    key = key_of("a-secret-of-24-characters")
    headers = sign(key, "m", T0, b"{}")
    assert verify(key, headers, b"{}", T0 + minutes(4.9)) == "m"
    with pytest.raises(PermanentError, match="5 minutes off"):
        verify(key, headers, b"{}", T0 + minutes(5.1))


@pytest.mark.parametrize(
    "fault", [Fault.ACCEPT_THEN_500, Fault.ACCEPT_THEN_HANG, Fault.ACCEPT_THEN_DROP, Fault.FAIL_500]
)
def test_a_webhooks_receiver_drops_what_comes_again(one_database: Database, city: Listening, fault: Fault) -> None:
    city.parts.clock = post_clock = SystemClock()
    post = Post(one_database, {**HOOK, "url": f"http://127.0.0.1:{city.port}/hook"})
    post.clock.move_to(post_clock.now())
    city.control(faults=[fault])
    case_id = post.confirmed("a")
    post.run(for_s=60)
    assert city.refs() == [case_id]
    assert post.states(case_id) == [S.ACCEPTED]


# The journal


def test_a_journal_holds_each_revision_once_though_its_writer_died(one_database: Database, tmp_path: Path) -> None:
    target = {"name": "paper", "kind": "journal", "folder": str(tmp_path / "journal")}
    died = Post(one_database, target)
    case_id = died.confirmed("a")
    route = died.dispatching.routes["paper"]
    sheet = died.rows(case_id)[0].sheet
    route.gateway.submit(route.presenter.notice(sheet, 1, died.clock.now()), None)
    with (tmp_path / "journal" / "paper-00000001.jsonl").open("ab") as file:
        file.write(b'{"format":"xunjie-case/1","delivery_id":"' + case_id.encode())  # and then the power went
    died.change(case_id, gone_at=T0)
    died.run()
    lines = (tmp_path / "journal" / "paper-00000001.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["revision"] for line in lines if line.endswith(b"}")] == [1, 2]


def test_a_full_file_is_followed_by_another(tmp_path: Path, one_database: Database) -> None:
    target = {"name": "paper", "kind": "journal", "folder": str(tmp_path), "file_mb": 0.001}
    post = Post(one_database, target)
    ids = [post.confirmed(str(number)) for number in range(5)]
    post.run()
    files = sorted(tmp_path.glob("paper-*.jsonl"))
    assert len(files) > 1
    lines = [line for file in files for line in file.read_bytes().splitlines()]
    assert sorted(json.loads(line)["case_id"] for line in lines) == sorted(ids)
    gateway = JournalGateway(tmp_path, "paper", 1000)
    first = CaseNotice.model_validate_json(files[0].read_bytes().splitlines()[0])
    assert gateway.query(first, None) == Held(None, 1)
    assert len(list(gateway.holdings() or ())) == 5


# What comes back


def test_a_platforms_state_becomes_steps_and_is_not_sent_back(post: Post, city: Listening) -> None:
    case_id = post.confirmed("a", CaseState.REPORTED)
    post.run()
    (record,) = city.parts.records.by_ref(case_id)
    city.control(move=record.name, state="sent_out")
    listener_of(post).step()
    assert state_of(post, case_id) is CaseState.DISPATCHED
    post.run()
    assert post.states(case_id) == [S.ACCEPTED], "nothing goes back that came from there"
    with post.database.read() as connection:
        steps = [entry for entry in case_queries.history(connection, case_id) if entry.what == "action"]
    assert [(str(entry.action), str(entry.role), entry.actor) for entry in steps] == [
        ("accept", "platform", "city"),
        ("register", "platform", "city"),
        ("dispatch", "platform", "city"),
    ]


def test_what_we_do_after_a_platforms_word_is_told(post: Post, city: Listening) -> None:
    case_id = post.confirmed("a", CaseState.REPORTED)
    post.run()
    (record,) = city.parts.records.by_ref(case_id)
    city.control(move=record.name, state="taken")
    listener_of(post).step()
    post.step(case_id, OperatorAction(Action.RETURN, "wang", note="a double", roles=frozenset({"shift_leader"})))  # type: ignore[arg-type]
    post.run()
    (record,) = city.parts.records.by_ref(case_id)
    assert (record.rev, city.parts.records.content(record.number)["status"]) == (2, "confirmed")


def test_a_polled_state_that_is_known_is_not_written_down_again(post: Post, city: Listening) -> None:
    case_id = post.confirmed("a", CaseState.REPORTED)
    post.run()
    (record,) = city.parts.records.by_ref(case_id)
    city.control(move=record.name, state="sent_out")
    listener = listener_of(post)
    for _ in range(5):
        listener.step()
        post.clock.sleep(61)
    city.control(move=record.name, state="odd word")
    for _ in range(5):
        listener.step()
        post.clock.sleep(61)
    with post.database.read() as connection:
        kept = [row.outcome for row in delivery_replies.of_case(connection, case_id)]
    assert kept == [Outcome.TAKEN, Outcome.UNKNOWN_STATE]


def reply(case_id: str, state: str, number: int, at_min: float = 0.0) -> PlatformReply:
    return PlatformReply(
        reply_id=f"r{number}-{state}", kind=ReplyKind.STATE, case_id=case_id, state=state, version=number,
        at=T0 + minutes(at_min),
    )  # fmt: skip


def test_replies_count_once_and_late_ones_change_nothing(post: Post) -> None:
    case_id = post.confirmed("a", CaseState.REPORTED)
    post.run()
    desk = post.dispatching.replies
    assert desk.take("city", reply(case_id, "sent_out", 3)).outcome is Outcome.TAKEN
    assert desk.take("city", reply(case_id, "sent_out", 3)).outcome is Outcome.REPEATED
    assert desk.take("city", reply(case_id, "taken", 2)).outcome is Outcome.LATE
    assert desk.take("city", reply(case_id, "dispatched", 4)).outcome is Outcome.KNOWN
    assert desk.take("city", reply(case_id, "self_corrected", 5)).outcome is Outcome.NO_WAY
    assert desk.take("city", reply(uuid_of("case", "other"), "taken", 1)).outcome is Outcome.UNKNOWN_CASE
    assert state_of(post, case_id) is CaseState.DISPATCHED


# A platform behind a broker


def test_cases_over_a_broker_are_there_once_and_their_states_come_back(one_database: Database, tmp_path: Path) -> None:
    with embedded_broker() as port:
        url = f"mqtt://127.0.0.1:{port}"
        target = {"name": "bus", "kind": "mqtt", "url": url, "timeout_s": 60, "clear_after_days": 30}
        post = Post(one_database, {**target, "pace": {"reply_within_s": 30}})
        gateway = post.dispatching.routes["bus"].gateway
        records = Records(tmp_path / "peer.db")
        peer = PlatformPeer(parse_address(url), records, post.clock, PeerMoods(twice=True, silent=1))
        gateway.start()
        assert peer.start()
        listener, sender = listener_of(post, None), post.sender()
        one, two = post.confirmed("a", CaseState.REPORTED), post.confirmed("b", CaseState.REPORTED)

        def is_handed_over() -> bool:
            sender.step()
            post.clock.sleep(1)  # the gateway may still be connecting, and the sender tries again later
            return S.HANDED_OVER in post.states(one) + post.states(two)

        until(is_handed_over)

        def is_settled() -> bool:
            listener.step()
            sender.step()
            post.clock.sleep(1)
            return post.states(one) == post.states(two) == [S.ACCEPTED]

        until(is_settled)  # one answer never came: it is told again
        assert sorted(record.ref for record in records.page(1)) == sorted([one, two])
        peer.tell(records.move(records.by_ref(one)[0].number, "registered"))
        until(lambda: (listener.step(), state_of(post, one) is CaseState.REGISTERED)[1])
        assert post.states(one) == [S.ACCEPTED]

        for rubbish in (b"case closed!", b'{"reply_id": "r1", "kind": "moved"}', b"x" * (MAX_REPLY_BYTES + 1)):
            peer.send(rubbish)
        until(lambda: (listener.step(), len(letters_of(post)) == 3)[1])
        assert {letter.topic for letter in letters_of(post)} == {"reply/bus"}
        assert [letter.is_whole for letter in letters_of(post)].count(False) == 1
        assert any(letter.reason.startswith("kind: ") for letter in letters_of(post))

        report = post.dispatching.reconcilers["bus"].run()
        assert report.is_clean, report
        post.change(two, state=CaseState.CLOSED)
        until(lambda: (sender.step(), listener.step(), post.states(two)[-1] is S.ACCEPTED)[2])
        presenter = post.dispatching.routes["bus"].presenter
        clearing = Clearing(one_database, "bus", gateway, presenter, post.clock, timedelta(days=30))
        assert clearing.step() == 0
        post.clock.sleep(31 * 86400)
        until(lambda: clearing.step() == 1)
        until(lambda: [one.case_id for one in gateway.holdings() or ()] == [one])
        peer.stop()
        gateway.stop()
        records.close()


class Waits(SimpleQueue[bytes]):
    """Waits that pass at once and are written down."""

    def __init__(self) -> None:
        self.waits_s: list[float | None] = []

    def get(self, block: bool = True, timeout: float | None = None) -> bytes:
        self.waits_s.append(timeout)
        return super().get(block=False)


def test_a_broker_that_begins_late_has_not_retained_nothing() -> None:
    """Only after its first message does a second of silence mean that it was all."""
    held = Waits()
    held.put(b"no notice")
    assert list(_all_of(held, 30.0)) == []
    assert held.waits_s == [30.0, QUIET_S]


def letters_of(post: Post) -> tuple[DeadLetterView, ...]:
    return LetterDesk(post.database, post.clock).newest(10)


def test_a_reply_that_could_not_be_read_is_followed_once_it_can_be(post: Post) -> None:
    case_id = post.confirmed("a", CaseState.REPORTED)
    post.run()
    wire = reply(case_id, "sent_out", 3).to_wire()
    broken = read_reply(wire[:-1])
    assert isinstance(broken, Unread)
    with post.database.write() as connection:
        reply_letters.keep(connection, "city", broken, post.clock.now())
        reply_letters.keep(connection, "city", replace(broken, content=wire, size_bytes=len(wire)), post.clock.now())
        reply_letters.keep(connection, "gone", replace(broken, content=wire, size_bytes=len(wire)), post.clock.now())
    desk = LetterDesk(post.database, post.clock, replies=lambda: post.dispatching.replies)
    found = {letter.topic: letter for letter in desk.newest(10)}
    with pytest.raises(PermanentError, match="gone is no target in use"):
        desk.replay(found["reply/gone"].id, "xunjie/v1")
    assert found["reply/city"].times == 2
    with pytest.raises(PermanentError, match="still refused"):
        desk.replay(found["reply/city"].id, "xunjie/v1")
    with post.database.write() as connection:
        read_now = replace(broken, content=wire, size_bytes=len(wire), sha256="0" * 64)  # as after an upgrade
        reply_letters.keep(connection, "city", read_now, post.clock.now())
    newest = max(letter.id for letter in desk.newest(10))
    assert desk.replay(newest, "xunjie/v1") == "taken"
    assert state_of(post, case_id) is CaseState.DISPATCHED


# Reconciliation


def test_reconciliation_names_what_differs_and_repairs_what_it_can(post: Post, city: Listening) -> None:
    kept, lost, old = (post.confirmed(name) for name in ("kept", "lost", "old"))
    post.run()
    records = city.parts.records
    city.control(drop=records.by_ref(lost)[0].name)
    post.change(old, gone_at=T0)
    post.run()
    records.add(kept, 1, {})  # a clerk copied it
    records.add(uuid_of("case", "never ours"), 1, {})
    records._database.execute("UPDATE records SET rev = 1 WHERE ref = ?", (old,))
    reconciler = post.dispatching.reconcilers["city"]
    found = reconciler.run()
    assert found.counts == {"missing": 1, "extra": 1, "different": 1, "double": 1, "untold": 0}
    assert (found.missing[0].case_id, found.different[0].case_id, found.double[0].case_id) == (lost, old, kept)
    assert reconciler.run(repair=True).repaired == 2
    post.run()
    assert len(records.by_ref(lost)) == 1
    after = reconciler.run()
    assert after.counts == {"missing": 0, "extra": 1, "different": 0, "double": 1, "untold": 0}


def test_a_platform_that_does_not_answer_is_not_found_empty(post: Post, city: Listening) -> None:
    post.confirmed("a")
    post.run()
    gone = Post(post.database, {**CITY, "url": "http://127.0.0.1:9/api/"}, clock=post.clock)
    with pytest.raises(TransientError, match="page 1"):
        gone.dispatching.reconcilers["city"].run()
