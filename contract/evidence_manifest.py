"""What a node swears to about its evidence: entries of one chain, each signed, each naming the one before by its hash.

A manifest vouches for the pictures of one revision of one incident: the redacted bytes that leave the node and the
sealed originals that stay. Retention may delete pictures, never manifests: a tombstone says what went, when and why.
An entry's name is the SHA-256 of its exact signed bytes; an `EvidenceRef` carries it as ``manifest_sha256``.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from contract.errors import PermanentError
from contract.events import ClockState, EvidenceRole, Instant, Name, Sha256, Uuid, WireModel
from contract.problems import first_problem
from contract.signing import KeyId

GENESIS = "0" * 64
"""What the first entry of a chain names as the one before."""

Seq = Annotated[int, Field(ge=1, le=2**53)]
Pixels = Annotated[int, Field(gt=0, le=16384)]
Bytes = Annotated[int, Field(gt=0, le=64 * 1024 * 1024)]


class SealedOriginal(WireModel):
    """The picture before redaction: the hash of its plain bytes, and the sealed file that only `sealed_for` opens."""

    sha256: Sha256
    sealed_sha256: Sha256
    size_bytes: Bytes
    sealed_for: KeyId


class EvidenceItem(WireModel):
    """One picture or clip. `original` is None where nothing was hidden or no key of central is pinned."""

    sha256: Sha256
    role: EvidenceRole
    media_type: Literal["image/jpeg", "video/mp4"]
    size_bytes: Bytes
    width_px: Pixels
    height_px: Pixels
    captured_at: Instant
    redaction: Annotated[str, Field(max_length=64)]
    original: SealedOriginal | None = None


class _Entry(WireModel):
    """What every entry carries. `made_at` is the node's own clock when it signed."""

    format: Literal["xunjie-evidence/1"] = "xunjie-evidence/1"
    node_id: Name
    seq: Seq
    previous: Sha256
    made_at: Instant

    def to_wire(self) -> bytes:
        """The exact bytes to sign."""
        return self.model_dump_json(exclude_none=True).encode()


class EvidenceManifest(_Entry):
    """Vouches for the evidence of one revision of one incident."""

    kind: Literal["evidence"] = "evidence"
    camera_id: Name
    incident_id: Uuid
    revision: Annotated[int, Field(ge=1, le=2**31)]
    clock_state: ClockState
    items: Annotated[tuple[EvidenceItem, ...], Field(min_length=1, max_length=8)]


class RemovalReason(StrEnum):
    """Why a file went."""

    AGE = "age"
    ROOM = "room"
    REFUSED = "refused"
    REDUCED = "reduced"
    LOST = "lost"


class FileKind(StrEnum):
    """Which of a picture's two files is meant."""

    REDACTED = "redacted"
    ORIGINAL = "original"


class Removed(WireModel):
    """One file that is gone, named by the picture's hash. `replaced_by` names the smaller picture in its place."""

    sha256: Sha256
    file: FileKind
    replaced_by: Sha256 | None = None


class Tombstone(_Entry):
    """Says that files were removed, and why. Written before they are."""

    kind: Literal["tombstone"] = "tombstone"
    reason: RemovalReason
    removed: Annotated[tuple[Removed, ...], Field(min_length=1, max_length=500)]


class Repair(_Entry):
    """What the node found when it opened its chain after a fault.

    `lost` entries had been spoken about and are gone; a line that was torn while being written had not.
    """

    kind: Literal["repair"] = "repair"
    torn_bytes: Annotated[int, Field(ge=0)] = 0
    lost: Annotated[int, Field(ge=0)] = 0


class Retired(_Entry):
    """The chain up to `through_seq` was removed once its pictures had gone; `sha256` was its last entry's name."""

    kind: Literal["retired"] = "retired"
    through_seq: Seq
    sha256: Sha256


class Head(_Entry):
    """How far the chain had come; beside it, no part of it. `previous` is the last entry's name, `seq` its number."""

    kind: Literal["head"] = "head"


Entry = EvidenceManifest | Tombstone | Repair | Retired
_ANY: TypeAdapter[Entry | Head] = TypeAdapter(Annotated[Entry | Head, Field(discriminator="kind")])


def entry_name(payload: bytes) -> str:
    """How the chain calls the entry with these exact bytes."""
    return hashlib.sha256(payload).hexdigest()


def read_entry(payload: bytes) -> Entry:
    """The entry in signed bytes whose signature was checked before.

    Raises:
        PermanentError: no entry of ours.
    """
    found = _parse(payload)
    if isinstance(found, Head):
        raise PermanentError("a chain's head stands where an entry should")
    return found


def read_head(payload: bytes) -> Head:
    """The chain's head in signed bytes.

    Raises:
        PermanentError: something else.
    """
    found = _parse(payload)
    if not isinstance(found, Head):
        raise PermanentError("no head of a chain")
    return found


def _parse(payload: bytes) -> Entry | Head:
    try:
        return _ANY.validate_json(payload)
    except ValidationError as error:
        raise PermanentError(f"no entry of an evidence chain: {first_problem(error, 'entry')}") from error
