"""Reads a JSON file so that a mistake in it names file and line."""

import json
from pathlib import Path

from contract.errors import UsageError


def read_json(path: Path, remedy: str) -> object:
    """What the file holds.

    Args:
        path: the file.
        remedy: ends the message where the file can't be had at all: what the person should do.

    Raises:
        UsageError: missing, not UTF-8, not JSON, a key given twice, or nested beyond reason.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); {remedy}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text ({error.reason} at byte {error.start}); {remedy}") from error
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{error.lineno}: is not JSON: {error.msg} (column {error.colno})") from error
    except _BadJsonError as error:
        raise UsageError(f"{path}: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: is nested too deeply to be a labelling file; {remedy}") from error


class _BadJsonError(Exception):
    """Text that Python's reader takes and we don't."""


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise _BadJsonError(f"names {', '.join(twice[:3])} more than once; keep one of each")
    return found


def _no_constant(name: str) -> float:
    raise _BadJsonError(f"holds {name}, which is no number; correct the value")
