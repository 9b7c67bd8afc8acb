"""Checks an evidence folder offline: the chain's signatures and links, and every file that it vouches for."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from contract.events import Event
from contract.evidence_manifest import Entry, EvidenceItem, EvidenceManifest, FileKind, Retired, Tombstone
from contract.signing import VerifyKey
from edge.evidence.chain import CHAIN_FOLDER
from edge.evidence.chain_reading import Breach, Fault, read_chain
from edge.evidence.originals import ORIGINALS_FOLDER, SUFFIX
from edge.evidence.pictures import MEDIA

EVENTS_FILE = "events.jsonl"


@dataclass(slots=True)
class Verdict:
    """What was checked and what is wrong, the first broken link first."""

    entries: int = 0
    manifests: int = 0
    pictures: int = 0
    originals: int = 0
    removed: int = 0
    """Files that are gone and whose removal is signed for."""
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Odd, but no breach: leftovers of a kill, files nobody vouches for."""

    @property
    def is_whole(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class _Claim:
    """A file that some entry vouches for."""

    seq: int
    sha256: str
    file: FileKind
    path: Path
    content_sha256: str


def verify(
    folder: Path,
    keys: Sequence[VerifyKey],
    events: Path | None = None,
    on_file: Callable[[int, int], None] = lambda _done, _total: None,
) -> Verdict:
    """Checks everything in `folder`; reads, never writes.

    Args:
        folder: an evidence folder, with its ``chain``.
        keys: the node's public keys, former ones too.
        events: lines of events that name manifests of this chain.
        on_file: called with how many of how many files were hashed.

    Raises:
        OSError: the folder can't be read.
    """
    chain = read_chain(folder / CHAIN_FOLDER, keys)
    verdict = Verdict(entries=len(chain.entries), faults=list(chain.faults))
    if chain.torn_bytes:
        verdict.notes.append(f"the last line was torn by a kill ({chain.torn_bytes} bytes); nothing named it yet")
    removed: dict[tuple[str, FileKind], int] = {}
    claims: dict[tuple[str, FileKind], _Claim] = {}
    for _, entry in chain.entries:
        if isinstance(entry, EvidenceManifest):
            verdict.manifests += 1
            for claim in (claim for item in entry.items for claim in _claims(folder, entry.seq, item)):
                claims.setdefault((claim.sha256, claim.file), claim)
        elif isinstance(entry, Tombstone):
            for gone in entry.removed:
                removed[gone.sha256, gone.file] = entry.seq
                if gone.replaced_by is not None:
                    small = _small(folder, entry.seq, gone.replaced_by)
                    claims.setdefault((small.sha256, small.file), small)
    for done, claim in enumerate(claims.values(), 1):
        _check(claim, removed, verdict)
        on_file(done, len(claims))
    verdict.notes += [f"{path.name}: no entry vouches for it" for path in _unlisted(folder, claims)]
    if events is not None:
        began_at = _retired_before([entry for _, entry in chain.entries])
        verdict.faults += _unknown_manifests(events, {name for name, _ in chain.entries}, began_at)
    verdict.faults.sort(key=lambda fault: fault.seq)
    return verdict


def _claims(folder: Path, seq: int, item: EvidenceItem) -> Iterator[_Claim]:
    path = folder / f"{item.sha256}.{MEDIA[item.media_type]}"
    yield _Claim(seq, item.sha256, FileKind.REDACTED, path, item.sha256)
    if item.original is not None:
        sealed = folder / ORIGINALS_FOLDER / f"{item.sha256}{SUFFIX}"
        yield _Claim(seq, item.sha256, FileKind.ORIGINAL, sealed, item.original.sealed_sha256)


def _small(folder: Path, seq: int, sha256: str) -> _Claim:
    return _Claim(seq, sha256, FileKind.REDACTED, folder / f"{sha256}.jpg", sha256)


def _check(claim: _Claim, removed: dict[tuple[str, FileKind], int], verdict: Verdict) -> None:
    tombstone = removed.get((claim.sha256, claim.file))
    name = f"{claim.path.parent.name}/{claim.path.name}" if claim.file is FileKind.ORIGINAL else claim.path.name
    try:
        with claim.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        if tombstone is None:
            what = "is missing, and no tombstone says that it was removed"
            verdict.faults.append(Fault(Breach.MISSING, name, claim.seq, what))
        else:
            verdict.removed += 1
        return
    if tombstone is not None:
        verdict.notes.append(f"{name}: still there, though entry {tombstone} says that it was removed")
    if digest != claim.content_sha256:
        what = f"was changed: its content's sha256 is {digest}"
        verdict.faults.append(Fault(Breach.ALTERED, name, claim.seq, what))
    elif claim.file is FileKind.ORIGINAL:
        verdict.originals += 1
    else:
        verdict.pictures += 1


def _unlisted(folder: Path, claims: dict[tuple[str, FileKind], _Claim]) -> Iterator[Path]:
    known = {claim.path for claim in claims.values()}
    for pattern in (*(f"*.{suffix}" for suffix in MEDIA.values()), f"{ORIGINALS_FOLDER}/*{SUFFIX}"):
        yield from (path for path in sorted(folder.glob(pattern)) if path not in known)


def _retired_before(entries: Sequence[Entry]) -> datetime | None:
    """Since when the chain goes back, where its older part was retired."""
    is_retired = bool(entries) and entries[0].seq > 1 and any(isinstance(entry, Retired) for entry in entries)
    return entries[0].made_at if is_retired else None


def _unknown_manifests(events: Path, names: set[str], began_at: datetime | None) -> Iterator[Fault]:
    """Events that name entries which the chain does not hold: its end was cut off before the head was written anew.

    What is older than a chain whose beginning was retired can't be asked for any more.
    """
    for number, line in enumerate(events.read_bytes().splitlines(), 1):
        try:
            event = Event.model_validate_json(line)
        except ValidationError:
            yield Fault(Breach.DAMAGED, events.name, 2**53, f"line {number}: is no event")
            continue
        if began_at is not None and event.time < began_at:
            continue
        missing = {ref.manifest_sha256 for ref in event.data.evidence} - names - {None}
        for name in sorted(str(name) for name in missing):
            what = f"line {number}: event {event.id} names entry {name[:16]}…, which the chain does not hold"
            yield Fault(Breach.MISSING, events.name, 2**53, what)
