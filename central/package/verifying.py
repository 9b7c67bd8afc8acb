"""Whether a package is what central signed, for an outsider: no network, no database, nothing but the file and a key.

It names the first thing that is wrong and stops: whatever follows a broken thing proves nothing.
"""

import base64
import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from central.domain.chain import digest_of, extend
from central.package.format import (
    CENTRAL_KEY,
    CHAIN,
    HISTORY,
    INDEX,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_TOTAL_BYTES,
    PATH_PATTERN,
    PHOTOGRAPHS,
    SIGNATURE,
    Chain,
    Index,
    IndexSignature,
    Photographs,
    Piece,
    Steps,
)
from central.services.sealing import signed_text
from contract.errors import PermanentError, UsageError
from contract.evidence_manifest import EvidenceManifest, entry_name, read_entry
from contract.keys import PublicKeys, parse_public_keys
from contract.problems import first_problem
from contract.signing import Purpose, VerifyKey, open_signed

_PATH = re.compile(PATH_PATTERN)
MOST_RATIO = 200
"""Of a compressed member. Packages are stored uncompressed; whoever packs one again compresses text tenfold at most."""
Model = TypeVar("Model", bound=BaseModel)


class BrokenPackage(Exception):
    """The first thing that is wrong: `what` for programs, `file` where it is, and a sentence."""

    def __init__(self, what: str, file: str, text: str) -> None:
        super().__init__(f"{file}: {text}")
        self.what = what
        self.file = file
        self.text = text


@dataclass(frozen=True, slots=True)
class Verified:
    """What a sound package proves. `is_anchored`: its key is the one that the outsider was told."""

    case_id: str
    number: str | None
    state: str
    steps: int
    checkpoints: int
    pictures: int
    photographs: int
    vouched_pictures: int
    missing_pictures: int
    fingerprint: str
    is_anchored: bool


def verify_package(path: Path, is_right_key: Callable[[PublicKeys], bool] | None) -> Verified:
    """Checks everything.

    Args:
        is_right_key: whether central's key in the package is the one that the outsider knows; None: they know none.

    Raises:
        BrokenPackage: something is wrong.
        OSError: the file can't be read at all.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify(_Members(archive), is_right_key)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BrokenPackage("zip", path.name, f"no sound ZIP file: {error}") from error


class _Members:
    """The archive's files, after its table of contents was looked at: nothing is unpacked before that."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._infos: dict[str, zipfile.ZipInfo] = {}
        total = 0
        for info in archive.infolist():
            total += info.file_size
            self._look(info, total)
            self._infos[info.filename] = info

    @property
    def names(self) -> set[str]:
        return set(self._infos)

    def read(self, name: str) -> bytes:
        """The content; never more than its table of contents says."""
        info = self._infos.get(name)
        if info is None:
            raise BrokenPackage("missing", name, "is not in the package")
        try:
            with self._archive.open(info) as file:
                content = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise BrokenPackage("changed", name, f"can't be unpacked: {error}") from error
        if len(content) != info.file_size:
            raise BrokenPackage("zip_bomb", name, "holds more than it says")
        return content

    def parse(self, name: str, model: type[Model]) -> Model:
        try:
            return model.model_validate_json(self.read(name))
        except ValidationError as error:
            raise BrokenPackage("format", name, first_problem(error, "file")) from error

    def _look(self, info: zipfile.ZipInfo, total: int) -> None:
        name = info.filename
        shown = name[:120]
        if _PATH.fullmatch(name) is None or info.orig_filename != name or info.is_dir() or _is_link(info):
            raise BrokenPackage(
                "path", shown, "no name that a package has: a way out, a folder, a link or a hidden file"
            )
        if name in self._infos:
            raise BrokenPackage("extra", shown, "is there twice")
        if info.flag_bits & 1:
            raise BrokenPackage("format", shown, "is encrypted")
        is_bomb = info.file_size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES or len(self._infos) >= MAX_FILES
        if is_bomb or info.file_size > MOST_RATIO * max(info.compress_size, 1):
            raise BrokenPackage("zip_bomb", shown, "would unpack to more than any package is")


def _verify(members: _Members, is_right_key: Callable[[PublicKeys], bool] | None) -> Verified:
    """The steps in order: who signed, what they signed, then what each file says by itself."""
    keys = _central_key(members, is_right_key)
    index = _signed_index(members, keys.verify_key)
    _check_files(members, index)
    vouched = _check_pictures(members, index)
    checkpoints = _check_history(members, index)
    pictures = [entry for entry in index.files if entry.path.startswith("pictures/")]
    return Verified(
        case_id=index.case_id,
        number=index.number,
        state=index.state,
        steps=index.steps,
        checkpoints=checkpoints,
        pictures=len(pictures),
        photographs=_check_photographs(members, index),
        vouched_pictures=vouched,
        missing_pictures=len(index.missing),
        fingerprint=keys.fingerprint,
        is_anchored=is_right_key is not None,
    )


def _central_key(members: _Members, is_right_key: Callable[[PublicKeys], bool] | None) -> PublicKeys:
    keys = _public(members, CENTRAL_KEY)
    if is_right_key is not None and not is_right_key(keys):
        raise BrokenPackage("key", CENTRAL_KEY, f"its fingerprint {keys.fingerprint} is not the one you gave")
    return keys


def _signed_index(members: _Members, key: VerifyKey) -> Index:
    text = members.read(INDEX)
    signature = members.parse(SIGNATURE, IndexSignature)
    given = base64.b64decode(signature.signature)
    if signature.key_id != key.key_id or not key.is_signed(text, given, Purpose.PACKAGE):
        raise BrokenPackage("signature", INDEX, "central's signature does not fit: the index was changed")
    return members.parse(INDEX, Index)


def _check_files(members: _Members, index: Index) -> None:
    listed = {entry.path: entry for entry in index.files}
    for name in sorted(members.names - set(listed) - {INDEX, SIGNATURE}):
        raise BrokenPackage("extra", name, "is not in the index: somebody put it in")
    for name, entry in listed.items():
        content = members.read(name)
        if len(content) != entry.size_bytes or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise BrokenPackage("changed", name, "was changed: its SHA-256 is not the one in the index")


def _check_pictures(members: _Members, index: Index) -> int:
    """How many pictures a node vouches for."""
    keys = [_public(members, entry.path).verify_key for entry in index.files if entry.path.startswith("keys/node-")]
    manifests: dict[str, EvidenceManifest] = {}
    names: dict[tuple[str, int], str] = {}
    for entry in index.files:
        folder, _, rest = entry.path.partition("/")
        sha256 = rest.partition(".")[0]
        if folder == "pictures" and sha256 != entry.sha256:
            raise BrokenPackage("changed", entry.path, "is not the picture that its name says")
        if folder == "manifests":
            payload, manifest = _manifest(members.read(entry.path), entry.path, keys)
            if sha256 not in {item.sha256 for item in manifest.items}:
                raise BrokenPackage("manifest", entry.path, "vouches for other pictures")
            manifests[sha256] = manifest
            _note_place(names, manifest, entry_name(payload), entry.path)
    for manifest in manifests.values():
        before = names.get((manifest.node_id, manifest.seq - 1))
        if before is not None and before != manifest.previous:
            raise BrokenPackage(
                "node_chain", f"{manifest.node_id} {manifest.seq}", "does not follow from the entry before it"
            )
    return len(manifests)


def _check_photographs(members: _Members, index: Index) -> int:
    """Every photograph is told of, and the sealed history names those of this case; gives how many there are."""
    files = {entry.path: entry.sha256 for entry in index.files if entry.path.startswith("photographs/")}
    told = members.parse(PHOTOGRAPHS, Photographs).photographs if PHOTOGRAPHS in members.names else ()
    history = [text for row in members.parse(HISTORY, Steps).rows for text in row.texts if text]
    known = {f"photographs/{it.sha256}.jpg" for it in told}
    for path, sha256 in files.items():
        if path not in known or path != f"photographs/{sha256}.jpg":
            raise BrokenPackage("photograph", path, f"is not the photograph that its name and {PHOTOGRAPHS} say")
    missing = {it.sha256 for it in index.missing}
    for it in told:
        if f"photographs/{it.sha256}.jpg" not in files and it.sha256 not in missing:
            raise BrokenPackage("photograph", PHOTOGRAPHS, f"tells of {it.sha256}, which is not in the package")
        said = f"sha256 {it.sha256} original {it.original_sha256}"
        if it.case_id == index.case_id and not any(said in text for text in history):
            raise BrokenPackage("photograph", PHOTOGRAPHS, f"no step of the case's history tells of {it.sha256}")
    return len(files)


def _manifest(wire: bytes, name: str, keys: Iterable[VerifyKey]) -> tuple[bytes, EvidenceManifest]:
    try:
        payload = open_signed(wire, Purpose.EVIDENCE, keys)
        entry = read_entry(payload)
    except PermanentError as error:
        raise BrokenPackage("manifest", name, str(error)) from error
    if not isinstance(entry, EvidenceManifest):
        raise BrokenPackage("manifest", name, "is another entry of a node's chain")
    return payload, entry


def _note_place(names: dict[tuple[str, int], str], manifest: EvidenceManifest, name: str, file: str) -> None:
    """One number of a node's chain is one entry."""
    if names.setdefault((manifest.node_id, manifest.seq), name) != name:
        raise BrokenPackage("node_chain", file, f"{manifest.node_id} signed two entries with number {manifest.seq}")


def _check_history(members: _Members, index: Index) -> int:
    """Every step has its link, every link leads to a checkpoint that central signed; gives how many checkpoints."""
    steps = members.parse(HISTORY, Steps)
    chain = members.parse(CHAIN, Chain)
    keys = [_public(members, entry.path) for entry in index.files if entry.path.startswith("keys/central")]
    known = {key.verify_key.key_id: key.verify_key for key in keys}
    digests: dict[int, str] = {}
    for number, piece in enumerate(chain.pieces, start=1):
        _check_piece(piece, number, known)
        digests |= {seq: link.digest for seq, link in enumerate(piece.links, start=piece.first)}
    if len(steps.rows) != index.steps:
        raise BrokenPackage("history", HISTORY, f"{len(steps.rows)} steps, the index says {index.steps}")
    where = {name: place for place, name in enumerate(steps.columns)}
    state = ""
    for row in steps.rows:
        if digests.get(row.seq) != digest_of(row.texts).hex():
            raise BrokenPackage("history", HISTORY, f"the step with link {row.seq} is not the one that was sealed")
        if row.texts[where["case_id"]] != index.case_id:
            raise BrokenPackage("history", HISTORY, f"the step with link {row.seq} is of another case")
        state = row.texts[where["to_state"]] or state
    if state and state != index.state:
        raise BrokenPackage("history", HISTORY, f"it ends in state {state}, the index says {index.state}")
    return len(chain.pieces)


def _check_piece(piece: Piece, number: int, known: dict[str, VerifyKey]) -> None:
    chain = bytes.fromhex(piece.before)
    seq = piece.first
    for seq, link in enumerate(piece.links, start=piece.first):
        chain = extend(chain, seq, link.source, link.row_id, bytes.fromhex(link.digest))
    key = known.get(piece.key_id)
    if key is None or not key.is_signed(signed_text(seq, chain), base64.b64decode(piece.signature), Purpose.AUDIT):
        raise BrokenPackage("chain", CHAIN, f"piece {number}, up to link {seq}: central's signature does not fit")


def _public(members: _Members, name: str) -> PublicKeys:
    try:
        return parse_public_keys(members.read(name), name)
    except UsageError as error:
        raise BrokenPackage("key", name, str(error)) from error


def _is_link(info: zipfile.ZipInfo) -> bool:
    return (info.external_attr >> 16) & 0o170000 == 0o120000
