"""What more than one proof needs: a database of either kind, the server for one file's proofs only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.databases import Postgres, fresh_sqlite, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return fresh_sqlite(tmp_path / "db")
    server: Postgres = request.getfixturevalue("server")
    return server.fresh()
