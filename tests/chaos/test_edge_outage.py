"""Days without central at one event a minute and camera: what they weigh, and what central holds afterwards."""

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from contract.clock import SystemClock, VirtualClock
from contract.events import ClockState, Event, EvidenceRole, IncidentState
from contract.ids import NodeId, StreamId
from contract.receipts import receipts_for
from contract.status import NodeState, NodeStatus
from deploy.broker import free_port
from edge.outbox.sqlite import Outbox
from edge.uplink.mqtt import Uplink
from edge.uplink.window import MAX_IN_FLIGHT, SendWindow
from edge.uplink_settings import UplinkSettings
from tests.central.served import serve
from tests.contract.builders import event, evidence_ref, ground_point, uuid_of
from tests.edge.brokers import mosquitto_on
from tests.edge.fakes import T0
from tests.edge.waiting import until
from tests.house.source import ROOT

CAMERAS = 40
MINUTES = 72 * 60
MOST_MB = 600
"""Three days of forty cameras; small boxes have 8 GB beside the system."""

MEMORY_DISK = Path("/dev/shm")

DAY_CAMERAS = 10
DAY_MINUTES = 24 * 60

PICTURES = tuple(evidence_ref(role, mark) for role, mark in ((EvidenceRole.LEAD_UP, "a"), (EvidenceRole.LATEST, "b")))


def told(said: dict[str, Any], stream_id: StreamId, seq: int) -> Event:
    return event(stream_id=stream_id, seq=seq, ground=ground_point(), evidence=PICTURES, **said)


def fill(outbox: Outbox, clock: VirtualClock, cameras: int, minutes: int) -> int:
    """An event a minute and camera, an incident an hour; gives their number."""
    for minute in range(minutes):
        for camera in range(cameras):
            incident = uuid_of(f"{camera} {minute // 60}")
            state = IncidentState.OPENED if minute % 60 == 0 else IncidentState.UPDATED
            said = {"incident_id": incident, "state": state, "revision": minute % 60 + 1, "camera_id": f"cam-{camera}"}
            outbox.append(partial(told, said))
        clock.sleep(60.0)
    return cameras * minutes


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory where there is one: 172,800 events wait for as many syncs, half an hour of nothing else."""
    if not MEMORY_DISK.is_dir() or shutil.disk_usage(MEMORY_DISK).free < 2 * MOST_MB * 1e6:
        yield tmp_path
        return
    with TemporaryDirectory(dir=MEMORY_DISK) as folder:
        yield Path(folder)


def test_three_days_of_forty_cameras_wait_on_disk_and_go_out_in_order(quick_disk: Path) -> None:
    clock = VirtualClock(T0)
    outbox = Outbox(quick_disk / "outbox.sqlite3", "node-1", clock)
    began = time.perf_counter()
    count = fill(outbox, clock, CAMERAS, MINUTES)
    written_s = time.perf_counter() - began
    facts = {"events": count, "size_mb": outbox.size_bytes() / 1e6, "append_ms": written_s / count * 1e3}
    outbox.close()
    began = time.perf_counter()
    outbox = Outbox(quick_disk / "outbox.sqlite3", "node-1", clock)
    facts["open_s"] = time.perf_counter() - began
    assert outbox.depth() == count

    began = time.perf_counter()
    window, sent = SendWindow(15.0, outbox.newest_seq()), list[int]()
    while outbox.depth():
        backlog = outbox.seqs(MAX_IN_FLIGHT, up_to_seq=window.boundary)
        chosen = [sending.seq for sending in window.choose(backlog, [], time.perf_counter())]
        assert all(outbox.load(seq) is not None for seq in chosen)
        sent += chosen
        for receipt in receipts_for(outbox.stream_id, chosen):
            outbox.settle(receipt)
    facts["drain_s"] = time.perf_counter() - began
    assert sent == list(range(1, count + 1))
    outbox.close()
    assert facts["size_mb"] < MOST_MB
    (ROOT / "runs").mkdir(exist_ok=True)
    (ROOT / "runs" / "edge-outage.json").write_text(json.dumps(facts), encoding="utf-8")


@pytest.mark.broker
def test_a_day_without_a_broker_reaches_central_whole_and_what_happens_now_goes_first(tmp_path: Path) -> None:
    """By a simulated clock; broker, uplink and central are real. 0 lost, 0 doubled, the new event among the first."""
    clock = VirtualClock(T0)
    outbox = Outbox(tmp_path / "outbox.sqlite3", "node-1", clock)
    count = fill(outbox, clock, DAY_CAMERAS, DAY_MINUTES)
    port, stop, central = free_port(), threading.Event(), tmp_path / "central"
    central.mkdir()
    settings = UplinkSettings(mqtt_url=f"mqtt://127.0.0.1:{port}")
    uplink = Uplink(outbox, settings, NodeId("node-1"), partial(status_of, outbox), SystemClock(), stop)
    sending = threading.Thread(target=uplink.run)
    sending.start()
    try:
        until(lambda: uplink.link.reason.endswith("the address right?"), "the broker is missed")
        with mosquitto_on(port, tmp_path), serve(central, port):
            until(lambda: outbox.depth() < count, "central takes the first of the day")
            outbox.append(partial(told, {"incident_id": uuid_of("now"), "camera_id": "cam-0"}))
            until(lambda: outbox.depth() == 0, "everything is receipted", timeout_s=600)
            arrived = seqs_in(central)
    finally:
        stop.set()
        uplink.wake()
        sending.join(20)
        outbox.close()
    assert sorted(arrived) == list(range(1, count + 2))
    assert arrived.index(count + 1) < count / 2, "what happens now does not wait for the day before"
    backlog = [seq for seq in arrived if seq <= count]
    assert backlog == sorted(backlog)


def seqs_in(central: Path) -> list[int]:
    """The stream's numbers in the order in which central stored them."""
    with closing(sqlite3.connect(central / "central.db")) as db:
        rows = db.execute("SELECT payload FROM inbox ORDER BY rowid").fetchall()
    return [Event.model_validate_json(payload).data.seq for (payload,) in rows]


def status_of(outbox: Outbox, state: NodeState) -> NodeStatus:
    return NodeStatus(
        node_id="node-1",
        boot_id=uuid_of("boot"),
        state=state,
        at=SystemClock().now(),
        software="test",
        config_version="test",
        clock_state=ClockState.SYNCHRONISED,
        outbox_depth=outbox.depth(),
    )
