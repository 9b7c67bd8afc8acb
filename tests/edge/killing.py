"""Kills a real node at marked points, again and again, over a real broker and a real central, and counts."""

import json
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from contract.events import Event, IncidentState
from edge.evidence.verify import verify
from edge.faults import Point
from edge.keys import node_keys
from tests.central.served import serve
from tests.edge.brokers import mosquitto_on
from tests.edge.waiting import until
from tests.house.source import ROOT
from tests.ports import free_port

LONGEST_LIFE_S = 900.0
"""Generous: whoever measures on this machine may have everything else stand still for minutes."""
MOST_REACHED = {Point.RECEIPTED: 4, Point.DELETING: 4, Point.SETTLED: 4}
"""A receipt covers many events, so its points are passed far less often than the others, which die within 20."""


@dataclass
class Toll:
    """What was done and what came of it. `said`: ids that the node had written, by its own word before it died."""

    kills: Counter[str] = field(default_factory=Counter)
    said: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    observations: list[tuple[str, int]] = field(default_factory=list)
    dead_letters: int = 0
    evidence_faults: list[str] = field(default_factory=list)
    """What `verify` says of the node's evidence afterwards."""

    @property
    def lost(self) -> set[str]:
        return self.said - {event.id for event in self.events}

    @property
    def gaps(self) -> set[int]:
        """Numbers of the node's one stream that central lacks: written, never told."""
        numbers = {event.data.seq for event in self.events}
        return set(range(1, max(numbers, default=0) + 1)) - numbers

    @property
    def unended(self) -> set[str]:
        """Incidents that central knows as opened and whose last revision is not their end."""
        last = {event.subject: event for event in sorted(self.events, key=lambda event: event.data.revision)}
        return {subject for subject, event in last.items() if event.data.state is not IncidentState.CLOSED}

    def facts(self) -> dict[str, object]:
        """All of it in numbers."""
        return {
            "kills": dict(self.kills),
            "events": len(self.events),
            "said": len(self.said),
            "incidents": len({event.subject for event in self.events}),
            "lost": len(self.lost),
            "gaps": len(self.gaps),
            "doubled": len(self.doubled),
            "dead_letters": self.dead_letters,
            "unended": len(self.unended),
            "evidence_faults": len(self.evidence_faults),
        }

    @property
    def ends(self) -> Counter[str]:
        """How often each incident was closed."""
        return Counter(event.subject for event in self.events if event.data.state is IncidentState.CLOSED)

    @property
    def doubled(self) -> list[object]:
        """Ids, places and revisions that central's tables hold twice."""
        counts: Counter[object] = Counter()
        for event in self.events:
            counts["id", event.id] += 1
            counts["place", event.data.stream_id, event.data.seq] += 1
            counts["revision", event.data.incident_id, event.data.revision] += 1
        counts.update(("observation", *row) for row in self.observations)
        return [thing for thing, count in counts.items() if count > 1]


def kill_again_and_again(folder: Path, kills: int, seed: int, tell: Callable[[str], None] = lambda _: None) -> Toll:
    """The node lives and dies `kills` times on one disk, then sends what is left; at every 25th the broker dies too."""
    chance = random.Random(seed)
    toll = Toll()
    state, central = folder / "node", folder / "central"
    for place in (state, central):
        place.mkdir()
    port = free_port()
    broker = mosquitto_on(port, folder)
    broker.__enter__()
    try:
        with serve(central, port):
            for number in range(1, kills + 1):
                point = chance.choice(list(Point))
                _live_and_die(state, port, point, chance.randint(1, MOST_REACHED.get(point, 20)), toll)
                tell(f"{number}/{kills} {point} said={len(toll.said)}")
                if number % 25 == 0:
                    broker.__exit__(None, None, None)
                    broker = mosquitto_on(port, folder)
                    broker.__enter__()
            _send_the_rest(state, port)
            until(lambda: _waiting(central) == 0, "central has worked off its inbox", timeout_s=300)
            _count(central, toll)
            keys = [node_keys(state).own.signing.public]
            toll.evidence_faults = [fault.what for fault in verify(state / "evidence", keys).faults]
            tell(json.dumps(toll.facts()))  # before central is stopped, which a busy machine may not do in time
    finally:
        broker.__exit__(None, None, None)
    return toll


def _live_and_die(state: Path, port: int, point: Point, number: int, toll: Toll) -> None:
    command = [sys.executable, "-m", "tests.edge.kill_node", str(state), f"mqtt://127.0.0.1:{port}"]
    ended = subprocess.run(
        [*command, point, str(number)], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_LIFE_S, check=False
    )
    assert ended.returncode == -9, f"it was to die of {point}, but: {ended.returncode} {ended.stderr[-2000:]}"
    toll.kills[point] += 1
    toll.said |= {line[2:] for line in ended.stdout.splitlines() if line.startswith("w ") and len(line) == 38}


def _send_the_rest(state: Path, port: int) -> None:
    command = [sys.executable, "-m", "tests.edge.kill_node", str(state), f"mqtt://127.0.0.1:{port}", "none", "0"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)


def _waiting(central: Path) -> int:
    with closing(sqlite3.connect(central / "central.db")) as db:
        return int(db.execute("SELECT count(*) FROM inbox WHERE done_at IS NULL").fetchone()[0])


def _count(central: Path, toll: Toll) -> None:
    with closing(sqlite3.connect(central / "central.db")) as db:
        toll.events = [Event.model_validate_json(row[0]) for row in db.execute("SELECT payload FROM inbox")]
        toll.observations = db.execute("SELECT incident_id, part FROM observations").fetchall()
        toll.dead_letters = int(db.execute("SELECT count(*) FROM dead_letters").fetchone()[0])
