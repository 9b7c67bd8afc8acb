"""Puts a node's evidence together: folder, chain, ledger, retention, and the locker over all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from contract.clock import Clock
from contract.errors import PermanentError
from contract.events import ClockState
from contract.evidence_manifest import EvidenceManifest, Tombstone
from contract.keys import KeyPairs
from contract.sealing import SealKey
from edge.evidence.chain import CHAIN_FOLDER, Chain
from edge.evidence.chain_reading import read_chain
from edge.evidence.ledger import Kept, Ledger
from edge.evidence.locker import EvidenceLocker, Notary
from edge.evidence.originals import ORIGINALS_FOLDER, Originals
from edge.evidence.pictures import FindPeople, PictureFolder
from edge.evidence.retention import Retention, sweep_partials
from edge.evidence.signers import note_signer
from edge.evidence_settings import EvidenceSettings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EvidenceParts:
    """What a node needs of its evidence."""

    pictures: PictureFolder
    originals: Originals
    ledger: Ledger
    retention: Retention
    locker: EvidenceLocker

    @property
    def problem(self) -> str:
        """What the disk refuses at present, for the node's status; empty while all is well."""
        return self.locker.problem or self.retention.problem


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and for whom originals are sealed; without `seal_key` no originals are kept."""

    node_id: str
    keys: KeyPairs
    seal_key: SealKey | None = None


def open_evidence(
    folder: Path,
    settings: EvidenceSettings,
    signer: Signer,
    clock: Clock,
    find_people: FindPeople,
    clock_state: Callable[[], ClockState] = lambda: ClockState.UNKNOWN,
    to_wall: Callable[[datetime], datetime] = lambda captured_at: captured_at,
) -> EvidenceParts:
    """A live node's evidence in `folder`; what a kill left is mended. A disk that refuses is said, not raised."""
    pictures, ledger = PictureFolder(folder), Ledger(folder)
    chain = Chain(folder, signer.node_id, signer.keys.signing, clock)
    retention = Retention(pictures, ledger, chain, settings, clock)
    locker = EvidenceLocker(
        pictures,
        settings,
        clock,
        notary=Notary(chain, signer.seal_key),
        ledger=ledger,
        allowance=retention.allowance,
        clock_state=clock_state,
        find_people=find_people,
        to_wall=to_wall,
    )
    try:
        sweep_partials((folder, folder / ORIGINALS_FOLDER, folder / CHAIN_FOLDER))
        chain.open()
        note_signer(folder, signer.keys.public("node", signer.node_id))
        _reconcile(pictures, ledger, signer, clock)
    except (PermanentError, OSError) as error:
        locker.problem = str(error)
        _log.error("evidence can't be kept; events go out without it", reason=str(error))
    return EvidenceParts(pictures, Originals(folder), ledger, retention, locker)


def _reconcile(pictures: PictureFolder, ledger: Ledger, signer: Signer, clock: Clock) -> None:
    """Files that the ledger does not know: the chain may, and what neither knows was left by a kill and never named.

    With a lost ledger nothing is thrown away: while the chain was refused, pictures went out unvouched.
    """
    listed = {file.sha256 for file in ledger.stored()}
    strangers = {path.stem for path in pictures.folder.glob("*.*") if len(path.stem) == 64} - listed
    if not strangers:
        return
    chain = read_chain(pictures.folder / CHAIN_FOLDER, [signer.keys.signing.public])
    items = {
        item.sha256: item for _, entry in chain.entries if isinstance(entry, EvidenceManifest) for item in entry.items
    }
    reduced = {
        gone.replaced_by: gone.sha256
        for _, entry in chain.entries
        if isinstance(entry, Tombstone)
        for gone in entry.removed
        if gone.replaced_by is not None
    }
    for sha256 in sorted(strangers):
        item = items.get(sha256) or items.get(reduced.get(sha256, ""))
        path = pictures.find(sha256)
        if item is not None:
            ledger.add([Kept.of(item.model_copy(update={"sha256": sha256}), clock.now())])
        elif listed and path is not None:
            _log.info("a picture that no manifest names was left by a kill; it goes", sha256=sha256)
            path.unlink(missing_ok=True)
