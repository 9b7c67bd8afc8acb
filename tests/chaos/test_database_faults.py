"""The database's own troubles under load, with real servers, brokers and ingesters: nothing lost, nothing doubled."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from central.store import migrating
from central.store.database import Database
from deploy.broker import find_mosquitto
from tests.central.brokers import mosquitto
from tests.central.databases import CAREFUL, Postgres, fresh_sqlite, postgres
from tests.chaos.ingesting import CLOCK, PATIENCE_S, Scene

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
AWAY_S = 25.0
"""Stands for ten minutes: the back-off has doubled seven times by then, and longer only waits at its ceiling."""


@pytest.fixture
def server() -> Iterator[Postgres]:
    with postgres(CAREFUL) as running:
        yield running


@pytest.fixture
def on_server(server: Postgres, tmp_path: Path) -> Iterator[Scene]:
    with mosquitto() as port:
        made = Scene(server.fresh(), port, tmp_path)
        yield made
        made.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_postgresql_that_restarts_again_and_again(on_server: Scene, server: Postgres, mode: str) -> None:
    nodes = on_server.nodes(4)
    with on_server.ingester():
        for _ in range(4):
            nodes.flood(300, CLOCK.monotonic() + 2, lambda: None)
            server.stop(mode)
            nodes.flood(100, CLOCK.monotonic() + 1, lambda: None)
            server.start()
        on_server.settle(nodes)
    on_server.assert_whole(nodes)


def test_a_postgresql_that_is_away_for_long(on_server: Scene, server: Postgres) -> None:
    """Events go on coming meanwhile; they wait on the nodes and come in when it is back."""
    nodes = on_server.nodes(4)
    with on_server.ingester() as ingester:
        on_server.send(nodes, 200)
        server.stop()
        back_at = CLOCK.monotonic() + AWAY_S
        while CLOCK.monotonic() < back_at:
            nodes.flood(40, min(back_at, CLOCK.monotonic() + 1), lambda: None)
        server.start()
        on_server.settle(nodes, 2 * PATIENCE_S)
        assert ingester.process.poll() is None
    on_server.assert_whole(nodes)


@pytest.fixture(params=["sqlite", "postgresql"])
def small_disk(request: pytest.FixtureRequest) -> Iterator[tuple[Path, str]]:
    """A file system of its own with a database on it. Not in pytest's folder: the server's user may not look there."""
    disk = Path(tempfile.mkdtemp(prefix="disk-"))
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "none", disk]).returncode:
        disk.rmdir()
        pytest.skip("may not mount a file system here")
    try:
        if request.param == "sqlite":
            yield disk, fresh_sqlite(disk)
            return
        with postgres(CAREFUL, disk) as server:
            yield disk, server.fresh()
    finally:
        subprocess.run(["umount", disk], check=True)
        disk.rmdir()


def test_a_disk_that_fills_up_and_is_cleared(small_disk: tuple[Path, str], tmp_path: Path) -> None:
    disk, url = small_disk
    ballast = disk / "ballast"
    with mosquitto() as port:
        scene = Scene(url, port, tmp_path)
        nodes = scene.nodes(4)
        with scene.ingester() as ingester:
            scene.send(nodes, 200)
            _fill(ballast)
            deadline = CLOCK.monotonic() + PATIENCE_S
            while not _was_refused(ingester.log):
                assert CLOCK.monotonic() < deadline, ingester.log.read_text()[-2000:]
                nodes.flood(100, CLOCK.monotonic() + 1, lambda: None)
            ballast.unlink()
            assert ingester.process.poll() is None
            scene.settle(nodes, 2 * PATIENCE_S)
        scene.assert_whole(nodes)
        scene.close()


def _was_refused(log: Path) -> bool:
    words = log.read_text()
    return "disk is full" in words or "No space left on device" in words


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return fresh_sqlite(tmp_path / "db")
    server: Postgres = request.getfixturevalue("server")
    return server.fresh()


def test_tables_that_are_changed_under_load(url: str, tmp_path: Path) -> None:
    """Ten migrations, each in its transaction, while events come in."""
    with mosquitto() as port:
        scene = Scene(url, port, tmp_path)
        nodes = scene.nodes(4)
        database = Database(url)
        with scene.ingester():
            for number in range(10):
                nodes.flood(100, CLOCK.monotonic() + 1, lambda: None)
                with migrating.alone(database.engine) as connection:
                    connection.execute(text(f"ALTER TABLE inbox ADD COLUMN passing_{number} INTEGER"))
                    nodes.flood(100, CLOCK.monotonic() + 1, lambda: None)
                    connection.execute(text(f"ALTER TABLE inbox DROP COLUMN passing_{number}"))
            scene.settle(nodes)
        database.close()
        scene.assert_whole(nodes)
        scene.close()
