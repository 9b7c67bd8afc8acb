"""YAML → a frozen settings model, with messages an installer can act on: file, path in the file, remedy.

Both programs read their configuration this way, so it stands here beside the other things they share.
"""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from contract.errors import UsageError


class Settings(BaseModel):
    """A frozen block of configuration; an unknown key is an error, and so is a number that is none (YAML's .nan)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


SettingsT = TypeVar("SettingsT", bound=BaseModel)


def load_yaml(path: Path, model: type[SettingsT]) -> SettingsT:
    """The settings in the file at `path`.

    Raises:
        UsageError: unreadable file, broken YAML, unknown key or a value out of bounds; one line per problem.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text: {error.reason} at byte {error.start}") from error
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    return parse_settings({} if content is None else content, model, str(path))


def parse_settings(content: object, model: type[SettingsT], source: str) -> SettingsT:
    """`content` as `model`; `source` is what messages call it.

    Raises:
        UsageError: one line per problem, each with its path inside the content.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise UsageError("\n".join(_line(source, detail) for detail in _causes(error.errors()))) from error


def _causes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without complaints that only follow from others: pydantic counts a list whose items are wrong as too short."""
    places = [detail["loc"] for detail in details]

    def follows(detail: ErrorDetails) -> bool:
        depth = len(detail["loc"])
        return detail["type"] == "too_short" and any(place[:depth] == detail["loc"] != place for place in places)

    return [detail for detail in details if not follows(detail)]


def _line(source: str, detail: ErrorDetails) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]).lstrip(".")
    match detail["type"]:
        case "extra_forbidden":
            message = "unknown key; remove it or check its spelling"
        case "missing":
            message = "is missing"
        case "too_short":
            context = detail.get("ctx", {})
            what = "points" if "polygon" in where else "items"
            message = f"needs at least {context.get('min_length')} {what}, got {context.get('actual_length')}"
        case _:
            message = detail["msg"].removeprefix("Value error, ")
    return f"{source}: {where}: {message}" if where else f"{source}: {message}"
