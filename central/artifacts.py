"""Files that nodes fetch (models, software) or bring (answers to requests), each named by its sha256."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from contract.errors import PermanentError, UsageError
from contract.manifest import MANIFEST_FILE, read_manifest

CHUNK_BYTES = 1024 * 1024
GOLDEN_FILE = "golden.json"
GOLDEN_HASH = "golden_sha256"
"""The manifest's provenance entry that says there is a golden file."""


class Artifacts:
    """``{root}/ab/abcdef…``: written whole or not at all; two writers of one file write the same bytes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, sha256: str) -> Path | None:
        """The file, or None."""
        path = self._root / sha256[:2] / sha256
        return path if path.is_file() else None

    def add(self, source: Path) -> str:
        """Keeps a copy of `source`; gives its hash.

        Raises:
            UsageError: it can't be read, or the folder can't be written.
        """
        try:
            with source.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if self.find(sha256) is None:
                self._root.mkdir(parents=True, exist_ok=True)
                descriptor, draft = tempfile.mkstemp(prefix="draft-", dir=self._root)
                with source.open("rb") as file, os.fdopen(descriptor, "wb") as copy:
                    shutil.copyfileobj(file, copy, CHUNK_BYTES)
                self._settle(Path(draft), sha256)
        except OSError as error:
            raise UsageError(f"{source}: can't be taken into {self._root} ({error.strerror})") from error
        return sha256

    def keep(self, content: bytes) -> str:
        """Keeps `content`; gives its hash.

        Raises:
            PermanentError: the disk refuses.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            if self.find(sha256) is None:
                self._root.mkdir(parents=True, exist_ok=True)
                descriptor, draft = tempfile.mkstemp(prefix="draft-", dir=self._root)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                self._settle(Path(draft), sha256)
        except OSError as error:
            raise PermanentError(f"{self._root}: can't be written ({error.strerror})") from error
        return sha256

    def _settle(self, draft: Path, sha256: str) -> None:
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.chmod(0o640)
        folder = self._root / sha256[:2]
        folder.mkdir(exist_ok=True)
        draft.replace(folder / sha256)


def add_model(artifacts: Artifacts, folder: Path) -> str:
    """Takes every file of a model folder that a node needs; gives the manifest's hash, which names the model.

    Raises:
        UsageError: no intact model folder, or it can't be taken.
    """
    manifest = read_manifest(folder)
    for variant in manifest.variants:
        for entry in variant.files:
            artifacts.add(folder / entry.path)
    if GOLDEN_HASH in manifest.provenance:
        artifacts.add(folder / GOLDEN_FILE)
        artifacts.add(folder / _golden_picture(folder / GOLDEN_FILE))
    return artifacts.add(folder / MANIFEST_FILE)


def _golden_picture(path: Path) -> str:
    try:
        return str(json.loads(path.read_bytes())["picture"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a golden file; export the model again") from error
