"""Passwords as they are kept: argon2id, a bounded number at a time, and as much work for a name that nobody has."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from contract.errors import TransientError

COMMONEST_FILE = Path(__file__).parents[1] / "commonest_passwords.txt"
LONGEST_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one look at a password costs: passes, memory, lanes."""

    passes: int
    memory_kib: int
    lanes: int


COST = Cost(passes=2, memory_kib=47_104, lanes=1)
"""77 ms of one core and 46 MiB (measured, 2-core AVX2; 3 passes 105 ms, 64 MiB 112 ms). Cheaper: a leaked table is
guessed quicker. Dearer: a morning's sign-ins queue. Hashes of other costs stay readable and are renewed at sign-in."""


class Hasher:
    """Any thread; at most `at_once` hashes are under way, so that strangers can't fill memory and cores."""

    def __init__(self, cost: Cost = COST, at_once: int = 2) -> None:
        self._argon2 = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes, type=Type.ID
        )
        self._room = BoundedSemaphore(at_once)
        self._nobodys: str | None = None

    def hash(self, password: str) -> str:
        """What is kept.

        Raises:
            TransientError: too many are under way.
        """
        with self._turn():
            return self._argon2.hash(_plain(password))

    def is_right(self, kept: str | None, password: str) -> bool:
        """Whether `kept` was made of `password`; takes as long, and is never right, where nothing is kept.

        Raises:
            TransientError: too many are under way.
        """
        if self._nobodys is None:  # made when first asked, whatever was asked: no name is quicker than another
            self._nobodys = self.hash("nobody has this password")
        with self._turn():
            try:
                self._argon2.verify(self._nobodys if kept is None else kept, _plain(password))
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made at another cost than today's."""
        return self._argon2.check_needs_rehash(kept)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._room.acquire(timeout=LONGEST_WAIT_S):
            raise TransientError("too many people sign in at this moment; try again")
        try:
            yield
        finally:
            self._room.release()


@cache
def commonest_passwords() -> frozenset[str]:
    """In small letters, from the file beside the package."""
    lines = COMMONEST_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _plain(password: str) -> bytes:
    """The same bytes for the same characters, however the keyboard composed them."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
