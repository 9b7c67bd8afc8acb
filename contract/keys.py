"""A party's two key pairs on disk, and the file with their public halves that the other party pins.

PEM files (PKCS 8), readable by their owner only. The fingerprint is what two people read to each other on the phone.
"""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import Field, ValidationError

from contract.errors import PermanentError, UsageError
from contract.events import Name, WireModel
from contract.problems import first_problem
from contract.sealing import SealKey, UnsealKey
from contract.signing import Base64, Purpose, Signed, SigningKey, VerifyKey, open_signed

SIGN_FILE = "sign.pem"
SEAL_FILE = "seal.pem"
MAX_FILE_BYTES = 16 * 1024

RawKey = Annotated[Base64, Field(min_length=44, max_length=44)]


class PublicKeys(WireModel):
    """Who a party is: its name and the public halves of its signing and sealing keys, in base64."""

    format: Literal["xunjie-public-keys/1"] = "xunjie-public-keys/1"
    party: Literal["node", "central"]
    name: Name
    signing: RawKey
    sealing: RawKey

    def to_wire(self) -> bytes:
        return self.model_dump_json().encode()

    @property
    def verify_key(self) -> VerifyKey:
        return VerifyKey(base64.b64decode(self.signing))

    @property
    def seal_key(self) -> SealKey:
        return SealKey(base64.b64decode(self.sealing))

    @property
    def fingerprint(self) -> str:
        """Eight groups of four hex digits over both keys; name and party do not enter."""
        digest = hashlib.sha256(base64.b64decode(self.signing) + base64.b64decode(self.sealing)).hexdigest()[:32]
        return "-".join(digest[start : start + 4] for start in range(0, 32, 4))

    def has_fingerprint(self, typed: str) -> bool:
        """Whether a person typed this fingerprint; case, spaces and dashes don't matter."""
        plain = "".join(character for character in typed.lower() if character.isalnum())
        return hmac.compare_digest(plain.encode(), self.fingerprint.replace("-", "").encode())


@dataclass(frozen=True, slots=True)
class KeyPairs:
    """A party's own keys."""

    signing: SigningKey
    sealing: UnsealKey

    @classmethod
    def generate(cls) -> "KeyPairs":
        return cls(SigningKey.generate(), UnsealKey.generate())

    def public(self, party: Literal["node", "central"], name: str) -> PublicKeys:
        return PublicKeys(
            party=party,
            name=name,
            signing=base64.b64encode(self.signing.public.raw).decode(),
            sealing=base64.b64encode(self.sealing.public.raw).decode(),
        )


def write_key_pairs(folder: Path, pairs: KeyPairs) -> None:
    """Writes both private keys into `folder` (0700), each file 0600 from its first byte on.

    Raises:
        UsageError: the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        for name, key in ((SIGN_FILE, pairs.signing.private), (SEAL_FILE, pairs.sealing.private)):
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_private(folder / name, pem)
    except OSError as error:
        raise UsageError(f"{folder}: keys can't be written ({error.strerror}); check the path and its owner") from error


def read_key_pairs(folder: Path) -> KeyPairs:
    """The keys in `folder`.

    Raises:
        UsageError: missing, unreadable, damaged, or open to others than their owner.
    """
    sign, seal = _read_pem(folder / SIGN_FILE), _read_pem(folder / SEAL_FILE)
    if not isinstance(sign, Ed25519PrivateKey):
        raise UsageError(f"{folder / SIGN_FILE}: holds no Ed25519 key")
    if not isinstance(seal, X25519PrivateKey):
        raise UsageError(f"{folder / SEAL_FILE}: holds no X25519 key")
    return KeyPairs(SigningKey(sign), UnsealKey(seal))


def has_key_pairs(folder: Path) -> bool:
    return (folder / SIGN_FILE).exists() or (folder / SEAL_FILE).exists()


def parse_public_keys(content: bytes, source: str) -> PublicKeys:
    """The public keys in `content`; `source` is what messages call it.

    Raises:
        UsageError: no such file of ours.
    """
    try:
        if len(content) > MAX_FILE_BYTES:
            raise UsageError(f"{source}: {len(content)} bytes; no file of public keys is that large")
        keys = PublicKeys.model_validate_json(content)
        keys.verify_key, keys.seal_key  # noqa: B018  # raises on a wrong length
    except ValidationError as error:
        raise UsageError(f"{source}: is no file of public keys: {first_problem(error, 'file')}") from error
    except ValueError as error:
        raise UsageError(f"{source}: holds a key that is none: {error}") from error
    return keys


def enrolment(pairs: KeyPairs, name: str) -> Signed:
    """A node's public keys, signed with its own key: proof that whoever enrols holds the private half."""
    return pairs.signing.wrap(pairs.public("node", name).to_wire(), Purpose.ENROLMENT)


def read_enrolment(content: bytes, source: str) -> PublicKeys:
    """The public keys in a node's enrolment file.

    Raises:
        UsageError: no enrolment, or not signed by the key that it brings.
    """
    try:
        envelope = Signed.model_validate_json(content)
    except ValidationError as error:
        raise UsageError(f"{source}: is no enrolment file; make one with `python -m edge enroll`") from error
    keys = parse_public_keys(base64.b64decode(envelope.payload), source)
    try:
        open_signed(content, Purpose.ENROLMENT, [keys.verify_key])
    except PermanentError as error:
        raise UsageError(f"{source}: {error}") from error
    if keys.party != "node":
        raise UsageError(f"{source}: holds the keys of {keys.party} {keys.name}; a node's are wanted")
    return keys


def write_private(path: Path, content: bytes) -> None:
    """Replaces `path` whole or not at all; nobody but the owner may read it at any moment.

    Raises:
        OSError: the disk refuses.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_pem(path: Path) -> object:
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(f"{path}: others may read this private key; run chmod 600 on it")
        return load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"{path}: private key can't be read ({error.strerror}); enrol first") from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: is no private key; restore it or enrol again with --renew") from error
