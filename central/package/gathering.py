"""Collects what goes into a case's package: everything sealed first, then one look at database, pictures and keys."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from central.keys import NAME
from central.package.format import Chain, LinkEntry, Missing, Photograph, Photographs, Piece, SealedRow, Steps
from central.services.evidence import ObjectStore
from central.services.reading import Reader
from central.services.sealing import Sealer
from central.services.views import CaseDetail
from central.store import fleet, photos, proofs
from central.store.database import Database
from central.store.photos import Photo
from contract.errors import PermanentError, TransientError
from contract.events import EvidenceRole
from contract.keys import KeyPairs, PublicKeys, has_key_pairs, read_key_pairs
from contract.signing import Purpose, Signed, open_signed

EXPORTED = "exported"
"""How the history calls a package's making. Such rows are left out of packages: looking at a case is no step of it,
and two packages of one state must be the same."""
TIMES = 20


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture or clip that lies at central, and what its node signed about it."""

    sha256: str
    path: Path
    is_clip: bool
    camera_id: str
    role: EvidenceRole
    captured_at: str
    manifest: bytes | None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything for one package."""

    case: CaseDetail
    steps: Steps
    chain: Chain
    pictures: tuple[Picture, ...]
    photographs: Photographs
    shots: tuple[tuple[str, Path], ...]
    """Photographs' files, by hash."""
    missing: tuple[Missing, ...]
    keys: dict[str, PublicKeys]


class Gatherer:
    """Any thread."""

    def __init__(self, database: Database, objects: ObjectStore, reader: Reader, sealer: Sealer, keys: Path) -> None:
        """`keys` is the folder with central's keys."""
        self._database = database
        self._objects = objects
        self._reader = reader
        self._sealer = sealer
        self._keys = keys

    def gather(self, case_id: str) -> Gathered | None:
        """None where there is no such case.

        Raises:
            TransientError: its history could not be sealed just now.
        """
        self._seal_everything()
        case = self._reader.detail(case_id)
        if case is None:
            return None
        with self._database.read() as connection:
            rows = proofs.rows_of(connection, case_id, EXPORTED)
            sealed = [SealedRow(seq=row.seq, texts=row.texts) for row in rows if row.seq is not None]
            pieces = proofs.pieces_over(connection, [row.seq for row in sealed])
            taken = photos.of_case(connection, case_id)
        if len(sealed) < len(rows):
            raise TransientError(f"case {case_id}: somebody works on it at this moment; try again")
        nodes = self._node_keys()
        pictures, missing = self._pictures(case, nodes)
        shots, lost = self._shots(taken)
        return Gathered(
            case=case,
            steps=Steps(columns=proofs.COLUMNS, rows=tuple(sealed)),
            chain=Chain(pieces=tuple(_piece(piece) for piece in pieces)),
            pictures=tuple(pictures),
            photographs=Photographs(photographs=tuple(_photograph(photo) for photo in taken)),
            shots=tuple(shots),
            missing=(*missing, *lost),
            keys=self._public_keys(pictures, nodes),
        )

    def _seal_everything(self) -> None:
        for attempt in range(TIMES):
            try:
                while self._sealer.step():
                    pass
            except TransientError:  # central's own sealer was at it
                if attempt == TIMES - 1:
                    raise
            else:
                return

    def _node_keys(self) -> list[PublicKeys]:
        with self._database.read() as connection:
            return [node.keys for node in fleet.every_node(connection) if node.keys is not None]

    def _pictures(self, case: CaseDetail, nodes: Sequence[PublicKeys]) -> tuple[list[Picture], list[Missing]]:
        found: dict[str, Picture] = {}
        missing: dict[str, Missing] = {}
        for view in case.evidence:
            path = self._objects.find(view.sha256)
            if path is None:
                missing[view.sha256] = Missing(sha256=view.sha256, captured_at=view.captured_at)
                continue
            with path.open("rb") as file:
                is_clip = file.read(12)[4:8] == b"ftyp"
            taken = view.model_dump(mode="json")["captured_at"]
            manifest = _vouching(self._objects.manifest(view.sha256), nodes)
            found[view.sha256] = Picture(view.sha256, path, is_clip, view.camera_id, view.role, taken, manifest)
        return [found[name] for name in sorted(found)], [missing[name] for name in sorted(missing)]

    def _shots(self, taken: Sequence[Photo]) -> tuple[list[tuple[str, Path]], list[Missing]]:
        found = [(photo.sha256, path) for photo in taken if (path := self._objects.find(photo.sha256)) is not None]
        names = {name for name, _ in found}
        lost = [Missing(sha256=it.sha256, captured_at=it.taken_at) for it in taken if it.sha256 not in names]
        return found, lost

    def _public_keys(self, pictures: Sequence[Picture], nodes: Sequence[PublicKeys]) -> dict[str, PublicKeys]:
        """By path in the package."""
        keys = {"keys/central.json": _public(read_key_pairs(self._keys))}
        for folder in sorted(self._keys.glob("former-*")):
            if has_key_pairs(folder):
                keys[f"keys/central-{folder.name}.json"] = _public(read_key_pairs(folder))
        signers = {Signed.model_validate_json(it.manifest).key_id for it in pictures if it.manifest is not None}
        for node in nodes:
            if node.verify_key.key_id in signers:
                keys[f"keys/node-{node.verify_key.key_id}.json"] = node
        return keys


def _vouching(manifest: bytes | None, nodes: Sequence[PublicKeys]) -> bytes | None:
    """The manifest, if a node that is enrolled now signed it: nobody could check another."""
    if manifest is None:
        return None
    try:
        open_signed(manifest, Purpose.EVIDENCE, [node.verify_key for node in nodes])
    except PermanentError:
        return None
    return manifest


def _photograph(photo: Photo) -> Photograph:
    return Photograph(
        sha256=photo.sha256,
        original_sha256=photo.original_sha256,
        redaction=photo.redaction,
        case_id=photo.case_id,
        person=photo.person,
        taken_at=photo.taken_at,
        received_at=photo.received_at,
        lat=photo.lat,
        lon=photo.lon,
    )


def _public(pairs: KeyPairs) -> PublicKeys:
    return pairs.public("central", NAME)


def _piece(piece: proofs.ChainPiece) -> Piece:
    links = tuple(LinkEntry(source=it.source, row_id=it.row_id, digest=it.digest.hex()) for it in piece.links)
    return Piece(
        first=piece.links[0].seq,
        before=piece.before.hex(),
        links=links,
        signed_at=piece.checkpoint.at,
        key_id=piece.checkpoint.key_id,
        signature=base64.b64encode(piece.checkpoint.signature).decode(),
    )
