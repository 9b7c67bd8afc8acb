"""What is wrong with rows of registers, as data and as sentences in both languages."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import RootModel, ValidationError
from pydantic_core import ErrorDetails

from contract.configfile import Settings, load_yaml

Level = Literal["error", "warning"]
Language = Literal["zh", "en"]
_BOUNDS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
_SIGNS = {"gt": "> ", "ge": "≥ ", "lt": "< ", "le": "≤ "}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one field of one row. `row` counts as the file does (the heading is 1), 0 for all."""

    row: int
    key: str
    field: str
    code: str
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def level(self) -> Level:
        return _texts()[self.code].level

    def problem(self, language: Language) -> str:
        return self._said(language, 0)

    def remedy(self, language: Language) -> str:
        return self._said(language, 1)

    def _said(self, language: Language, part: int) -> str:
        text = _texts()[self.code]
        chosen = text.zh if language == "zh" else text.en
        facts = {name: _in(language, value) for name, value in self.facts.items()}
        return chosen[part].format(**facts)


@dataclass(frozen=True, slots=True)
class Cause:
    """A fact that is itself said differently in both languages."""

    zh: str
    en: str


class _Text(Settings):
    level: Level
    zh: tuple[str, str]
    en: tuple[str, str]


class _Texts(RootModel[dict[str, _Text]]):
    """code: what it says"""


@cache
def _texts() -> dict[str, _Text]:
    return load_yaml(Path(__file__).with_name("registers_problems.yaml"), _Texts).root


def known_codes() -> frozenset[str]:
    """Every code that can be said."""
    return frozenset(_texts())


def findings_of(error: ValidationError, row: int, key: str, headings: Mapping[str, str]) -> Iterable[Finding]:
    """The findings of one row that pydantic refused; `headings` are the file's own names of the fields."""
    for detail in error.errors(include_url=False):
        facts = dict(detail.get("ctx", {}))
        name = str(facts.pop("field", detail["loc"][0] if detail["loc"] else ""))
        code, more = _read(detail)
        yield Finding(row, key, headings.get(name, name), code, facts | more)


def _read(detail: ErrorDetails) -> tuple[str, dict[str, object]]:
    kind, facts = detail["type"], detail.get("ctx", {})
    if kind in _texts():
        return kind, {}
    if kind in _BOUNDS:
        bound = _BOUNDS[kind]
        return "out_of_range", {"bound": f"{_SIGNS[bound]}{facts[bound]:g}"}
    match kind:
        case "int_parsing" | "float_parsing" | "int_type" | "float_type" | "int_from_float" | "finite_number":
            return "no_number", {}
        case "string_too_long" | "too_long":
            return "too_long", {"bound": facts["max_length"]}
        case "string_pattern_mismatch":
            return "bad_id", {"value": detail["input"]}
        case "string_too_short" | "too_short" | "string_type" | "enum" if detail["input"] in (
            None,
            "",
        ):  # may be a list
            return "missing", {}
        case "date_type" | "date_from_datetime_parsing":
            return "no_date", {"value": detail["input"]}
    return "malformed", {"value": detail["msg"]}


def _in(language: Language, value: object) -> object:
    if isinstance(value, Cause):
        return value.zh if language == "zh" else value.en
    return value
