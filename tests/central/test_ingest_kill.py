"""The quick one of the fault tests (the table is in tests/chaos): ingest dies by kill -9 between commit and receipt."""

import signal
from pathlib import Path

import pytest

from central.services.admission import Point
from tests.central.brokers import embedded_broker
from tests.central.databases import fresh_sqlite
from tests.chaos.ingesting import Scene, incidents_of


@pytest.mark.parametrize("point", [Point.AFTER_COMMIT])
def test_a_killed_ingester_loses_and_doubles_nothing(point: Point, tmp_path: Path) -> None:
    with embedded_broker() as port:
        scene = Scene(fresh_sqlite(tmp_path / "db"), port, tmp_path)
        nodes = scene.nodes(2)
        with scene.ingester("--at", point) as doomed:
            assert doomed.feed_until_dead(nodes) == -signal.SIGKILL
        with scene.ingester():
            scene.settle(nodes)
        scene.close()
        scene.assert_whole(nodes)
        scene.assert_cases(incidents_of(nodes))
