"""How much of the disk the outbox may take, and when it is short."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LEAST_FREE_BYTES = 256 * 1024 * 1024
"""Free disk below which older updates give way. Higher: history is thinned for nothing. Lower: SQLite's journal, which
may grow to the size of a burst, finds no room before the thinning helps."""
MAX_BYTES = 4 * 1024**3
"""The outbox's own share: about 2.5 million events, 43 days of 40 cameras at one a minute."""
FLOOR_BYTES = 2 * 1024 * 1024
"""The last of the disk is kept for deleting: that needs room for the journal too, and only deleting makes room."""
RESERVE_BYTES = 4 * 1024 * 1024
"""Kept in a file of its own: on a full disk even deleting needs room for the journal."""


class Room:
    """The disk under one outbox. Asked at each append; the answer may be a second old or so, which is harmless."""

    def __init__(
        self,
        folder: Path,
        least_free_bytes: int = LEAST_FREE_BYTES,
        max_bytes: int = MAX_BYTES,
        floor_bytes: int = FLOOR_BYTES,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        self._folder = folder
        self._least_free_bytes = least_free_bytes
        self._floor_bytes = floor_bytes
        self._free_bytes = free_bytes or _free_bytes
        self.max_bytes = max_bytes
        self._reserve = folder / "outbox.reserve"

    def is_short(self) -> bool:
        """Whether older updates should give way; makes the reserve while there is plenty."""
        free = self._free_bytes(self._folder)
        if free >= self._least_free_bytes + RESERVE_BYTES:
            self._make_reserve()
        return free < self._least_free_bytes

    def is_exhausted(self) -> bool:
        """Whether the file must not grow any more; it may still fill its own free pages."""
        return self._free_bytes(self._folder) < self._floor_bytes

    def open_reserve(self) -> None:
        """Gives the reserve back to the disk."""
        with suppress(OSError):
            self._reserve.unlink(missing_ok=True)

    def _make_reserve(self) -> None:
        if self._reserve.exists():
            return
        with suppress(OSError), self._reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
