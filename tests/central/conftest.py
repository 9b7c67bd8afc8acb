"""Fixtures that more than one file of these tests uses. What touches the store runs on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.commandline import CommandLine
from tests.central.databases import Postgres, fresh_sqlite, postgres
from tests.central.parts import Parts


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run; nobody may stop it."""
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database at the newest revision, of either kind. Who changes its tables takes `fresh_url`."""
    if request.param == "sqlite":
        yield fresh_sqlite(tmp_path)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    yield server.cleaned()


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same, and nobody else's."""
    if request.param == "sqlite":
        yield fresh_sqlite(tmp_path)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    url = server.fresh()
    yield url
    server.drop(url)


@pytest.fixture
def parts(tmp_path: Path, database_url: str) -> Iterator[Parts]:
    """Central without a network, on a fresh database of either kind."""
    made = Parts(tmp_path, database_url)
    yield made
    made.close()


@pytest.fixture
def file_parts(tmp_path: Path) -> Iterator[Parts]:
    """The same on SQLite alone, for what no database can change."""
    made = Parts(tmp_path, fresh_sqlite(tmp_path))
    yield made
    made.close()


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """`python -m central …` inside this process."""
    return CommandLine(monkeypatch, capsys)
