"""Sealing: bytes that one holder of a private key can read, made by anyone who has the public half.

Ephemeral X25519, HKDF-SHA256, ChaCha20-Poly1305. The layout is versioned by its first bytes::

    "XJS1" · ephemeral public key, 32 bytes · ciphertext and tag

The key is used once, so the nonce is zero. `context` says what is sealed (``original:<sha256>``, ``secret:cam-17``):
it is authenticated and not stored, so that one sealed thing can't be passed off as another.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contract.errors import PermanentError
from contract.signing import key_id_of

MAGIC = b"XJS1"
KEY_BYTES = 32
OVERHEAD_BYTES = len(MAGIC) + KEY_BYTES + 16
"""By how much the sealed form is longer."""

_NONCE = bytes(12)


class SealKey:
    """The public half: seals for its owner."""

    def __init__(self, raw: bytes) -> None:
        """`raw` is the key's 32 bytes.

        Raises:
            ValueError: not 32 bytes.
        """
        self._key = X25519PublicKey.from_public_bytes(raw)
        self.raw = raw
        self.key_id = key_id_of(raw)

    def seal(self, plain: bytes, context: str) -> bytes:
        """`plain`, `OVERHEAD_BYTES` longer, readable by the owner who names the same `context`. Never twice the same.

        Raises:
            PermanentError: the key is one of the few that would seal nothing.
        """
        ephemeral = X25519PrivateKey.generate()
        try:
            shared = ephemeral.exchange(self._key)
        except ValueError as error:
            raise PermanentError(f"sealing key {self.key_id} is weak; enrol again") from error
        public = ephemeral.public_key().public_bytes_raw()
        cipher = ChaCha20Poly1305(_derive(shared, public, self.raw, context))
        return MAGIC + public + cipher.encrypt(_NONCE, plain, context.encode())


class UnsealKey:
    """The private half: opens what was sealed for it."""

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key
        self.public = SealKey(key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "UnsealKey":
        return cls(X25519PrivateKey.generate())

    @property
    def private(self) -> X25519PrivateKey:
        """For writing it to its file; see `contract.keys`."""
        return self._key

    def open(self, sealed: bytes, context: str) -> bytes:
        """What was sealed.

        Raises:
            PermanentError: damaged, sealed for another key, or sealed as something else than `context`.
        """
        if len(sealed) < OVERHEAD_BYTES or not sealed.startswith(MAGIC):
            raise PermanentError(f"{context}: is not sealed in a form known here")
        public = sealed[len(MAGIC) : len(MAGIC) + KEY_BYTES]
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(public))
            cipher = ChaCha20Poly1305(_derive(shared, public, self.public.raw, context))
            return cipher.decrypt(_NONCE, sealed[len(MAGIC) + KEY_BYTES :], context.encode())
        except (InvalidTag, ValueError) as error:
            raise PermanentError(f"{context}: can't be opened: damaged, or sealed for another key") from error


def _derive(shared: bytes, ephemeral: bytes, recipient: bytes, context: str) -> bytes:
    info = b"xunjie-seal/1\n" + context.encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=ephemeral + recipient, info=info).derive(shared)
