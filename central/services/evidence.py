"""Taking a picture from a node: only one that an event announced, only as large as announced, only with that hash."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from central.services.outgoing import enqueue_all
from central.store import case_queries, changes, fleet, pictures
from central.store.database import Database
from contract.clock import Clock
from contract.errors import PermanentError
from contract.evidence_manifest import EvidenceManifest, entry_name, read_entry
from contract.signing import Purpose, Signed, open_signed

JPEG_MAGIC = b"\xff\xd8\xff"
MP4_BRAND = b"ftyp"
"""Bytes 4 to 8 of a clip."""
MAX_MANIFEST_BYTES = 48 * 1024


class Check(StrEnum):
    """How far one of a picture's proofs goes."""

    VERIFIED = "verified"
    BROKEN = "broken"
    UNKNOWN_KEY = "unknown_key"
    """Signed, but by no key of a node in the register."""
    NONE = "none"
    """The node sent no manifest."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proven about a picture that lies here: its bytes, and who vouched for them."""

    sha256: str
    content: Check
    signature: Check
    manifest_sha256: str | None
    entry: EvidenceManifest | None


def media_type_of(head: bytes) -> str | None:
    """What the first bytes of a file say it is; None: neither picture nor clip.

    >>> media_type_of(b"\\x00\\x00\\x00\\x18ftypisom"), media_type_of(b"GIF89a")
    ('video/mp4', None)
    """
    if head.startswith(JPEG_MAGIC):
        return "image/jpeg"
    return "video/mp4" if head[4:8] == MP4_BRAND else None


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
    def keep_manifest(self, sha256: str, wire: bytes) -> None: ...
    def manifest(self, sha256: str) -> bytes | None: ...


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
            return pictures.announced_size(connection, sha256)

    def accept(self, upload: Upload, sha256: str, announced_bytes: int) -> None:
        """Keeps a complete upload and tells the cases that it belongs to.

        Raises:
            PermanentError: not the announced size, not that hash, or not a JPEG.
        """
        if upload.size_bytes != announced_bytes:
            raise PermanentError(f"{upload.size_bytes} bytes came, {announced_bytes} were announced")
        if media_type_of(upload.head) is None:
            raise PermanentError("neither a JPEG picture nor an MP4 clip")
        if upload.sha256 != sha256:
            raise PermanentError(f"the content's sha256 is {upload.sha256}")
        upload.commit()
        self.settle(sha256)

    def keep_manifest(self, sha256: str, wire: bytes) -> None:
        """Keeps the signed manifest that came with a picture, once somebody announced the picture.

        Raises:
            PermanentError: no manifest, or of another picture. Whether its signature holds is said by `proof`.
        """
        if len(wire) > MAX_MANIFEST_BYTES:
            raise PermanentError(f"a manifest of {len(wire)} bytes")
        entry = _entry(wire)
        if entry is None or sha256 not in {item.sha256 for item in entry.items}:
            raise PermanentError("the manifest does not vouch for this picture")
        self.objects.keep_manifest(sha256, wire)

    def proof(self, sha256: str) -> Proof | None:
        """Hashes the picture anew and checks its manifest's signature; None if no such picture is here."""
        path = self.objects.find(sha256)
        if path is None:
            return None
        with path.open("rb") as file:
            is_whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        wire = self.objects.manifest(sha256)
        entry = None if wire is None else _entry(wire)
        content = Check.VERIFIED if is_whole else Check.BROKEN
        if wire is None or entry is None:
            return Proof(sha256, content, Check.NONE if wire is None else Check.BROKEN, None, None)
        return Proof(sha256, content, self._signature(wire, entry.node_id), entry_name(_payload(wire)), entry)

    def _signature(self, wire: bytes, node_id: str) -> Check:
        with self._database.read() as connection:
            known = fleet.node(connection, node_id)
        if (
            known is None
            or known.keys is None
            or known.keys.verify_key.key_id != Signed.model_validate_json(wire).key_id
        ):
            return Check.UNKNOWN_KEY
        try:
            open_signed(wire, Purpose.EVIDENCE, [known.keys.verify_key])
        except PermanentError:
            return Check.BROKEN
        return Check.VERIFIED

    def settle(self, sha256: str) -> None:
        """Says in the database that the picture is here; harmless when it says so already."""
        now = self._clock.now()
        with self._database.write() as connection:
            incidents = pictures.mark_stored(connection, sha256, now)
            cases = case_queries.cases_of(connection, incidents)
            enqueue_all(connection, cases, now)
            changes.record(connection, "case", cases, now)
        self._on_change()


def _payload(wire: bytes) -> bytes:
    return base64.b64decode(Signed.model_validate_json(wire).payload)


def _entry(wire: bytes) -> EvidenceManifest | None:
    """What the manifest says, its signature not looked at; None if it is none."""
    try:
        entry = read_entry(_payload(wire))
    except (ValidationError, PermanentError):
        return None
    return entry if isinstance(entry, EvidenceManifest) else None
