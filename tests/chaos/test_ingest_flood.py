"""Sixteen nodes at once, a hundred thousand events each: nothing lost, nothing doubled, no deadlock, little memory.

XUNJIE_FLOOD_EVENTS sets how many events each node sends; 100000 unless given.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.bench.machine import load_of
from deploy.broker import find_mosquitto
from tests.central.brokers import mosquitto
from tests.central.databases import CAREFUL, Postgres, postgres
from tests.chaos.ingesting import CLOCK, Scene

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
EACH = int(os.environ.get("XUNJIE_FLOOD_EVENTS", "100000"))
NODES = 16
SLOWEST_PER_S = 300
"""Two workers and the publishers share the machine with whatever else runs; slower than this something is wrong."""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres(CAREFUL) as running:
        yield running


def test_sixteen_nodes_over_two_workers(server: Postgres, tmp_path: Path) -> None:
    patience_s = 60 + NODES * EACH / SLOWEST_PER_S
    with mosquitto() as port:
        scene = Scene(server.fresh(), port, tmp_path)
        group = ["--group", "central"]
        with scene.ingester(*group, "--worker", "a") as first, scene.ingester(*group, "--worker", "b") as second:
            nodes = scene.nodes(NODES, resend_after_s=5.0)
            nodes.flood(NODES * EACH, CLOCK.monotonic() + patience_s, lambda: None)
            scene.settle(nodes, patience_s)
            peaks = [load_of(worker.process.pid).peak_rss_mb for worker in (first, second)]
            logs = [worker.log.read_text() for worker in (first, second)]
        scene.close()
        assert nodes.sent == NODES * EACH
        scene.assert_whole(nodes)
        assert scene.letters() == []
        assert max(peaks) < 300
        assert [log for log in logs if "deadlock" in log or "Traceback" in log] == []
