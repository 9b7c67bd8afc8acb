"""The node's chain of signed manifests, on disk: an entry is there, whole, before anybody hears of it.

``chain/00000001.jsonl`` holds one signed entry a line, a new file every `SEGMENT` entries; ``chain/head.json`` says,
signed, how far the chain has come, so that a tail that was cut off is missed. Any thread.

After a kill in mid-write the torn line is cut off and a repair entry says so: nothing had named it yet.
"""

import base64
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from contract.clock import Clock
from contract.errors import PermanentError
from contract.evidence_manifest import GENESIS, Entry, Head, Repair, entry_name, read_entry, read_head
from contract.signing import Purpose, Signed, SigningKey, open_signed
from edge.evidence.files import replace_whole, writing

CHAIN_FOLDER = "chain"
HEAD_FILE = "head.json"
SEGMENT = 10_000
"""Entries a file: about 14 MB, and the least that retention can take away at once."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where the next entry goes: its number, the name of the one before, who signs it."""

    node_id: str
    seq: int
    previous: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A stored entry: its name, and the signed bytes as they stand in the chain."""

    name: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class _Tail:
    seq: int
    name: str


BuildEntry = Callable[[Link], Entry]


class Chain:
    """Appends; see `edge.evidence.verify` for reading it back critically."""

    def __init__(self, folder: Path, node_id: str, key: SigningKey, clock: Clock) -> None:
        """`folder` is the evidence folder; nothing is touched before the first entry or `open`."""
        self._folder = self.folder = folder / CHAIN_FOLDER
        self.verify_key = key.public
        self._node_id = node_id
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        self._tail: _Tail | None = None

    def open(self) -> None:
        """Finds the end and mends it.

        Raises:
            PermanentError: the disk refuses.
        """
        with self._lock, writing(self._folder):
            self._find_tail()

    def append(self, build: BuildEntry) -> Signature:
        """Signs and stores one entry.

        Raises:
            PermanentError: the disk refuses; the chain is as it was.
        """
        with self._lock, writing(self._folder):
            return self._write(build, self._tail or self._find_tail())

    def _write(self, build: BuildEntry, tail: _Tail) -> Signature:
        self._tail = None  # whatever stops us half-way: the next caller looks at the disk again
        payload = build(Link(self._node_id, tail.seq + 1, tail.name)).to_wire()
        wire = self._key.wrap(payload, Purpose.EVIDENCE).to_wire()
        path = self._folder / segment_file(tail.seq + 1)
        with path.open("ab") as file:
            file.write(wire + b"\n")
            file.flush()
            os.fsync(file.fileno())
        written = _Tail(tail.seq + 1, entry_name(payload))
        head = Head(node_id=self._node_id, seq=written.seq, previous=written.name, made_at=self._clock.now())
        replace_whole(self._folder / HEAD_FILE, self._key.wrap(head.to_wire(), Purpose.EVIDENCE).to_wire())
        self._tail = written
        return Signature(written.name, wire)

    def _find_tail(self) -> _Tail:
        self._folder.mkdir(parents=True, exist_ok=True)
        torn_bytes = self._cut_torn_line()
        found, head = self._last_entry(), self._read_head()
        lost = 0
        if head is not None and head.seq > found.seq:
            # What is missing was signed and spoken about: go on behind it, so that the gap shows for ever.
            found, lost = _Tail(head.seq, head.previous), head.seq - found.seq
        self._tail = found
        if torn_bytes or lost:
            self._write(lambda link: self._repair(link, torn_bytes, lost), found)
        return self._tail or found

    def _repair(self, link: Link, torn_bytes: int, lost: int) -> Repair:
        now = self._clock.now()
        return Repair(
            node_id=link.node_id, seq=link.seq, previous=link.previous, made_at=now, torn_bytes=torn_bytes, lost=lost
        )

    def _cut_torn_line(self) -> int:
        """Drops what follows the last line's end in the newest file; gives how many bytes."""
        newest = max(segments(self._folder), default=None)
        if newest is None:
            return 0
        content = newest.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with newest.open("r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())
        return len(content) - whole

    def _last_entry(self) -> _Tail:
        """The newest entry that can be read; a damaged line is left for `verify` to name."""
        for path in sorted(segments(self._folder), reverse=True):
            for line in reversed(path.read_bytes().splitlines()):
                try:
                    payload = base64.b64decode(Signed.model_validate_json(line).payload)
                    return _Tail(read_entry(payload).seq, entry_name(payload))
                except (ValidationError, PermanentError):
                    continue
        return _Tail(0, GENESIS)

    def _read_head(self) -> Head | None:
        path = self._folder / HEAD_FILE
        if not path.exists():
            return None
        try:
            return read_head(open_signed(path.read_bytes(), Purpose.EVIDENCE, [self._key.public]))
        except PermanentError:
            return None  # another key's, or damaged: it can't help


def segment_file(seq: int) -> str:
    """The file that holds entry `seq`.

    >>> segment_file(10_000), segment_file(10_001)
    ('00000001.jsonl', '00010001.jsonl')
    """
    return f"{(seq - 1) // SEGMENT * SEGMENT + 1:08d}.jsonl"


def segments(chain_folder: Path) -> list[Path]:
    """The chain's files, oldest first."""
    return sorted(chain_folder.glob("[0-9]*.jsonl"))
