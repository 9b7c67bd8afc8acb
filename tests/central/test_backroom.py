"""The work behind the counter in its own process: it is watched, loses nothing, outlives nobody, leaves nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.backroom import Backroom, Order
from central.settings import CentralSettings
from contract.clock import SystemClock
from contract.taxonomy import Seen
from tests.central.brokers import embedded_broker
from tests.central.builders import Street
from tests.central.served import EdgeEnd, Served, distinct_cases, serve
from tests.edge.waiting import until


@pytest.fixture
def broker() -> Iterator[int]:
    with embedded_broker() as port:
        yield port


def backroom_of(served: Served) -> int:
    """Its process id; 0 while there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == served.process.pid and b"backroom_process" in command:
            return int(folder.name)
    return 0


def is_there(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_backroom_comes_back_loses_nothing_and_does_not_outlive_the_service(
    broker: int, tmp_path: Path
) -> None:
    street, node = Street(), EdgeEnd(broker)
    with serve(tmp_path, broker) as running:
        running.wait_for_log("broker connected")
        first = backroom_of(running)
        assert first, "who is told by number 0 is this test itself"
        for number in (signal.SIGINT, signal.SIGTERM):  # of a terminal or a supervisor: the service's matter
            os.kill(first, number)
        node.send(street.event("a", Seen.STALL, (0, 0)))
        node.wait_for_receipt(1)
        os.kill(first, signal.SIGKILL)
        events = [street.event(f"s{number}", Seen.STALL, (50.0 * number, 0)) for number in range(1, 6)]
        node.send(*events)
        assert "exit_code=-9" in running.wait_for_log("backroom ended and is started again")
        node.send(*events)
        node.wait_for_receipt(*range(1, 7))
        with running.live() as messages:
            distinct_cases(messages, 6)
        assert len(running.get("cases?limit=100")["items"]) == 6
        until(lambda: running.get("health")["ok"], "it is well again")
        second = backroom_of(running)
        running.process.kill()
        until(lambda: not is_there(second), "it is gone with the service")
    node.close()


def test_one_that_died_before_it_read_its_order_holds_up_no_stop() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE) as died:
        died.wait()
        assert died.stdin is not None
        died.stdin.write(b"an order")  # kept in the buffer, for the end to send
        order = Order(settings=CentralSettings(), holder="h")
        backroom = Backroom(order, SystemClock(), lambda: None)
        backroom._process = died
        backroom.stop()
        assert died.stdin.closed


def test_without_a_backroom_one_process_does_everything(broker: int, tmp_path: Path) -> None:
    street, node = Street(), EdgeEnd(broker)
    with serve(tmp_path, broker, backroom=False) as running:
        running.wait_for_log("broker connected")
        node.send(street.event("a", Seen.STALL, (0, 0)))
        node.wait_for_receipt(1)
        with running.live() as messages:
            distinct_cases(messages, 1)
        assert backroom_of(running) == 0
    node.close()
