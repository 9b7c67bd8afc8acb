"""Nodes that only publish: many outboxes over one connection, each with a node's own window of unreceipted events.

Thrifty, because it shares the processor with what it measures: payloads come from templates and nobody waits for a
single message. What counts as arrived is central's receipt, never the broker's acknowledgement.
"""

import json
import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract.clock import Clock
from contract.errors import TransientError
from contract.ids import NodeId
from contract.topics import Topics

WINDOW = 200
"""Unreceipted events a node has under way, as an edge node does."""
RESEND_AFTER_S = 15.0
CONNECT_S = 20.0


class Minting(Protocol):
    """Where a node's events come from: the same number gives the same bytes."""

    node_id: str
    stream_id: str

    def payload(self, seq: int) -> bytes: ...


class Outbox:
    """One node: what it has sent and what has no receipt yet."""

    def __init__(self, mint: Minting, is_backfill: bool) -> None:
        topics, node = Topics(), NodeId(mint.node_id)
        self.mint = mint
        self.topic = topics.event_backfill(node) if is_backfill else topics.event_live(node)
        self.sent = 0
        self.sent_at_s: dict[int, float] = {}
        self.first_sent_at_s: dict[int, float] = {}


class Publisher:
    """Some nodes. `publish_to_receipt_s` grows by one figure an event: from its first publication to its receipt."""

    def __init__(
        self,
        port: int,
        mints: Sequence[Minting],
        clock: Clock,
        is_backfill: bool = False,
        protocol: str = "5",
        resend_after_s: float = RESEND_AFTER_S,
        already: int = 0,
    ) -> None:
        """Each node goes on after its first `already` events."""
        self.publish_to_receipt_s: list[float] = []
        self.repeated = 0
        self.acknowledged = 0
        """What the broker says it has: worth nothing but a wait in a test."""
        self._resend_after_s = resend_after_s
        self._clock = clock
        self._outboxes = [Outbox(mint, is_backfill) for mint in mints]
        for outbox in self._outboxes:
            outbox.sent = already
        self._by_stream = {outbox.mint.stream_id: outbox for outbox in self._outboxes}
        self._turn = 0
        self._has_news = threading.Event()
        self._is_ready = threading.Event()
        version = MQTTProtocolVersion.MQTTv5 if protocol == "5" else MQTTProtocolVersion.MQTTv311
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=version)
        self._client.max_inflight_messages_set(1000)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(
            [(Topics().receipt(NodeId(mint.node_id)), 1) for mint in mints]
        )
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = lambda *_: self._is_ready.set()
        self._client.connect("127.0.0.1", port)

    @property
    def outboxes(self) -> Sequence[Outbox]:
        return self._outboxes

    @property
    def sent(self) -> int:
        return sum(outbox.sent for outbox in self._outboxes)

    @property
    def mints(self) -> list[Minting]:
        return [outbox.mint for outbox in self._outboxes]

    @property
    def sent_by_node(self) -> list[int]:
        return [outbox.sent for outbox in self._outboxes]

    @property
    def waiting(self) -> int:
        """Events without a receipt."""
        return sum(len(outbox.sent_at_s) for outbox in self._outboxes)

    @property
    def streams(self) -> list[str]:
        return list(self._by_stream)

    def start(self) -> None:
        """Raises:
        TransientError: the broker does not let it subscribe.
        """
        self._client.loop_start()
        if not self._is_ready.wait(CONNECT_S):
            raise TransientError("the publisher can't subscribe at the broker")

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def flood(self, count: int, until_s: float, tick: Callable[[], None]) -> None:
        """Sends up to `count` events as fast as receipts let it, no longer than until the clock shows `until_s`.

        Every node sends its equal share of them.
        """
        left = count
        share = -(-count // len(self._outboxes))
        ends = [(outbox, outbox.sent + share) for outbox in self._outboxes]
        while left > 0 and self._clock.monotonic() < until_s:
            done = 0
            for outbox, end in ends:
                done += self._fill(outbox, min(left - done, end - outbox.sent))
            left -= done
            tick()
            if done == 0:
                self._has_news.wait(0.05)
                self._has_news.clear()
            self._send_again()

    def pace(self, per_s: float, until_s: float, tick: Callable[[], None]) -> None:
        """Sends that many a second, evenly, until the clock shows `until_s`."""
        began = self._clock.monotonic()
        done = self.sent
        while (now := self._clock.monotonic()) < until_s:
            self.send_until(done + int((now - began) * per_s))
            tick()
            self._clock.sleep(0.01)

    def send_until(self, total: int) -> None:
        """Sends as many as are missing for `total` in all, the nodes in turn."""
        for _ in range(total - self.sent):
            self._turn = (self._turn + 1) % len(self._outboxes)
            outbox = self._outboxes[self._turn]
            self._send(outbox, outbox.sent + 1)

    def send_shuffled(self, count: int, order: Random) -> None:
        """Sends `count` events, one node after the other, each in an order of its own."""
        each = -(-count // len(self._outboxes))
        for outbox in self._outboxes:
            seqs = list(range(outbox.sent + 1, outbox.sent + each + 1))
            order.shuffle(seqs)
            for seq in seqs:
                self._send(outbox, seq)

    def drain(self, until_s: float, tick: Callable[[], None]) -> None:
        """Waits for the missing receipts, and sends again what has none, as a node does."""
        while self.waiting and self._clock.monotonic() < until_s:
            self._has_news.wait(0.1)
            self._has_news.clear()
            self._send_again()
            tick()

    def _fill(self, outbox: Outbox, left: int) -> int:
        room = min(WINDOW - len(outbox.sent_at_s), left)
        for _ in range(room):
            self._send(outbox, outbox.sent + 1)
        return max(0, room)

    def _send(self, outbox: Outbox, seq: int) -> None:
        outbox.sent = max(outbox.sent, seq)
        now = self._clock.monotonic()
        outbox.first_sent_at_s.setdefault(seq, now)
        outbox.sent_at_s[seq] = now
        self._client.publish(outbox.topic, outbox.mint.payload(seq), qos=1)

    def _send_again(self) -> None:
        due = self._clock.monotonic() - self._resend_after_s
        for outbox in self._outboxes:
            waiting = list(outbox.sent_at_s.items())  # receipts take from it meanwhile, on the client's thread
            if not waiting or waiting[0][1] > due:
                continue
            for seq in [seq for seq, sent_at_s in waiting if sent_at_s <= due]:
                if outbox.sent_at_s.pop(seq, None) is None:
                    continue  # its receipt has come meanwhile
                self.repeated += 1
                self._send(outbox, seq)  # to the end of the order

    def _on_publish(self, *_: object) -> None:
        self.acknowledged += 1

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        now = self._clock.monotonic()
        receipt = json.loads(message.payload)
        outbox = self._by_stream.get(receipt["stream_id"])
        if outbox is None:
            return
        for first, last in receipt["acked"]:
            for seq in range(first, last + 1):
                if outbox.sent_at_s.pop(seq, None) is not None:
                    self.publish_to_receipt_s.append(now - outbox.first_sent_at_s.pop(seq))
        self._has_news.set()
