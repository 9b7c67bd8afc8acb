"""Events of things that stand: thousands that are told of again and again, and now and then a new one."""

import copy
import json
import re
from datetime import datetime, timedelta

from central.bench.minting import SPACING_M, node_name
from contract.clock import Clock, format_rfc3339
from contract.events import (
    BoxNorm,
    ClockState,
    Confidence,
    Event,
    GroundPoint,
    IncidentEvent,
    IncidentState,
    ModelRef,
    wrap,
)
from contract.ids import derived_entropy, uuid7
from contract.plane import Origin, Point
from contract.taxonomy import Seen

NEW_NAME = re.compile(r"new-\d+-\d+")
CAMERAS_A_NODE = 128
"""Ten things a camera: more that came within ten minutes would be a storm, which is one line of the list."""


class StandingMint:
    """One node's outbox: first `pool` incidents are opened, then they are told of in turn, and every `new_every`-th
    event opens another one, seen by a camera called ``new-NODE-NUMBER``. The same number gives the same bytes."""

    def __init__(
        self, node_number: int, began_at: datetime, run: str, origin: Origin, pool: int, rate_per_s: float, clock: Clock
    ) -> None:
        """`rate_per_s`: how many events a second this node sends; their capture times follow it."""
        self.node_id = node_name(node_number)
        self.stream_id = uuid7(began_at, derived_entropy(run, self.node_id))
        self.pool, self.new_every = pool, 50
        self.number, self._began_at, self._run, self._origin, self._rate = (
            node_number,
            began_at,
            run,
            origin,
            rate_per_s,
        )
        self._clock = clock
        self.opened_at: dict[str, float] = {}
        self._plain = json.loads(self._first(IncidentState.OPENED).to_wire())
        self._types = (self._plain["type"], json.loads(self._first(IncidentState.UPDATED).to_wire())["type"])

    def payload(self, seq: int) -> bytes:
        """The event with that number in the stream, counted from 1."""
        turn = seq - self.pool
        at = self._began_at + timedelta(seconds=max(0, turn) / self._rate)
        if turn > 0 and turn % self.new_every == 0:
            self.opened_at.setdefault(self.name_of(seq), self._clock.now().timestamp())
            return self._event(seq, self.pool + turn // self.new_every, 1, at, self.name_of(seq))
        incident, revision = (seq - 1, 1) if turn <= 0 else (turn % self.pool, 2 + turn // self.pool)
        return self._event(seq, incident, revision, at, f"cam-{self.number}-{incident % CAMERAS_A_NODE}")

    def name_of(self, seq: int) -> str:
        """The camera of an event that opens one."""
        return f"new-{self.number}-{seq}"

    def _event(self, seq: int, incident: int, revision: int, at: datetime, camera: str) -> bytes:
        found = copy.deepcopy(self._plain)
        data = found["data"]
        lat, lon = self._origin.to_degrees(
            Point(SPACING_M * (incident % 200), SPACING_M * (incident // 200 * 64 + self.number))
        )
        first = at if incident >= self.pool else self._began_at
        found["id"] = uuid7(at, derived_entropy(self._run, self.node_id, str(seq)))
        found["time"] = data["last_seen_at"] = format_rfc3339(at)
        found["subject"] = data["incident_id"] = uuid7(
            first, derived_entropy(self._run, self.node_id, "i", str(incident))
        )
        data |= {"seq": seq, "revision": revision, "camera_id": camera, "first_seen_at": format_rfc3339(first)}
        data["state"] = str(IncidentState.OPENED if revision == 1 else IncidentState.UPDATED)
        found["type"] = self._types[revision > 1]
        data["ground"] |= {"lat": round(lat, 7), "lon": round(lon, 7)}
        return json.dumps(found).encode()

    def _first(self, state: IncidentState) -> Event:
        data = IncidentEvent(
            node_id=self.node_id,
            stream_id=self.stream_id,
            seq=1,
            boot_id=self.stream_id,
            incident_id=self.stream_id,
            revision=1,
            state=state,
            seen=Seen.STALL,
            camera_id=f"cam-{self.number}",
            track_id=1,
            first_seen_at=self._began_at,
            last_seen_at=self._began_at,
            box=BoxNorm(x1=0.4, y1=0.4, x2=0.6, y2=0.7),
            ground=GroundPoint(lat=0.0, lon=0.0, ee_m2=1.0, en_m2=0.0, nn_m2=1.0),
            confidence=Confidence(latest=0.8, mean=0.7, peak=0.9, looks=10, positive_looks=9),
            model=ModelRef(name="bench", version="1", sha256="0" * 64),
            config_version="bench",
            clock_state=ClockState.SYNCHRONISED,
        )
        return wrap(data, self.stream_id, self._began_at)
