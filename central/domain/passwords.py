"""Which passwords are taken: long ones that aren't the name and aren't what everybody takes. Pure.

Length counts, not a zoo of characters (NIST SP 800-63B): a rule that asks for a digit and a sign gets `Password1!`.
"""

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

MIN_LENGTH = 10
"""Characters. Shorter: guessed offline within days if the table ever leaks. Longer: people write them down."""
MAX_LENGTH = 256
"""Hashing megabytes for a stranger would be a way to stop the service."""
FEWEST_DIFFERENT = 5
"""Different characters: `aaaaaaaaaa` and `1212121212` are long and are guessed first."""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_TAIL = re.compile(r"[\d\W_]+$")


class Weakness(StrEnum):
    """Why a password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    HOLDS_NAME = "holds_name"
    COMMON = "common"
    TOO_PLAIN = "too_plain"


WORDS = {
    Weakness.TOO_SHORT: f"needs at least {MIN_LENGTH} characters",
    Weakness.TOO_LONG: f"has more than {MAX_LENGTH} characters",
    Weakness.HOLDS_NAME: "holds the account's name",
    Weakness.COMMON: "is one of the commonest passwords, or begins as one",
    Weakness.TOO_PLAIN: "is one character, a row of keys or a short pattern over and over",
}


def weakness(password: str, name: str, commonest: Collection[str]) -> Weakness | None:
    """What is wrong with `password` for the account `name`; None if nothing is.

    Args:
        commonest: in small letters.

    >>> weakness("correct horse battery", "wang", ()), weakness("Password!2026", "wang", {"password"})
    (None, <Weakness.COMMON: 'common'>)
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < MIN_LENGTH:
        return Weakness.TOO_SHORT
    if len(password) > MAX_LENGTH:
        return Weakness.TOO_LONG
    if len(name) > 2 and unicodedata.normalize("NFKC", name).casefold() in plain:
        return Weakness.HOLDS_NAME
    if plain in commonest or _TAIL.sub("", plain) in commonest:
        return Weakness.COMMON
    if len(set(plain)) < FEWEST_DIFFERENT or _is_row(plain) or _repeats(plain):
        return Weakness.TOO_PLAIN
    return None


def _is_row(plain: str) -> bool:
    """A run along a keyboard's or the alphabet's row, either way, perhaps begun again."""
    return any(plain in row * 8 or plain in row[::-1] * 8 for row in _ROWS)


def _repeats(plain: str) -> bool:
    """One piece of at most four characters, over and over."""
    return any(plain == (plain[:size] * len(plain))[: len(plain)] for size in range(1, 5))
