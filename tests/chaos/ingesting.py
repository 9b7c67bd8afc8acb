"""A street for fault tests: real broker, real ingester processes, nodes that send again, both databases."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from central.bench.minting import REVISIONS, Mint
from central.bench.publishing import Publisher
from central.rulebook import make_rules
from central.services.association import Association
from central.services.letters import LetterDesk
from central.services.workingset import Bench
from central.store import dead_letters, inbox
from central.store.cases import CASES
from central.store.database import Database
from central.store.inbox import INBOX
from contract.clock import SystemClock
from contract.plane import Origin
from tests.central.parts import BAN_SITE, LAW
from tests.central.served import ROOT

PATIENCE_S = 60.0
ORIGIN = Origin(36.8135, 118.0548)
CLOCK = SystemClock()


@dataclass
class Ingester:
    """A running `tests.chaos.ingester`."""

    process: "subprocess.Popen[str]"
    log: Path

    def feed_until_dead(self, publisher: Publisher) -> int:
        """Sends a few events and what has no receipt, again and again; gives the exit code."""
        deadline = CLOCK.monotonic() + PATIENCE_S
        while self.process.poll() is None and CLOCK.monotonic() < deadline:
            publisher.flood(8, CLOCK.monotonic() + 0.2, lambda: None)
            publisher.drain(CLOCK.monotonic() + 0.2, lambda: None)
        return self.process.wait(1)


@dataclass
class Scene:
    """A database and a broker port; `mqtt_port` may be a proxy's."""

    database_url: str
    mqtt_port: int
    folder: Path
    protocol: str = "5"
    _count: int = 0
    _publishers: list[Publisher] = field(default_factory=list)

    @contextmanager
    def ingester(self, *flags: str, mqtt_port: int | None = None) -> Iterator[Ingester]:
        """Central's ingest with a fault, up when the block begins; killed at its end if it still lives."""
        self._count += 1
        log = self.folder / f"ingester-{self._count}.log"
        command = [sys.executable, "-m", "tests.chaos.ingester", "--database-url", self.database_url]
        command += ["--mqtt-url", f"mqtt://127.0.0.1:{mqtt_port or self.mqtt_port}", "--folder", str(self.folder)]
        command += ["--protocol", self.protocol, *flags]
        with log.open("w") as words:
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=words, text=True)
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "started\n", log.read_text()
            yield Ingester(process, log)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def nodes(
        self,
        count: int,
        run: str = "run",
        resend_after_s: float = 1.0,
        port: int | None = None,
        is_backfill: bool = False,
        nodes_a_street: int = 1,
    ) -> Publisher:
        """Nodes that send what has no receipt again after `resend_after_s`; those of one street see the same things."""
        began_at = CLOCK.now() - timedelta(minutes=5)
        mints = [Mint(number, began_at, run, ORIGIN, number // nodes_a_street) for number in range(count)]
        made = Publisher(port or self.mqtt_port, mints, CLOCK, is_backfill, self.protocol, resend_after_s)
        made.start()
        self._publishers.append(made)
        return made

    def again(self, publisher: Publisher) -> Publisher:
        """The same nodes once more, with nothing remembered: the same bytes from the beginning."""
        made = Publisher(self.mqtt_port, publisher.mints, CLOCK, False, self.protocol, 1.0)
        made.start()
        self._publishers.append(made)
        return made

    def close(self) -> None:
        for publisher in self._publishers:
            publisher.stop()

    def send(self, publisher: Publisher, count: int) -> None:
        """Sends `count` events and waits for every receipt."""
        publisher.flood(count, CLOCK.monotonic() + PATIENCE_S, lambda: None)
        self.settle(publisher)

    @staticmethod
    def settle(publisher: Publisher, patience_s: float = PATIENCE_S) -> None:
        """Until nothing lacks a receipt."""
        publisher.drain(CLOCK.monotonic() + patience_s, lambda: None)
        assert publisher.waiting == 0, f"{publisher.waiting} events without a receipt after {patience_s} s"

    def wait_for_cases(self, patience_s: float) -> None:
        """Until an associator that runs has taken everything."""
        database = Database(self.database_url)
        deadline = CLOCK.monotonic() + patience_s
        left = 1
        while left and CLOCK.monotonic() < deadline:
            with database.read() as connection:
                left = inbox.count_waiting(connection)
            CLOCK.sleep(0.5)
        database.close()
        assert left == 0, f"{left} events in no case after {patience_s} s"

    def assert_whole(self, *publishers: Publisher) -> None:
        """Every event sent is in the inbox once, and every incident gives one case."""
        sent = sum(publisher.sent for publisher in publishers)
        streams = [stream for publisher in publishers for stream in publisher.streams]
        database = Database(self.database_url)
        with database.read() as connection:
            query = select(func.count(), func.count(INBOX.c.event_id.distinct())).where(INBOX.c.stream_id.in_(streams))
            assert tuple(connection.execute(query).one()) == (sent, sent)
        database.close()

    def assert_cases(self, incidents: int) -> None:
        """Association makes one case of every incident."""
        database = Database(self.database_url)
        bench = Bench(make_rules(BAN_SITE), LAW, BAN_SITE.to_origin())
        association = Association(database, bench, CLOCK, lambda: None)
        while association.step():
            pass
        with database.read() as connection:
            query = select(func.count()).select_from(CASES).where(CASES.c.merged_into.is_(None))
            assert connection.execute(query).scalar_one() == incidents
            assert inbox.count_waiting(connection) == 0
        database.close()

    def letters(self) -> list[dead_letters.DeadLetter]:
        database = Database(self.database_url)
        with database.read() as connection:
            found = list(dead_letters.newest(connection, 1000))
        database.close()
        return found

    def replay(self, reason: str) -> list[str]:
        database = Database(self.database_url)
        done = LetterDesk(database, CLOCK).replay_all(reason, "xunjie/v1")
        database.close()
        return [one.outcome for one in done]


def incidents_of(publisher: Publisher) -> int:
    """How many incidents its events are about."""
    return sum(-(-count // REVISIONS) for count in publisher.sent_by_node)
