"""JSON's numbers: rounded, null where there is none, never NaN; an interval stands beside as ``…_interval``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING

from models.evaluation.bootstrap import Measured
from models.evaluation.targets import Mark

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

DIGITS = 4


def number(value: float | None) -> float | None:
    """The number as JSON may hold it.

    >>> number(float("nan")), number(0.123456)
    (None, 0.1235)
    """
    return round(value, DIGITS) if value is not None and isfinite(value) else None


def with_interval(name: str, found: Measured) -> dict[str, Json]:
    """Both, as ``name`` and ``name_interval``."""
    low, high = number(found.low), number(found.high)
    return {name: number(found.value), f"{name}_interval": None if low is None or high is None else [low, high]}


def mark_as_json(mark: Mark | None) -> dict[str, Json] | None:
    """A target and where the model stands; null where nothing is asked for."""
    return None if mark is None else {"target": mark.target, "mark": mark.standing.value}


def plain(value: "DataclassInstance") -> Json:
    """A dataclass of numbers, texts and mappings, nan as null."""
    return _plain(asdict(value))


def _plain(value: object) -> Json:
    match value:
        case dict():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case bool() | int() | str() | None:
            return value
        case float():
            return number(value)
        case _:
            return str(value)
