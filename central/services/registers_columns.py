"""Headings ↔ fields: columns are taken under their Chinese title, their English name or another usual heading."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from central.services.registers_base import Row
from central.services.registers_findings import Finding

_NOISE = re.compile(r"[\s_*＊-]|[(（\[【].*?[)）\]】]")


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a register as people see it."""

    field: str
    zh: str
    en: str
    also: tuple[str, ...]
    example: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Matching:
    """Which heading stands for which field, and what is wrong with the headings."""

    field_by_heading: Mapping[str, str]
    findings: tuple[Finding, ...]

    @property
    def heading_by_field(self) -> dict[str, str]:
        return {field: heading for heading, field in self.field_by_heading.items()}


def columns_of(model: type[Row]) -> tuple[Column, ...]:
    """The register's columns: the key, then those that every row needs."""
    found = []
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        also = extra.get("also")
        heads = tuple(str(head) for head in also) if isinstance(also, list) else ()
        example = str(extra.get("example", ""))
        found.append(Column(name, field.title or name, field.description or "", heads, example, field.is_required()))
    return tuple(sorted(found, key=lambda column: (column.field != model.KEY, not column.is_required)))


def match(model: type[Row], headings: Iterable[str]) -> Matching:
    """Finds each heading's field; one that no field goes by is left out and told."""
    columns = columns_of(model)
    known = {_plain(head): column.field for column in columns for head in (*column.also, column.zh, column.field)}
    fields: dict[str, str] = {}
    findings = []
    for heading in headings:
        field = known.get(_plain(heading))
        if field is None:
            names = "、".join(column.zh for column in columns if column.field not in fields.values())
            findings.append(Finding(1, "", heading, "unknown_column", {"value": heading, "known": names}))
        elif field in fields.values():
            other = next(head for head, taken in fields.items() if taken == field)
            findings.append(Finding(1, "", heading, "double_column", {"value": heading, "other": other}))
        else:
            fields[heading] = field
    for column in columns:
        if column.is_required and column.field not in fields.values():
            heading = f"{column.zh} ({column.field})"
            findings.append(Finding(1, "", heading, "missing_column", {"value": heading}))
    return Matching(fields, tuple(findings))


def _plain(heading: str) -> str:
    return _NOISE.sub("", heading.casefold())
