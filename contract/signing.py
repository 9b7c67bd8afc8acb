"""Signatures two programs agree on: Ed25519 over exact bytes, and the envelope a signed message travels in.

A signature covers its purpose as well as the bytes, so that a signed request can never pass for a signed bundle.
What is signed is never parsed and written again: the envelope carries the very bytes.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AfterValidator, Field, ValidationError

from contract.errors import PermanentError
from contract.events import WireModel
from contract.problems import first_problem

MAX_PAYLOAD_BYTES = 180 * 1024
"""What an envelope may carry: in base64 it stays under the broker's 256 KiB."""

KEY_ID_PATTERN = r"^[0-9a-f]{16}$"


class Purpose(StrEnum):
    """What a signature was made for."""

    BUNDLE = "bundle"
    REQUEST = "request"
    EVIDENCE = "evidence"
    ENROLMENT = "enrolment"
    AUDIT = "audit"
    PACKAGE = "package"


def _require_base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"is not base64: {error}") from error
    return text


Base64 = Annotated[str, AfterValidator(_require_base64)]
KeyId = Annotated[str, Field(pattern=KEY_ID_PATTERN)]


class Signed(WireModel):
    """Bytes with a signature over them. `open_signed` is the way in; nobody reads `payload` before that."""

    purpose: Purpose
    key_id: KeyId
    signature: Annotated[Base64, Field(max_length=100)]
    payload: Annotated[Base64, Field(max_length=MAX_PAYLOAD_BYTES * 4 // 3 + 4)]

    def to_wire(self) -> bytes:
        return self.model_dump_json().encode()


class VerifyKey:
    """The public half: says whether bytes were signed by its owner."""

    def __init__(self, raw: bytes) -> None:
        """`raw` is the key's 32 bytes.

        Raises:
            ValueError: not 32 bytes.
        """
        self._key = Ed25519PublicKey.from_public_bytes(raw)
        self.raw = raw
        self.key_id = key_id_of(raw)

    def is_signed(self, payload: bytes, signature: bytes, purpose: Purpose) -> bool:
        """Whether `signature` is the owner's over `payload` for this purpose and no other."""
        try:
            self._key.verify(signature, _covered(payload, purpose))
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """The private half."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = VerifyKey(key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_raw(cls, raw: bytes) -> "SigningKey":
        """From the 32 bytes of the seed (tests and samples need the same key twice)."""
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    @property
    def private(self) -> Ed25519PrivateKey:
        """For writing it to its file; see `contract.keys`."""
        return self._key

    @property
    def key_id(self) -> str:
        return self.public.key_id

    def sign(self, payload: bytes, purpose: Purpose) -> bytes:
        """The signature, 64 bytes; the same key and bytes give the same signature."""
        return self._key.sign(_covered(payload, purpose))

    def wrap(self, payload: bytes, purpose: Purpose) -> Signed:
        """`payload` in its envelope.

        Raises:
            PermanentError: larger than an envelope may carry.
        """
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise PermanentError(f"{purpose}: {len(payload)} bytes; an envelope carries {MAX_PAYLOAD_BYTES} at most")
        return Signed(
            purpose=purpose,
            key_id=self.key_id,
            signature=base64.b64encode(self.sign(payload, purpose)).decode(),
            payload=base64.b64encode(payload).decode(),
        )


def open_signed(wire: bytes, purpose: Purpose, trusted: Iterable[VerifyKey]) -> bytes:
    """The bytes in the envelope `wire`, signed for `purpose` by one of the `trusted` keys.

    Raises:
        PermanentError: no envelope, too large, for another purpose, by an unknown key, or not signed by it.
    """
    envelope = _read(wire)
    if envelope.purpose is not purpose:
        raise PermanentError(f"signed as {envelope.purpose}, not as {purpose}")
    key = next((entry for entry in trusted if entry.key_id == envelope.key_id), None)
    if key is None:
        raise PermanentError(f"signed with key {envelope.key_id}, which is not pinned here")
    payload = base64.b64decode(envelope.payload)
    if not key.is_signed(payload, base64.b64decode(envelope.signature), purpose):
        raise PermanentError(f"the signature of key {envelope.key_id} does not fit: the {purpose} was changed")
    return payload


def key_id_of(raw: bytes) -> str:
    """How a key is called: the first 16 hex digits of its hash.

    >>> key_id_of(bytes(32))
    '66687aadf862bd77'
    """
    return hashlib.sha256(raw).hexdigest()[:16]


def _read(wire: bytes) -> Signed:
    if len(wire) > MAX_PAYLOAD_BYTES * 4 // 3 + 1024:
        raise PermanentError(f"{len(wire)} bytes: larger than any signed message")
    try:
        return Signed.model_validate_json(wire)
    except ValidationError as error:
        raise PermanentError(f"no signed message: {first_problem(error, 'message')}") from error


def _covered(payload: bytes, purpose: Purpose) -> bytes:
    """What is really signed: the purpose, then the bytes."""
    return b"xunjie-signed/1\n" + purpose.encode() + b"\n" + payload
