"""Where evidence goes: redacted pictures on disk, originals sealed, one signed manifest over both, then the references.

Order matters: pictures first, then the manifest that vouches for them, and only then may an event name either. A disk
that refuses costs the evidence, never the event.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from contract.clock import Clock
from contract.errors import PermanentError
from contract.events import ClockState, EvidenceRef, EvidenceRole, EvidenceState
from contract.evidence_manifest import EvidenceItem, EvidenceManifest, SealedOriginal
from contract.sealing import SealKey
from edge.evidence.chain import Chain, Link
from edge.evidence.ledger import Kept, Ledger
from edge.evidence.originals import Originals
from edge.evidence.pictures import FindPeople, Picture, PictureFolder, Shutter
from edge.evidence.shedding import ALL, Allowance
from edge.evidence_settings import EvidenceSettings
from edge.values import Box, Frame

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What evidence is kept for: one revision of one incident."""

    camera_id: str
    incident_id: str
    revision: int


class Undeveloped(Protocol):
    """A picture that is redacted when it is wanted, or a film that already is."""

    def develop(self, jpeg_quality: int, max_width_px: int) -> Picture: ...


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of the thing at `box` (shares of the picture), not redacted yet."""

    negative: Undeveloped
    box: Box
    role: EvidenceRole


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an event may name. `state` says why less is there than was taken; None: everything is."""

    refs: tuple[EvidenceRef, ...] = ()
    state: EvidenceState | None = None


@dataclass(frozen=True, slots=True)
class Notary:
    """Who vouches for evidence: the node's chain, and whose eyes originals are for (nobody's: none are kept)."""

    chain: Chain
    seal_key: SealKey | None = None


class EvidenceLocker:
    """One thread at a time."""

    def __init__(
        self,
        pictures: PictureFolder,
        settings: EvidenceSettings,
        clock: Clock,
        notary: Notary | None = None,
        ledger: Ledger | None = None,
        allowance: Callable[[], Allowance] = lambda: ALL,
        clock_state: Callable[[], ClockState] = lambda: ClockState.UNKNOWN,
        find_people: FindPeople = lambda _image: (),
        to_wall: Callable[[datetime], datetime] = lambda captured_at: captured_at,
    ) -> None:
        """Without a notary pictures are kept and nobody vouches for them; without a ledger nothing is ever shed.
        `to_wall` tells a capture time by the wall clock; it is asked once, so that manifest and event say the same."""
        self._to_wall = to_wall
        self._pictures = pictures
        self._originals = Originals(pictures.folder)
        self._settings = settings
        self._clock = clock
        self._notary = notary
        self._ledger = ledger
        self._allowance = allowance
        self._clock_state = clock_state
        self._find_people = find_people
        self.problem = ""
        """What the disk last refused; empty while all is well. For the node's status."""

    def shutter(self, frame: Frame, hide: tuple[Box, ...]) -> Shutter:
        """For the pictures of one look; `hide`: regions that the look itself wants pixelated, shares of the picture."""
        return Shutter(frame, hide, self._settings, self._find_people)

    def keep(self, occasion: Occasion, shots: Sequence[Shot]) -> Evidence:
        """Keeps what the disk budget allows and the disk takes; the references are good to be named at once."""
        allowance = self._allowance()
        wanted = [shot for shot in shots if allowance.takes(shot.role)]
        state = EvidenceState.SHED if len(wanted) < len(shots) or allowance.is_reduced else None
        kept: list[tuple[EvidenceRef, Picture, SealedOriginal | None]] = []
        self.problem = "" if shots else self.problem
        for shot in wanted:
            try:
                kept.append(self._keep_one(shot, allowance))
            except PermanentError as error:
                state = self._complain(occasion, error)
        if not kept:
            return Evidence((), state)
        name = None
        try:
            name = self._vouch(occasion, kept)
        except PermanentError as error:
            state = self._complain(occasion, error)
        refs = tuple(ref.model_copy(update={"manifest_sha256": name}) for ref, _, _ in kept)
        return Evidence(refs, state)

    def _keep_one(self, shot: Shot, allowance: Allowance) -> tuple[EvidenceRef, Picture, SealedOriginal | None]:
        quality, width_px = allowance.fitting(self._settings.jpeg_quality, self._settings.max_width_px)
        picture = shot.negative.develop(quality, width_px)
        self._pictures.keep(picture.sha256, picture.jpeg, picture.media_type)
        sealed = None
        seal_key = None if self._notary is None else self._notary.seal_key
        if seal_key is not None and picture.original is not None and allowance.takes_originals:
            sealed = self._originals.seal(picture.sha256, picture.original, seal_key)
        ref = picture.ref(shot.box, shot.role)
        return ref.model_copy(update={"captured_at": self._to_wall(ref.captured_at)}), picture, sealed

    def _vouch(
        self, occasion: Occasion, kept: Sequence[tuple[EvidenceRef, Picture, SealedOriginal | None]]
    ) -> str | None:
        now = self._clock.now()
        items = tuple(_item(ref, sealed) for ref, _, sealed in kept)
        if self._ledger is not None:
            self._ledger.add([Kept.of(item, now) for item in items])
        if self._notary is None:
            return None
        signed = self._notary.chain.append(lambda link: self._manifest(link, occasion, items, now))
        if self._ledger is not None:
            self._ledger.note_voucher([item.sha256 for item in items], signed.wire)
        return signed.name

    def _manifest(
        self, link: Link, occasion: Occasion, items: tuple[EvidenceItem, ...], now: datetime
    ) -> EvidenceManifest:
        return EvidenceManifest(
            node_id=link.node_id,
            seq=link.seq,
            previous=link.previous,
            made_at=now,
            camera_id=occasion.camera_id,
            incident_id=occasion.incident_id,
            revision=occasion.revision,
            clock_state=self._clock_state(),
            items=items,
        )

    def _complain(self, occasion: Occasion, error: PermanentError) -> EvidenceState:
        self.problem = str(error)
        _log.error(
            "a picture could not be kept; its event goes without it",
            camera_id=occasion.camera_id,
            incident_id=occasion.incident_id,
            reason=str(error),
        )
        return EvidenceState.UNWRITABLE


def _item(ref: EvidenceRef, sealed: SealedOriginal | None) -> EvidenceItem:
    return EvidenceItem(
        sha256=ref.sha256,
        role=ref.role,
        media_type=ref.media_type,
        size_bytes=ref.size_bytes,
        width_px=ref.width_px,
        height_px=ref.height_px,
        captured_at=ref.captured_at,
        redaction=ref.redaction,
        original=sealed,
    )
