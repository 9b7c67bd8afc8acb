"""The one chain over everything that people and rules did: who touches a link is found out. Pure.

Each link hashes the link before it, its own number and the digest of one row. A row that retention took away leaves
its digest in the chain and a tombstone, itself a row in the chain, that says who took it and why.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

GENESIS = bytes(32)
Source = Literal["history", "tombstone"]
Wrong = Literal["altered", "missing", "chain", "gap", "tombstone", "checkpoint", "cut", "head"]


@dataclass(frozen=True, slots=True)
class Seal:
    """Link `seq` (1, 2, 3 …) of the chain, over one row of a source. `digest` and `chain` are 32 bytes."""

    seq: int
    source: Source
    row_id: int
    digest: bytes
    chain: bytes


Checked = tuple[int, Source, int, bytes, bytes, bytes | None, bool]
"""A link's number, source, row id, digest and chain; the digest of its row as it is now (None: gone); whether a
tombstone says why it is gone. A plain tuple: a million of them are made in a walk, and Python's collector looks again
and again at anything that has more to it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and at which link."""

    seq: int
    what: Wrong
    text: str


def digest_of(fields: Sequence[str | None]) -> bytes:
    """A row's digest; the lengths are hashed too, so that nothing can move from one field into the next.

    >>> digest_of(["a", "bc"]) == digest_of(["ab", "c"])
    False
    """
    parts = ["-" if value is None else f"{len(value)}:{value}" for value in fields]
    return hashlib.sha256("\n".join(parts).encode()).digest()


def extend(before: bytes, seq: int, source: Source, row_id: int, digest: bytes) -> bytes:
    """The hash of link `seq`, which follows the link whose hash is `before`."""
    return hashlib.sha256(before + f"{seq} {source} {row_id} ".encode() + digest).digest()


def seal_rows(last: Seal | None, rows: Iterable[tuple[Source, int, bytes]]) -> list[Seal]:
    """The links over `rows` (source, row id, digest), in their order, after `last`."""
    seq, chain = (0, GENESIS) if last is None else (last.seq, last.chain)
    seals: list[Seal] = []
    for source, row_id, digest in rows:
        seq += 1
        chain = extend(chain, seq, source, row_id, digest)
        seals.append(Seal(seq, source, row_id, digest, chain))
    return seals


@dataclass(slots=True)
class Walk:
    """A walk along the chain: give it every link in order with the digest of the row as it is now, then `end` it.

    Keeps at most `most_faults`; `broken` counts them all.
    """

    most_faults: int = 100
    sealed: int = 0
    buried: int = 0
    broken: int = 0
    faults: list[Fault] = field(default_factory=list)
    _seq: int = 0
    _chain: bytes = GENESIS

    @classmethod
    def after(cls, seq: int, chain: bytes) -> "Walk":
        """A walk that begins with the link that follows link `seq`, whose hash is `chain`."""
        return cls(_seq=seq, _chain=chain)

    def add(self, later: "Walk") -> None:
        """Takes over what a walk found that went on where this one ended."""
        self.sealed += later.sealed
        self.buried += later.buried
        self.broken += later.broken
        self.faults += later.faults[: self.most_faults - len(self.faults)]
        self._seq, self._chain = later.head

    @property
    def head(self) -> tuple[int, bytes]:
        """The last link's number and hash."""
        return self._seq, self._chain

    def run(self, links: Iterable[Checked]) -> None:
        """Many steps.

        What is as it should be, nearly everything, takes the short way; `step` names the rest.
        """
        sha256 = hashlib.sha256
        seq, chain, sealed = self._seq, self._chain, 0
        for number, source, row_id, digest, link, found, is_buried in links:
            seq += 1
            is_whole = number == seq and found == digest and not is_buried
            if is_whole and sha256(b"%b%d %b %d %b" % (chain, seq, source.encode(), row_id, digest)).digest() == link:
                sealed += 1
                chain = link
                continue
            self._seq, self._chain = seq - 1, chain
            self.step(Seal(number, source, row_id, digest, link), found, is_buried)
            seq, chain = self._seq, self._chain
        self._seq, self._chain = seq, chain
        self.sealed += sealed

    def step(self, seal: Seal, found: bytes | None, is_buried: bool) -> None:
        """`found`: the digest of the row as it is now, None when it is gone; `is_buried`: a tombstone says why."""
        if seal.seq != self._seq + 1:
            self.fault(seal.seq, "gap", f"links {self._seq + 1} to {seal.seq - 1} are missing")
        elif extend(self._chain, seal.seq, seal.source, seal.row_id, seal.digest) != seal.chain:
            self.fault(seal.seq, "chain", f"link {seal.seq} does not follow from the one before it")
        self._seq, self._chain = seal.seq, seal.chain
        if found is None and is_buried:
            self.buried += 1
        elif found is None:
            self.fault(seal.seq, "missing", f"{seal.source} row {seal.row_id} is gone and no tombstone says why")
        elif found != seal.digest:
            self.fault(seal.seq, "altered", f"{seal.source} row {seal.row_id} was changed after it was sealed")
        elif is_buried:
            self.fault(seal.seq, "tombstone", f"{seal.source} row {seal.row_id} has a tombstone and is still there")
        else:
            self.sealed += 1

    def fault(self, seq: int, what: Wrong, text: str) -> None:
        """Notes something wrong."""
        self.broken += 1
        if len(self.faults) < self.most_faults:
            self.faults.append(Fault(seq, what, text))
