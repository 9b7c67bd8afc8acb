"""Sixteen nodes at once, a hundred thousand events each: nothing lost, nothing doubled, no deadlock, little memory.

Two ingesters share the flood while a third process makes cases of it; pairs of nodes see the same things, so that every
case is an incident of both. XUNJIE_FLOOD_EVENTS sets how many events each node sends; 100000 unless given.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.bench.machine import load_of
from central.bench.minting import REVISIONS
from central.rulebook import make_rules
from central.services.checking import joinable_pairs
from central.store.database import Database
from deploy.broker import find_mosquitto
from tests.central.brokers import mosquitto
from tests.central.databases import CAREFUL, Postgres, postgres
from tests.central.parts import BAN_SITE
from tests.chaos.ingesting import CLOCK, Scene

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
EACH = int(os.environ.get("XUNJIE_FLOOD_EVENTS", "100000"))
NODES = 16
NODES_A_STREET = 2
SLOWEST_PER_S = 150
"""All of it, through to case, on a machine that does other things too; slower than this something is wrong."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgres(CAREFUL, tmp_path_factory.mktemp("disk")) as running:  # gigabytes: not into memory
        yield running


def test_sixteen_nodes_over_two_workers(server: Postgres, tmp_path: Path) -> None:
    patience_s = 60 + NODES * EACH / SLOWEST_PER_S
    with mosquitto() as port:
        scene = Scene(server.fresh(), port, tmp_path)
        group = ["--group", "central"]
        with (
            scene.ingester(*group, "--worker", "a") as first,
            scene.ingester(*group, "--worker", "b") as second,
            scene.ingester("--roles", "associate", "--worker", "c") as third,
        ):
            nodes = scene.nodes(NODES, resend_after_s=5.0, nodes_a_street=NODES_A_STREET)
            nodes.flood(NODES * EACH, CLOCK.monotonic() + patience_s, lambda: None)
            scene.settle(nodes, patience_s)
            scene.wait_for_cases(patience_s)
            peaks = [load_of(worker.process.pid).peak_rss_mb for worker in (first, second)]
            logs = [worker.log.read_text() for worker in (first, second, third)]
        scene.close()
        assert nodes.sent_by_node == [EACH] * NODES
        scene.assert_whole(nodes)
        assert scene.letters() == []
        assert max(peaks) < 300
        assert [log for log in logs if "deadlock" in log or "Traceback" in log] == []
        scene.assert_cases(-(-EACH // REVISIONS) * NODES // NODES_A_STREET)
        database = Database(scene.database_url)
        assert joinable_pairs(database, make_rules(BAN_SITE)) == []
        database.close()
