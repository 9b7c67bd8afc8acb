"""Taking a picture from a node: only one that an event announced, only as large as announced, only with that hash."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from central.store import case_queries, changes, observations
from central.store.database import Database
from contract.clock import Clock
from contract.errors import PermanentError

JPEG_MAGIC = b"\xff\xd8\xff"


class Upload(Protocol):
    """A picture under way to the object store."""

    head: bytes
    size_bytes: int

    @property
    def sha256(self) -> str: ...
    def write(self, chunk: bytes) -> None: ...
    def commit(self) -> None: ...
    def discard(self) -> None: ...


class ObjectStore(Protocol):
    """Where pictures lie, by hash."""

    def find(self, sha256: str) -> Path | None: ...
    def begin(self) -> Upload: ...


class EvidenceDesk:
    """Any thread."""

    def __init__(self, database: Database, objects: ObjectStore, clock: Clock, on_change: Callable[[], None]) -> None:
        self.objects = objects
        self._database = database
        self._clock = clock
        self._on_change = on_change

    def announced_size(self, sha256: str) -> int | None:
        """The size in bytes that some event announced; None as long as none did."""
        with self._database.read() as connection:
            return observations.announced_size(connection, sha256)

    def accept(self, upload: Upload, sha256: str, announced_bytes: int) -> None:
        """Keeps a complete upload and tells the cases that it belongs to.

        Raises:
            PermanentError: not the announced size, not that hash, or not a JPEG.
        """
        if upload.size_bytes != announced_bytes:
            raise PermanentError(f"{upload.size_bytes} bytes came, {announced_bytes} were announced")
        if not upload.head.startswith(JPEG_MAGIC):
            raise PermanentError("not a JPEG picture")
        if upload.sha256 != sha256:
            raise PermanentError(f"the content's sha256 is {upload.sha256}")
        upload.commit()
        self.settle(sha256)

    def settle(self, sha256: str) -> None:
        """Says in the database that the picture is here; harmless when it says so already."""
        now = self._clock.now()
        with self._database.write() as connection:
            incidents = observations.mark_stored(connection, sha256, now)
            changes.record(connection, "case", case_queries.cases_of(connection, incidents), now)
        self._on_change()
