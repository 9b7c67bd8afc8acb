"""Three days without central at one event a minute and camera: what it weighs, and how fast it is sent afterwards."""

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

from contract.clock import VirtualClock
from contract.events import Event, EvidenceRole, IncidentState
from contract.ids import StreamId
from contract.receipts import receipts_for
from edge.outbox.sqlite import Outbox
from edge.uplink.window import MAX_IN_FLIGHT, SendWindow
from tests.contract.builders import event, evidence_ref, ground_point, uuid_of
from tests.edge.fakes import T0
from tests.house.source import ROOT

CAMERAS = 40
MINUTES = 72 * 60

PICTURES = tuple(evidence_ref(role, mark) for role, mark in ((EvidenceRole.LEAD_UP, "a"), (EvidenceRole.LATEST, "b")))


def told(said: dict[str, Any], stream_id: StreamId, seq: int) -> Event:
    return event(stream_id=stream_id, seq=seq, ground=ground_point(), evidence=PICTURES, **said)


def test_three_days_of_forty_cameras_wait_on_disk_and_go_out_in_order(tmp_path: Path) -> None:
    clock = VirtualClock(T0)
    outbox = Outbox(tmp_path / "outbox.sqlite3", "node-1", clock)
    began = time.perf_counter()
    for minute in range(MINUTES):
        for camera in range(CAMERAS):
            incident = uuid_of(f"{camera} {minute // 60}")
            state = IncidentState.OPENED if minute % 60 == 0 else IncidentState.UPDATED
            said = {"incident_id": incident, "state": state, "revision": minute % 60 + 1}
            outbox.append(partial(told, said))
        clock.sleep(60.0)
    written_s = time.perf_counter() - began
    count = CAMERAS * MINUTES
    facts = {"events": count, "size_mb": outbox.size_bytes() / 1e6, "append_ms": written_s / count * 1e3}
    outbox.close()
    began = time.perf_counter()
    outbox = Outbox(tmp_path / "outbox.sqlite3", "node-1", clock)
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
    (ROOT / "runs").mkdir(exist_ok=True)
    (ROOT / "runs" / "edge-outage.json").write_text(json.dumps(facts), encoding="utf-8")
