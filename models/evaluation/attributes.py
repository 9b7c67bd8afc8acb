"""attributes.json: what is known of a picture's circumstances, by stem, for slices and for resampling by scene.

{"p1": {"light": "night", "weather": "rain", "lookalikes": ["steam", "headlight"], "scene": "crossing-3"}}
"""

from collections.abc import Mapping, Set
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from contract.errors import UsageError
from datasets.json_file import read_json

SCENE = "scene"
LIGHT = "light"

Attributes = Mapping[str, tuple[str, ...]]
"""Values by key; a key without a value says nothing."""

_Value = str | bool | int | float | None
_FILE = TypeAdapter(dict[str, dict[str, _Value | list[_Value]]])


def read_attributes(path: Path, stems: Set[str]) -> dict[str, Attributes]:
    """Attributes by stem; empty where there is no such file.

    Raises:
        UsageError: malformed, or it names a picture that isn't in `stems`.
    """
    if not path.exists():
        return {}
    try:
        content = _FILE.validate_python(read_json(path, "remove it, or write an object of objects"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:2])
        raise UsageError(f"{path}: {where}: {first['msg']}; write text, a number or a list of them") from error
    strangers = sorted(set(content) - stems)
    if strangers:
        raise UsageError(f"{path}: names {strangers[0]}, which is no picture in images/; remove it")
    return {stem: {key: _texts(value) for key, value in entries.items()} for stem, entries in content.items()}


def _texts(value: _Value | list[_Value]) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(_text(entry) for entry in values if entry is not None and entry != "")


def _text(value: str | bool | int | float) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
