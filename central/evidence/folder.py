"""The evidence object store on a local folder: files named by their sha256, written whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from contract.errors import UsageError

HEAD_BYTES = 12
"""Of an upload, kept aside: enough to tell a JPEG picture from an MP4 clip."""


class FolderStore:
    """``{root}/ab/abcdef….jpg``. Any thread; two writers of one picture write the same bytes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self) -> None:
        """Makes the folder.

        Raises:
            UsageError: it can't be made or written.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root):
                pass
        except OSError as error:
            raise UsageError(f"evidence folder {self._root}: can't be written ({error.strerror})") from error

    def find(self, sha256: str) -> Path | None:
        """The picture's file, or None."""
        path = self._path(sha256)
        return path if path.is_file() else None

    def keep_manifest(self, sha256: str, wire: bytes) -> None:
        """Keeps the signed manifest that vouches for a picture beside it; the first one stays."""
        path = self._path(sha256).with_suffix(".manifest.json")
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            partial = path.with_suffix(".part")
            partial.write_bytes(wire)
            partial.replace(path)

    def manifest(self, sha256: str) -> bytes | None:
        """The signed manifest of a picture, or None."""
        path = self._path(sha256).with_suffix(".manifest.json")
        return path.read_bytes() if path.is_file() else None

    def has(self, sha256: str) -> bool:
        return self._path(sha256).is_file()

    def every(self) -> Iterator[tuple[str, Path]]:
        """All pictures, by name."""
        for path in sorted(self._root.glob(f"{'[0-9a-f]' * 2}/*.jpg")):
            yield path.stem, path

    def put(self, content: bytes) -> None:
        """Keeps a picture under its own hash."""
        upload = self.begin()
        try:
            upload.write(content)
            upload.commit()
        finally:
            upload.discard()

    def remove(self, sha256: str) -> int:
        """Deletes the picture; gives its bytes, 0 if it was not there."""
        path = self._path(sha256)
        try:
            size_bytes = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size_bytes

    def begin(self) -> "FolderUpload":
        """A new picture under way; finish it with `commit` or `discard`."""
        return FolderUpload(self._root)

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / f"{sha256}.jpg"


class FolderUpload:
    """One picture being received. Hashes what it is given."""

    def __init__(self, root: Path) -> None:
        self._root = root
        descriptor, name = tempfile.mkstemp(prefix="upload-", dir=root)
        self._path = Path(name)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self._hash = hashlib.sha256()
        self.head = b""
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._file.write(chunk)
        self.size_bytes += len(chunk)
        if len(self.head) < HEAD_BYTES:
            self.head = (self.head + chunk)[:HEAD_BYTES]

    def commit(self) -> None:
        """On disk under its hash when this returns."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        folder = self._root / self.sha256[:2]
        folder.mkdir(exist_ok=True)
        self._path.chmod(0o640)
        self._path.replace(folder / f"{self.sha256}.jpg")

    def discard(self) -> None:
        """Leaves nothing behind; harmless after `commit`."""
        if not self._file.closed:
            self._file.close()
        self._path.unlink(missing_ok=True)
