"""Takes away the oldest file of a chain once nothing that it vouches for is left: a node may stand for ten years.

A signed entry at the chain's end says up to where, and how the last entry was called, before the file goes. A kill in
between leaves a file too many. A file with a line that can't be believed stays: it is what a person must look at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog

from contract.evidence_manifest import Entry, EvidenceManifest, Retired, Tombstone
from edge.evidence.chain import Chain, segments
from edge.evidence.chain_reading import Line, segment_lines
from edge.evidence.files import writing
from edge.evidence.originals import Originals
from edge.evidence.pictures import PictureFolder

_log = structlog.get_logger(__name__)


def retire(chain: Chain, pictures: PictureFolder, now: datetime) -> int:
    """Removes what has had its time; gives how many files of the chain went.

    Raises:
        PermanentError: the disk refuses.
    """
    originals = Originals(pictures.folder)
    retired = 0
    for path in segments(chain.folder)[:-1]:  # never the newest: the chain goes on there
        lines, _ = segment_lines(path, [chain.verify_key])
        last = _last_of_whole(lines)
        if last is None or any(_is_left(entry, pictures, originals) for entry in _entries(lines)):
            break
        _bury(chain, last, now)
        with writing(path):
            path.unlink(missing_ok=True)
        _log.info("a part of the evidence chain was retired", file=path.name, through_seq=last.seq)
        retired += 1
    return retired


@dataclass(frozen=True, slots=True)
class _Last:
    """The file's last entry."""

    seq: int
    name: str


def _last_of_whole(lines: list[Line]) -> _Last | None:
    if not lines or any(line.entry is None for line in lines):
        return None
    entry = lines[-1].entry
    return None if entry is None else _Last(entry.seq, lines[-1].name)


def _entries(lines: list[Line]) -> Iterator[Entry]:
    return (line.entry for line in lines if line.entry is not None)


def _is_left(entry: Entry, pictures: PictureFolder, originals: Originals) -> bool:
    """Whether any file that the entry speaks for is still there."""
    match entry:
        case EvidenceManifest():
            names = [item.sha256 for item in entry.items]
        case Tombstone():
            names = [name for gone in entry.removed for name in (gone.sha256, gone.replaced_by) if name is not None]
        case _:
            names = []
    return any(pictures.find(name) is not None or originals.find(name) is not None for name in names)


def _bury(chain: Chain, last: _Last, now: datetime) -> None:
    chain.append(
        lambda link: Retired(
            node_id=link.node_id,
            seq=link.seq,
            previous=link.previous,
            made_at=now,
            through_seq=last.seq,
            sha256=last.name,
        )
    )
