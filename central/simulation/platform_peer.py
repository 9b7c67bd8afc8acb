"""The simulated platform's ear on a broker: takes retained cases, answers on the reply topic, badly if told to."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from central.ingest.address import BrokerAddress
from central.simulation.platform_records import Record, Records
from contract.clock import Clock
from contract.notices import CaseNotice, PlatformReply, ReplyKind
from contract.topics import Topics

SEED = 1


@dataclass
class PeerMoods:
    """What it does wrong: answers `twice`, does not answer the first `silent` cases, answers out of order."""

    twice: bool = False
    silent: int = 0
    shuffled: int = 0
    """Answers held back until so many have come together, then sent in another order."""
    met: Counter[str] = field(default_factory=Counter)


class PlatformPeer:
    """One connection. A revision that it has already changes nothing; an older one neither."""

    def __init__(
        self,
        address: BrokerAddress,
        records: Records,
        clock: Clock,
        moods: PeerMoods | None = None,
        on_case: Callable[[CaseNotice], None] = lambda _notice: None,
        client_id: str = "city-platform",
    ) -> None:
        self.moods = moods or PeerMoods()
        self._address = address
        self._topics = Topics(address.prefix)
        self._records = records
        self._clock = clock
        self._on_case = on_case
        self._held: list[PlatformReply] = []
        self._random = random.Random(SEED)
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = lambda client, *_: client.subscribe(self._topics.all_platform_cases, 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message

    def start(self, timeout_s: float = 20.0) -> bool:
        """Connects; whether it listens within the time."""
        self._client.connect_async(self._address.host, self._address.port, 30)
        self._client.loop_start()
        return self._ready.wait(timeout_s)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def tell(self, record: Record) -> None:
        """Says how far the platform's own work has come."""
        self._send(
            PlatformReply(
                reply_id=f"{record.name}-{record.version}",
                kind=ReplyKind.STATE,
                case_id=record.ref,
                external_id=record.name,
                state=record.state,
                version=record.version,
                at=self._clock.now(),
            )
        )

    def send(self, reply: PlatformReply | bytes) -> None:
        """Any reply at all, also one that is none."""
        wire = reply if isinstance(reply, bytes) else reply.to_wire()
        self._client.publish(self._topics.platform_reply, wire, qos=1)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if not message.payload:
            return
        notice = CaseNotice.model_validate_json(message.payload)
        self.moods.met["told"] += 1
        if self.moods.silent:
            self.moods.silent -= 1
            return
        known = self._records.by_ref(notice.case_id)
        content = notice.model_dump(mode="json")
        if known:
            record = self._records.change(known[0].number, notice.revision, content) or known[0]
        else:
            record = self._records.add(notice.case_id, notice.revision, content)
        self._send(
            PlatformReply(
                reply_id=f"{record.name}-r{notice.revision}",
                kind=ReplyKind.ACCEPTED,
                case_id=notice.case_id,
                external_id=record.name,
                revision=notice.revision,
                at=self._clock.now(),
            )
        )
        self._on_case(notice)

    def _send(self, reply: PlatformReply) -> None:
        self._held.append(reply)
        if len(self._held) < self.moods.shuffled:
            return
        said, self._held = self._held, []
        if self.moods.shuffled:
            self._random.shuffle(said)
        for one in said:
            for _ in range(2 if self.moods.twice else 1):
                self.send(one)
