"""`python -m central serve` as a process, and an edge node's end of the wire. Everything waits, nothing sleeps."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from contract.events import Event
from contract.ids import NodeId
from contract.receipts import Receipt
from contract.topics import Topics

ROOT = Path(__file__).parents[2]
SITE = Path(__file__).with_name("street.yaml")
PATIENCE_S = 60.0
"""Generous: the machine may be busy. Longer than the service itself waits for its backroom to finish."""


@dataclass
class Served:
    """A running central. `lines` are its log lines as they come."""

    console: str
    token: str
    node_token: str
    process: subprocess.Popen[str]
    lines: "queue.Queue[str]" = field(default_factory=queue.Queue)

    def wait_for_log(self, text: str) -> str:
        """The first log line that holds `text`."""
        while True:
            line = self.lines.get(timeout=PATIENCE_S)
            if text in line:
                return line

    def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(f"{self.console}api/v1/{path}", headers=headers, timeout=PATIENCE_S).json()

    def act(self, case_id: str, action: str, **said: object) -> None:
        """Takes a step with a case."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.console}api/v1/cases/{case_id}/actions/{action}"
        httpx.post(url, headers=headers, json=said, timeout=PATIENCE_S).raise_for_status()

    def put_picture(self, sha256: str, content: bytes) -> int:
        headers = {"Authorization": f"Bearer {self.node_token}"}
        url = f"{self.console}api/v1/evidence/{sha256}"
        return httpx.put(url, headers=headers, content=content, timeout=PATIENCE_S).status_code

    def wait_for_picture(self, sha256: str, content: bytes) -> None:
        """Uploads as a node does: again, at each change, for as long as the picture is not announced yet."""
        with self.live() as messages:
            while self.put_picture(sha256, content) == 404:
                next(messages)

    @contextmanager
    def live(self, last_event_id: int = 0) -> Iterator[Iterator[tuple[int, str, Any]]]:
        """The live feed as (id, event, data) from `last_event_id` on."""
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": str(last_event_id)}
        url = f"{self.console}api/v1/events/stream"
        with httpx.stream("GET", url, headers=headers, timeout=PATIENCE_S) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _messages(answer.iter_lines())


@contextmanager
def serve(
    folder: Path, mqtt_port: int, *flags: str, operator_token: str | None = None, backroom: bool = True
) -> Iterator[Served]:
    """Central on a free port, with its files in `folder` and the street of street.yaml; a given token is kept.

    Without a backroom it starts two seconds sooner. The tests' events are of a summer's day: here nothing is too late
    to raise a case.
    """
    rules = yaml.safe_load((ROOT / "configs" / "central" / "association.yaml").read_bytes())
    (folder / "association.yaml").write_text(yaml.safe_dump(rules | {"late_s": 365 * 86400}), encoding="utf-8")
    settings = {"association": str(folder / "association.yaml"), "backroom": backroom}
    (folder / "central.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [sys.executable, "-m", "central", "serve", "--json", "--port", "0", "--site", str(SITE)]
    command += ["--config", str(folder / "central.yaml")]
    command += ["--database-url", f"sqlite:///{folder}/central.db", "--evidence-dir", f"{folder}/evidence"]
    command += ["--mqtt-url", f"mqtt://127.0.0.1:{mqtt_port}", *flags]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNJIE_")}
    if operator_token is not None:
        environment["XUNJIE_OPERATOR_TOKEN"] = operator_token
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    assert first, process.stderr.read()
    report = json.loads(first)
    served = Served(report["console"], report.get("token", operator_token), report["node-token"], process)
    reader = threading.Thread(target=_copy, args=(process.stderr, served.lines), daemon=True)
    reader.start()
    try:
        yield served
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
        reader.join(PATIENCE_S)
        process.stdout.close()
        process.stderr.close()


class EdgeEnd:
    """A node's MQTT client: publishes events, collects receipts."""

    def __init__(self, port: int, node_id: str = "node-1") -> None:
        self._topics = Topics()
        self._node_id = NodeId(node_id)
        self.receipted: set[int] = set()
        self._receipts: queue.Queue[Receipt] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=node_id, protocol=mqtt.MQTTv5)
        subscribed = threading.Event()
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(self._topics.receipt(self._node_id), qos=1)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE_S)

    def send(self, *events: Event) -> None:
        for event in events:
            self.send_bytes(event.to_wire())

    def send_bytes(self, payload: bytes) -> None:
        self._client.publish(self._topics.event_live(self._node_id), payload, qos=1).wait_for_publish(PATIENCE_S)

    def wait_for_receipt(self, *seqs: int) -> None:
        """Until every one of `seqs` has been covered."""
        while not self.receipted.issuperset(seqs):
            receipt = self._receipts.get(timeout=PATIENCE_S)
            self.receipted.update(seq for first, last in receipt.acked for seq in range(first, last + 1))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self._receipts.put(Receipt.model_validate_json(message.payload))


def _copy(stream: Any, lines: "queue.Queue[str]") -> None:
    for line in stream:
        lines.put(line)


def _messages(lines: Iterator[str]) -> Iterator[tuple[int, str, Any]]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            key, _, value = line.partition(": ")
            fields[key] = value
        elif "data" in fields:
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}
        else:
            fields = {}


def distinct_cases(messages: Iterator[tuple[int, str, Any]], count: int) -> set[str]:
    """The ids of the first `count` different cases on the live feed."""
    found: set[str] = set()
    while len(found) < count:
        _, event, data = next(messages)
        if event == "case":
            found.add(data["id"])
    return found
