"""What an evidence package holds, and how its bytes are written: the same case in the same state gives the same file.

    index.json             what lies here, by SHA-256, and what could not be put in
    index.signature.json   central's Ed25519 signature over the exact bytes of index.json
    keys/                  public keys: central's, its former ones, and those of the nodes that signed pictures
    case.json              the case: what, where, when, the judgement and its reasons
    history.json           every step, as the exact texts that are sealed
    chain.json             the pieces of the sealed chain that hold these steps, each up to a signed checkpoint
    pictures/              pictures and clips under their own hash, redacted as they left the node
    manifests/             what the node signed about each of them
    photographs/           what officers took in the street, coarse, under their own hash
    photographs.json       who took each and when, and the SHA-256 of its clear form, which central keeps sealed
    sheet.pdf              the same for people, in Chinese and English

Nothing here reads a database: an outsider's verifier needs no more than this.
"""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.events import Instant, Sha256
from contract.signing import Base64, KeyId

INDEX = "index.json"
SIGNATURE = "index.signature.json"
CENTRAL_KEY = "keys/central.json"
CASE = "case.json"
HISTORY = "history.json"
CHAIN = "chain.json"
PHOTOGRAPHS = "photographs.json"
SHEET = "sheet.pdf"
README = "README.txt"
MAX_FILES = 5_000
MAX_FILE_BYTES = 64 * 1024 * 1024
"""A picture is at most 16 MiB, a clip too; the texts of ten thousand steps weigh less."""
MAX_TOTAL_BYTES = 2 * 1024 * 1024 * 1024
PATH_PATTERN = r"^(?:[a-z]+/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,150}$"
"""No way up, no second folder, no drive, nothing hidden."""


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """Readable, and the same for the same content."""
        text = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
        return text.encode() + b"\n"


class FileEntry(_Written):
    """One file of the package."""

    path: Annotated[str, Field(pattern=PATH_PATTERN)]
    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=0, le=MAX_FILE_BYTES)]


class Missing(_Written):
    """A picture that belongs to the case and was not at central: never uploaded, or deleted by retention."""

    sha256: Sha256
    captured_at: Instant


class Index(_Written):
    """What central signs."""

    format: Literal["xunjie-package/1"] = "xunjie-package/1"
    case_id: str
    number: str | None
    state: str
    steps: Annotated[int, Field(ge=0)]
    files: tuple[FileEntry, ...]
    missing: tuple[Missing, ...]


class IndexSignature(_Written):
    """Central's signature over the index."""

    key_id: KeyId
    signature: Base64


class Photograph(_Written):
    """One photograph. `taken_at` and the place in degrees are what the phone said, `received_at` is central's clock."""

    sha256: Sha256
    original_sha256: Sha256
    redaction: str
    case_id: str
    person: str
    taken_at: Instant
    received_at: Instant
    lat: float | None
    lon: float | None


class Photographs(_Written):
    """All of the case and of what was merged into it, oldest first; a file for each, unless it is `missing`."""

    photographs: tuple[Photograph, ...]


class SealedRow(_Written):
    """One step as the chain sealed it: the texts of its columns, in order, and its link's number."""

    seq: Annotated[int, Field(ge=1)]
    texts: tuple[str | None, ...]


class Steps(_Written):
    """The case's history. `columns` names the texts of every row."""

    columns: tuple[str, ...]
    rows: tuple[SealedRow, ...]


class LinkEntry(_Written):
    """One link of the chain: a digest of some row, of this case or another; it tells nothing about that row."""

    source: Literal["history", "tombstone"]
    row_id: int
    digest: Sha256


class Piece(_Written):
    """The links from `first` on, after a link whose hash was `before`, up to a checkpoint that central signed."""

    first: Annotated[int, Field(ge=1)]
    before: Sha256
    links: Annotated[tuple[LinkEntry, ...], Field(min_length=1, max_length=200_000)]
    signed_at: Instant
    key_id: KeyId
    signature: Base64


class Chain(_Written):
    """The pieces, by number."""

    pieces: tuple[Piece, ...]
