"""The outbox loses nothing, whatever happens to the process; only central's receipt deletes."""

import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from contract.clock import SystemClock, VirtualClock
from contract.errors import PermanentError, UsageError
from contract.events import MAX_EVENT_BYTES, Event
from contract.ids import StreamId
from contract.receipts import Receipt, receipts_for
from edge.outbox.lines import LineBook
from edge.outbox.sqlite import Outbox
from tests.contract.builders import event, evidence_ref, uuid_of
from tests.edge.fakes import T0
from tests.house.source import ROOT


def build(stream_id: StreamId, seq: int) -> Event:
    return event(stream_id=stream_id, seq=seq)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite3"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    made = Outbox(path, "node-1", VirtualClock(T0))
    yield made
    made.close()


def seqs(outbox: Outbox) -> list[int]:
    return [entry.seq for entry in outbox.pending(10**6)]


def receipt(outbox: Outbox, *spans: tuple[int, int]) -> Receipt:
    return Receipt(stream_id=outbox.stream_id, acked=spans)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_process_killed_anywhere_loses_nothing_it_had_written(path: Path, seed: int) -> None:
    """Killed again and again while it appends and settles; what `append` returned is there, in one gapless row."""
    chance = random.Random(seed)
    appended, may_be_settled = set[int](), set[int]()
    for _ in range(5):
        lines = _run_and_kill(path, after=chance.randint(1, 60))
        appended |= {int(line[2:]) for line in lines if line.startswith("a ")}
        may_be_settled |= {int(line[2:]) for line in lines if line.startswith("s ")}
        outbox = Outbox(path, "node-1", SystemClock())
        kept = outbox.pending(10**6)
        outbox.close()
        numbers = [entry.seq for entry in kept]
        assert numbers == sorted(set(numbers))
        assert appended - may_be_settled <= set(numbers)
        assert set(range(1, max(numbers) + 1)) - set(numbers) <= may_be_settled
        for entry in kept:
            assert Event.model_validate_json(entry.payload).data.seq == entry.seq


def _run_and_kill(path: Path, after: int) -> list[str]:
    """Every line the process wrote; it was killed soon after it had written `after` of them."""
    command = [sys.executable, "-m", "tests.edge.append_events", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout.readlines()
    return [line for line in lines if line.endswith("\n")]


def test_a_number_is_never_used_again(path: Path, outbox: Outbox) -> None:
    for _ in range(3):
        outbox.append(build)
    assert outbox.settle(receipt(outbox, (1, 3))) == 3
    outbox.close()
    again = Outbox(path, "node-1", VirtualClock(T0))
    assert again.append(build).data.seq == 4
    again.close()


def test_a_stream_stays_itself_and_a_lost_disk_is_another_stream(path: Path, outbox: Outbox, tmp_path: Path) -> None:
    again, other = (Outbox(place, "node-1", VirtualClock(T0)) for place in (path, tmp_path / "new.sqlite3"))
    assert again.stream_id == outbox.stream_id != other.stream_id
    again.close()
    other.close()


def test_a_receipt_of_another_stream_settles_nothing(outbox: Outbox) -> None:
    outbox.append(build)
    assert outbox.settle(Receipt(stream_id=uuid_of("another"), acked=((1, 100),))) == 0
    assert seqs(outbox) == [1]


def test_a_receipt_settles_exactly_what_it_covers_and_as_often_as_it_comes(outbox: Outbox) -> None:
    for _ in range(20):
        outbox.append(build)
    (covering,) = receipts_for(outbox.stream_id, [1, 2, 5, 19, 500])
    assert outbox.settle(covering) == 4
    assert outbox.settle(covering) == 0
    assert seqs(outbox) == [seq for seq in range(1, 21) if seq not in {1, 2, 5, 19}]
    assert outbox.depth() == 16


def test_pending_pages_through_the_oldest_first(outbox: Outbox) -> None:
    for _ in range(5):
        outbox.append(build)
    assert [entry.seq for entry in outbox.pending(2)] == [1, 2]
    assert [entry.seq for entry in outbox.pending(2, after_seq=2)] == [3, 4]
    assert {entry.written_at for entry in outbox.pending(9)} == {T0}


def oversized(stream_id: StreamId, seq: int) -> Event:
    """No honest event is so large: the model's own bounds are stepped around."""
    made = build(stream_id, seq)
    return made.model_copy(update={"data": made.data.model_copy(update={"config_version": "x" * MAX_EVENT_BYTES})})


def test_an_event_too_large_for_the_wire_is_refused_and_the_field_named(outbox: Outbox) -> None:
    outbox.append(build)
    with pytest.raises(PermanentError, match=r"largest field is data\.config_version"):
        outbox.append(oversized)
    assert outbox.append(build).data.seq == 2
    assert seqs(outbox) == [1, 2]


def test_a_builder_that_fails_leaves_no_trace(outbox: Outbox) -> None:
    def fail(_stream_id: StreamId, _seq: int) -> Event:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        outbox.append(fail)
    assert seqs(outbox) == []
    assert outbox.append(build).data.seq == 1


def test_another_nodes_file_is_refused(path: Path, outbox: Outbox) -> None:
    with pytest.raises(UsageError, match="belongs to node 'node-1', not 'node-2'"):
        Outbox(path, "node-2", VirtualClock(T0))


def test_a_folder_in_the_outboxes_place_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.mkdir()
    with pytest.raises(UsageError, match=r"outbox\.sqlite3: can't be used as the outbox"):
        Outbox(path, "node-1", VirtualClock(T0))


def test_a_state_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="check state_dir"):
        Outbox(tmp_path / "state" / "outbox.sqlite3", "node-1", VirtualClock(T0))


def test_two_threads_write_and_a_third_settles(outbox: Outbox) -> None:
    """Every number once, every payload under its own number, nothing settled that was not receipted."""
    said: list[int] = []

    def append() -> None:
        for _ in range(60):
            said.append(outbox.append(build).data.seq)  # noqa: PERF401 — one by one is what is tested

    def settle() -> None:
        while len(said) < 120:
            outbox.settle(receipt(outbox, (1, 30)))

    threads = [threading.Thread(target=target) for target in (append, append, settle)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == list(range(1, 121))
    outbox.settle(receipt(outbox, (1, 30)))
    assert seqs(outbox) == list(range(31, 121))
    for entry in outbox.pending(200):
        assert Event.model_validate_json(entry.payload).data.seq == entry.seq


def test_listeners_hear_of_an_event_once_it_is_on_disk(outbox: Outbox, path: Path) -> None:
    heard: list[int] = []

    def listen() -> None:
        with sqlite3.connect(path) as other:
            heard.append(other.execute("SELECT count(*) FROM event").fetchone()[0])
        other.close()

    outbox.on_append(listen)
    outbox.append(build)
    outbox.append(build)
    assert heard == [1, 2]


def test_pictures_wait_until_central_has_their_event(outbox: Outbox) -> None:
    """Central refuses pictures nobody announced, so those of unreceipted events stay back."""

    def with_picture(stream_id: StreamId, seq: int) -> Event:
        return event(stream_id=stream_id, seq=seq, evidence=(evidence_ref(mark=str(seq)),))

    for _ in range(3):
        outbox.append(with_picture)
    assert outbox.evidence_waiting(10) == []
    assert outbox.evidence_depth() == 3
    outbox.settle(receipt(outbox, (2, 3)))
    assert outbox.evidence_waiting(10) == ["2" * 64, "3" * 64]
    assert outbox.evidence_waiting(1) == ["2" * 64]
    outbox.mark_evidence(["2" * 64], "uploaded")
    outbox.mark_evidence(["3" * 64], "refused", "too large")
    assert outbox.evidence_waiting(10) == []
    assert outbox.evidence_depth() == 1


def test_a_line_book_numbers_its_lines_and_refuses_what_the_wire_refuses() -> None:
    file = BytesIO()
    book = LineBook(file, StreamId(uuid_of("replay")))
    with pytest.raises(PermanentError, match="config_version"):
        book.append(oversized)
    assert [book.append(build).data.seq for _ in range(3)] == [1, 2, 3]
    lines = file.getvalue().splitlines()
    assert [Event.model_validate_json(line).data.seq for line in lines] == [1, 2, 3]
