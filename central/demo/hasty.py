"""A database that does not wait for the disk: what a power cut takes back is made again in minutes."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from central.store.database import Database


class HastyDatabase(Database):
    """Every write is a lazy one; the last that is not (`settle`) makes them all safe."""

    @contextmanager
    def write(self, *, beside_others: bool = False, lazily: bool = True) -> Iterator[Connection]:  # noqa: ARG002
        with super().write(beside_others=beside_others, lazily=True) as connection:
            yield connection

    def settle(self) -> None:
        """On disk when this returns."""
        with super().write() as connection:
            connection.exec_driver_sql("SELECT 1")
