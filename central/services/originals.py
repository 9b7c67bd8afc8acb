"""Opening a sealed original: with central's own key, for a case and a reason, and never without a line about it."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from contract.clock import Clock, format_rfc3339
from contract.errors import PermanentError, UsageError
from contract.sealing import UnsealKey

OPENINGS_FILE = "openings.jsonl"


@dataclass(frozen=True, slots=True)
class Opening:
    """Who wants to see what, and why. `sha256` names the redacted picture."""

    sha256: str
    case: str
    reason: str
    who: str


def open_original(sealed: bytes, opening: Opening, keys: Iterable[UnsealKey], log: Path, clock: Clock) -> bytes:
    """The picture before redaction; the line about it is on disk before anybody sees it.

    Args:
        sealed: as the node kept it.
        keys: central's present and former keys.
        log: a file of lines, appended to.

    Raises:
        UsageError: no case or reason, or the line can't be written.
        PermanentError: none of the keys opens it, or it belongs to another picture.
    """
    require_grounds(opening)
    _note(opening, log, clock)
    for key in keys:
        try:
            return key.open(sealed, f"original:{opening.sha256}")
        except PermanentError:
            continue
    raise PermanentError(f"{opening.sha256}: none of central's keys opens it as this picture's original")


def require_grounds(opening: Opening) -> None:
    """Raises:
    UsageError: no case or no reason.
    """
    if not opening.case.strip() or len(opening.reason.strip()) < 5:
        raise UsageError("an original is opened for a case and with a reason of some words")


def _note(opening: Opening, log: Path, clock: Clock) -> None:
    line = {"at": format_rfc3339(clock.now()), "who": opening.who, "case": opening.case, "reason": opening.reason}
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | {"sha256": opening.sha256}, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"{log}: can't be written ({error.strerror}); nothing is opened unrecorded") from error
