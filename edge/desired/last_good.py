"""What survives a restart: the last bundle that worked, and which one is being tried.

state_dir/desired/last-good.json   the signed message as it came; verified again whenever it is read
state_dir/desired/trying.json      hash and count of a bundle whose application has begun and not ended
"""

import json
from pathlib import Path

from contract.errors import PermanentError
from contract.keys import write_private

LAST_GOOD_FILE = "last-good.json"
TRYING_FILE = "trying.json"
MAX_TRIES = 2
"""A bundle at whose application the node ended this often is not tried again: it would end it for ever."""


class LastGood:
    """The folder. One thread writes."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / "desired"

    def read(self) -> bytes | None:
        """The signed message, or None on a node that never had one.

        Raises:
            PermanentError: the file is there and can't be read.
        """
        try:
            return (self._folder / LAST_GOOD_FILE).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PermanentError(f"{self._folder}: the last good bundle can't be read ({error.strerror})") from error

    def begin(self, sha256: str) -> bool:
        """Notes that this bundle is being tried; False if it has ended the node too often."""
        tries = self._tries_of(sha256)
        if tries >= MAX_TRIES:
            return False
        self._write(TRYING_FILE, json.dumps({"sha256": sha256, "tries": tries + 1}).encode())
        return True

    def end(self) -> None:
        """The trial is over, whatever came of it."""
        (self._folder / TRYING_FILE).unlink(missing_ok=True)

    def keep(self, wire: bytes) -> None:
        """This one works. The old one stays until the new one is whole on disk.

        Raises:
            PermanentError: the disk refuses.
        """
        self._write(LAST_GOOD_FILE, wire)

    def _tries_of(self, sha256: str) -> int:
        try:
            content = json.loads((self._folder / TRYING_FILE).read_bytes())
            return int(content["tries"]) if content["sha256"] == sha256 else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._folder / name, content)
        except OSError as error:
            raise PermanentError(f"{self._folder / name}: can't be written ({error.strerror})") from error
