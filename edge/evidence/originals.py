"""Originals: pictures before redaction, sealed to central's public key. The node itself can't open them again."""

import hashlib
from pathlib import Path

from contract.evidence_manifest import SealedOriginal
from contract.sealing import SealKey
from edge.evidence.files import replace_whole, writing

ORIGINALS_FOLDER = "originals"
SUFFIX = ".sealed"


class Originals:
    """``originals/<sha256 of the redacted picture>.sealed``."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the evidence folder."""
        self._folder = folder / ORIGINALS_FOLDER

    def path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}{SUFFIX}"

    def find(self, sha256: str) -> Path | None:
        """The sealed original of the picture with this hash; None if there is none (any more)."""
        path = self.path(sha256)
        return path if path.is_file() else None

    def seal(self, sha256: str, original: bytes, key: SealKey) -> SealedOriginal:
        """Keeps `original` so that only the owner of `key` can read it, and names what was sealed.

        Raises:
            PermanentError: the disk refuses.
        """
        sealed = key.seal(original, sealing_context(sha256))
        target = self.path(sha256)
        with writing(target):
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_whole(target, sealed)
        return SealedOriginal(
            sha256=hashlib.sha256(original).hexdigest(),
            sealed_sha256=hashlib.sha256(sealed).hexdigest(),
            size_bytes=len(sealed),
            sealed_for=key.key_id,
        )


def sealing_context(sha256: str) -> str:
    """What the seal is bound to: the redacted picture's hash, so that no original can pass for another's.

    >>> sealing_context("ab")
    'original:ab'
    """
    return f"original:{sha256}"
