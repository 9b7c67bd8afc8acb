"""Reads a chain back critically: every line's form and signature, every link to the line before. Trusts nothing."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from contract.errors import PermanentError
from contract.evidence_manifest import GENESIS, Entry, Head, Repair, Retired, entry_name, read_entry, read_head
from contract.signing import Purpose, Signed, VerifyKey, open_signed
from edge.evidence.chain import HEAD_FILE, segments


class Breach(StrEnum):
    """What can be wrong."""

    DAMAGED = "damaged"
    UNSIGNED = "unsigned"
    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    REPEATED = "repeated"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: in which file, at which entry, what."""

    breach: Breach
    file: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chain; `entry` is None when it can't be believed."""

    file: str
    number: int
    entry: Entry | None
    name: str
    fault: tuple[Breach, str] | None


@dataclass(frozen=True, slots=True)
class ReadChain:
    """The chain as found: what can be believed, and what is wrong with its links."""

    entries: tuple[tuple[str, Entry], ...]
    """Name and entry, in the order they stand there."""
    faults: tuple[Fault, ...]
    torn_bytes: int
    """Of a last line that was never finished: the next start of the node cuts it off."""


def read_chain(folder: Path, keys: Sequence[VerifyKey]) -> ReadChain:
    """The chain in `folder`, checked against the public `keys`."""
    lines: list[Line] = []
    torn_bytes = 0
    for path in segments(folder):
        found, torn_bytes = segment_lines(path, keys)
        lines += found
    faults = [*_links(lines), *_end(lines, folder / HEAD_FILE, keys)]
    entries = tuple((line.name, line.entry) for line in lines if line.entry is not None)
    return ReadChain(entries, tuple(faults), torn_bytes)


def segment_lines(path: Path, keys: Sequence[VerifyKey]) -> tuple[list[Line], int]:
    """One file's lines, each checked by itself; and the bytes of a last one that was never finished."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    parts = content[:whole].split(b"\n")[:-1]
    return [_line(path.name, number, part, keys) for number, part in enumerate(parts, 1)], len(content) - whole


def _line(file: str, number: int, content: bytes, keys: Sequence[VerifyKey]) -> Line:
    def bad(breach: Breach, what: str, name: str = "") -> Line:
        return Line(file, number, None, name, (breach, f"line {number}: {what}"))

    try:
        envelope = Signed.model_validate_json(content)
    except ValidationError:
        return bad(Breach.DAMAGED, "is no signed entry")
    payload = base64.b64decode(envelope.payload)
    try:
        open_signed(content, Purpose.EVIDENCE, keys)
    except PermanentError as error:
        is_known = any(key.key_id == envelope.key_id for key in keys)
        return bad(Breach.ALTERED if is_known else Breach.UNSIGNED, str(error), entry_name(payload))
    try:
        return Line(file, number, read_entry(payload), entry_name(payload), None)
    except PermanentError as error:
        return bad(Breach.DAMAGED, str(error), entry_name(payload))


def _links(lines: Sequence[Line]) -> Iterator[Fault]:
    present = {line.entry.seq for line in lines if line.entry is not None}
    retired = {line.entry.through_seq: line.entry.sha256 for line in lines if isinstance(line.entry, Retired)}
    seen: set[int] = set()
    last_seq, last_name = _beginning(lines, retired)
    for line in lines:
        if line.entry is None:
            breach, what = line.fault or (Breach.DAMAGED, "can't be read")
            last_seq, last_name = last_seq + 1, line.name
            seen.add(last_seq)
            yield Fault(breach, line.file, last_seq, what)
            continue
        entry = line.entry
        if entry.seq in seen:
            yield Fault(
                Breach.REPEATED, line.file, entry.seq, f"line {line.number}: entry {entry.seq} stands here again"
            )
            continue
        seen.add(entry.seq)
        fault = _step(line, entry, last_seq, last_name, present)
        if fault is not None:
            yield fault
        last_seq, last_name = entry.seq, line.name


def _beginning(lines: Sequence[Line], retired: dict[int, str]) -> tuple[int, str]:
    """What the first line must follow: nothing, or the end of a part whose removal is signed for."""
    first = lines[0].entry if lines else None
    if first is not None and first.seq - 1 in retired:
        return first.seq - 1, retired[first.seq - 1]
    return 0, GENESIS


def _step(line: Line, entry: Entry, last_seq: int, last_name: str, present: set[int]) -> Fault | None:
    expected = last_seq + 1
    if entry.seq == expected:
        if entry.previous == last_name:
            return None
        what = f"line {line.number}: names another entry {last_seq} than the one that stands before it"
        return Fault(Breach.ALTERED, line.file, expected, what)
    if entry.seq < expected or expected in present:
        what = f"line {line.number}: entry {entry.seq} stands where entry {expected} belongs"
        return Fault(Breach.REORDERED, line.file, min(expected, entry.seq), what)
    until = entry.seq - 1
    gone = f"entry {expected} is" if until == expected else f"entries {expected} to {until} are"
    return Fault(Breach.MISSING, line.file, expected, f"line {line.number}: {gone} missing before entry {entry.seq}")


def _end(lines: Sequence[Line], path: Path, keys: Sequence[VerifyKey]) -> Iterator[Fault]:
    """Whether the chain goes as far as its head says."""
    for line in lines:
        if isinstance(line.entry, Repair) and line.entry.lost:
            before, lost = line.entry.seq - 1, line.entry.lost
            what = f"the node found the {lost} entries up to {before} gone when it started"
            yield Fault(Breach.TRUNCATED, line.file, before - lost + 1, what)
    if not lines and not path.exists():
        return
    last = next((line for line in reversed(lines) if line.entry is not None), None)
    last_seq = last.entry.seq if last is not None and last.entry is not None else 0
    head = _head(path, keys)
    if isinstance(head, str):
        yield Fault(
            Breach.DAMAGED, path.name, last_seq + 1, f"{head}; whether the chain's end was cut off can't be told"
        )
        return
    damaged = sum(1 for line in lines if line.entry is None)
    if head.seq > last_seq + damaged:
        gone = head.seq - last_seq
        what = f"the chain ends at entry {last_seq}, its head says {head.seq}: {gone} entries were cut off"
        yield Fault(Breach.TRUNCATED, path.name, last_seq + 1, what)
    elif last is not None and head.seq == last_seq and head.previous != last.name:
        yield Fault(Breach.ALTERED, last.file, last_seq, f"the last entry is not the one that {path.name} names")


def _head(path: Path, keys: Sequence[VerifyKey]) -> Head | str:
    try:
        return read_head(open_signed(path.read_bytes(), Purpose.EVIDENCE, keys))
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"can't be read ({error.strerror})"
    except PermanentError as error:
        return str(error)
