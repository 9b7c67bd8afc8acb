"""Findings are written beside the looks: in order, whatever one of them does, and all of them before the node ends."""

import threading
from functools import partial
from pathlib import Path

import pytest

from contract.clock import VirtualClock
from contract.errors import PermanentError
from contract.events import Event
from contract.taxonomy import Seen
from edge.events import RandomIds
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.evidence_settings import EvidenceSettings
from edge.pipeline import Pipeline, View
from edge.scribe import FINISH_S, PRESSED, AtOnce, BusyScribe, Weight
from tests.edge.fakes import CAM, POLICIES, SENDER, T0, FakeBook, ScriptedDetector, frame, saw
from tests.edge.waiting import PATIENCE_S


def failing(error: Exception) -> Event:
    raise error


@pytest.mark.parametrize("is_busy", [False, True])
def test_looks_go_on_while_their_findings_are_written_in_order(tmp_path: Path, is_busy: bool) -> None:
    """One suite over both: a scribe that writes at once, and one on a thread of its own."""
    book, stop = FakeBook(), threading.Event()
    scribe = BusyScribe(stop, VirtualClock(T0)) if is_busy else AtOnce()
    detector = ScriptedDetector(*[[saw(Seen.STALL)]] * 12, *[[]] * 60)
    locker = EvidenceLocker(PictureFolder(tmp_path), EvidenceSettings(), VirtualClock(T0))
    pipeline = Pipeline(
        detector, POLICIES, [View(CAM, 1.0)], EvidenceSettings(), locker, book, SENDER, RandomIds(), scribe=scribe
    )
    given = [event for second in range(72) for event in pipeline.look(frame(second))]
    if isinstance(scribe, BusyScribe):
        assert not given
        assert not book.events
        assert scribe.waiting == 2
        while scribe.waiting:
            scribe.step()
    assert [event.data.state.value for event in book.events] == ["opened", "closed"]
    assert [event.data.revision for event in book.events] == [1, 2]
    assert [ref.role.value for ref in book.events[0].data.evidence][-1] == "confirmation"


def test_a_finding_that_fails_costs_the_next_one_nothing_and_is_counted() -> None:
    scribe, written = BusyScribe(threading.Event(), VirtualClock(T0)), []

    def good() -> Event:
        written.append(1)
        raise PermanentError("enough for this test")

    for job in (partial(failing, PermanentError("disk full")), partial(failing, ZeroDivisionError("a bug")), good):
        scribe.write(job)
    for _ in range(3):
        scribe.step()
    assert (written, scribe.failures, scribe.waiting) == ([1], 3, 0)


def test_a_node_that_stops_writes_what_still_waits() -> None:
    stop = threading.Event()
    scribe, done = BusyScribe(stop, VirtualClock(T0)), []

    def job(number: int) -> Event:
        done.append(number)
        return failing(PermanentError("enough for this test"))

    for number in range(5):
        scribe.write(partial(job, number))
    stop.set()
    thread = threading.Thread(target=scribe.run)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert done == [0, 1, 2, 3, 4]


def test_a_node_that_stops_does_not_write_for_ever() -> None:
    stop, clock = threading.Event(), VirtualClock(T0)
    scribe = BusyScribe(stop, clock)

    def slow() -> Event:
        clock.sleep(FINISH_S / 2)
        return failing(PermanentError("enough for this test"))

    for _ in range(9):
        scribe.write(slow)
    stop.set()
    scribe.run()
    assert scribe.waiting == 7


def test_a_thread_that_was_started_beside_a_slow_one_never_overtakes_it() -> None:
    scribe, written = BusyScribe(threading.Event(), VirtualClock(T0)), []
    has_begun, may_end = threading.Event(), threading.Event()

    def slow() -> Event:
        has_begun.set()
        may_end.wait(PATIENCE_S)
        written.append("first")
        raise PermanentError("enough for this test")

    def quick() -> Event:
        written.append("second")
        raise PermanentError("enough for this test")

    scribe.write(slow)
    scribe.write(quick)
    threads = [threading.Thread(target=scribe.step) for _ in range(2)]
    threads[0].start()
    assert has_begun.wait(PATIENCE_S)
    threads[1].start()
    threads[1].join(0.2)
    assert written == []
    may_end.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert written == ["first", "second"]


def test_fires_are_told_before_stalls_and_each_in_its_own_order() -> None:
    scribe, written = BusyScribe(threading.Event(), VirtualClock(T0)), list[str]()

    def job(name: str) -> Event:
        written.append(name)
        raise PermanentError("enough for this test")

    for name, weight in (("stall", Weight.USUAL), ("fire", Weight.URGENT), ("stall 2", Weight.USUAL)):
        scribe.write(partial(job, name), weight)
    scribe.write(partial(job, "fire 2"), Weight.URGENT)
    for _ in range(4):
        scribe.step()
    assert written == ["fire", "fire 2", "stall", "stall 2"]


def test_updates_are_left_out_while_much_waits_and_openings_never() -> None:
    scribe = BusyScribe(threading.Event(), VirtualClock(T0))
    for _ in range(PRESSED):
        scribe.write(partial(failing, PermanentError("never written")))
    scribe.write(partial(failing, PermanentError("an update")), Weight.URGENT, True)
    scribe.write(partial(failing, PermanentError("an opening")), Weight.USUAL)
    assert (scribe.waiting, scribe.left_out) == (PRESSED + 1, 1)
