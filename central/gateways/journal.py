"""A journal: one notice a line, on disk before it counts as taken, in files that are exchanged when they are full.

For those who read files: a data exchange desk, an archive, a second system behind an air gap. Finished files are
``NAME-00000001.jsonl`` and so on; the one being written has the highest number.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from central.services.delivery_port import (
    Absent,
    Accepted,
    Asked,
    CannotTell,
    Finding,
    Held,
    Holding,
    Unavailable,
    Verdict,
)
from contract.errors import TransientError
from contract.notices import CaseNotice, PlatformReply


class JournalGateway:
    """Thread-safe, and safe beside other processes on one machine: a lock file is held while a line is written."""

    def __init__(self, folder: Path, name: str, most_bytes: int) -> None:
        """A file that has reached `most_bytes` is finished."""
        self._folder = folder
        self._name = name
        self._most_bytes = most_bytes
        self._turn = threading.Lock()

    @property
    def timeout_s(self) -> float:
        return 10.0

    def submit(self, notice: CaseNotice, external_id: str | None) -> Verdict:  # noqa: ARG002  # the port's signature
        line = notice.to_wire() + b"\n"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._turn, (self._folder / f".{self._name}.lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._append(line)
        except OSError as error:
            return Unavailable(f"{self._folder}: can't be written ({error.strerror})")
        return Accepted()

    def query(self, notice: CaseNotice, external_id: str | None) -> Finding:  # noqa: ARG002
        """Looks for the line from the end: what is in doubt was among the last."""
        try:
            for path in reversed(self._files()):
                if any(said["delivery_id"] == notice.delivery_id for said in _whole_lines(path)):
                    return Held(None, notice.revision)
        except OSError as error:
            return CannotTell(f"{self._folder}: can't be read ({error.strerror})")
        return Absent()

    def hear(self, asked: Sequence[Asked]) -> list[PlatformReply]:  # noqa: ARG002
        return []

    def mark_heard(self) -> None:
        """A file says nothing."""

    def clear(self, district: str, case_id: str) -> Verdict:  # noqa: ARG002
        return Accepted()

    def holdings(self) -> Iterator[Holding] | None:
        """The newest revision of every case; None once a reader has taken the first files away."""
        files = self._files()
        if files and files[0] != self._path(1):
            return None
        newest: dict[str, Holding] = {}
        try:
            for path in files:
                for said in _whole_lines(path):
                    newest[said["case_id"]] = Holding(said["case_id"], None, int(said["revision"]))
        except OSError as error:
            raise TransientError(f"{self._folder}: the journal can't be read ({error.strerror})") from error
        return iter(newest.values())

    def start(self) -> None:
        """Files are opened when they are written."""

    def stop(self) -> None:
        """Nothing stays open."""

    def _append(self, line: bytes) -> None:
        path = self._current()
        is_new = not path.exists()
        with path.open("ab") as file:
            if file.tell() and not _ends_whole(path):
                file.write(b"\n")  # a crash left half a line: readers skip what is no JSON
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _current(self) -> Path:
        files = self._files()
        if not files:
            return self._path(1)
        number = int(files[-1].stem.rpartition("-")[2])
        return files[-1] if files[-1].stat().st_size < self._most_bytes else self._path(number + 1)

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._name}-{number:08d}.jsonl"

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._name}-*.jsonl"))


def _whole_lines(path: Path) -> Iterator[dict[str, str]]:
    """The lines that were written to their end; half a line, left by a crash, is none."""
    with path.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
