"""The form of one row of a register, field by field, as the row's own columns say."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Union, get_args, get_origin

from central.console.words import Language
from central.services.registers_base import Register, Row
from central.services.registers_columns import Column, columns_of
from central.services.registers_rows import ROWS
from central.services.registers_writing import cell_of


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form of one row."""

    name: str
    title: str
    hint: str
    value: str
    example: str
    is_required: bool
    is_long: bool
    choices: tuple[Choice, ...]


def fields_of(register: Register, values: Mapping[str, str], language: Language) -> list[Field]:
    """What may be filled in; restricted cells are for the files alone."""
    model = ROWS[register]
    return [
        Field(
            name=column.field,
            title=column.zh if language == "zh" else column.field,
            hint=column.en if language == "en" else "",
            value=values.get(column.field, ""),
            example=column.example,
            is_required=column.is_required,
            is_long=column.field in {"rings", "region"},
            choices=_choices(model, column),
        )
        for column in columns_of(model)
        if column.field not in model.RESTRICTED
    ]


def _choices(model: type[Row], column: Column) -> tuple[Choice, ...]:
    """The words of a closed set."""
    kind: Any = model.model_fields[column.field].annotation
    if get_origin(kind) in {Union, types.UnionType}:
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind is bool:
        return (Choice("否", "否 no"), Choice("是", "是 yes"))
    if not (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return ()
    empty = () if column.is_required else (Choice("", "–"),)
    return (*empty, *(Choice(word.value, word.value) for word in kind))


def values_of(row: Row) -> dict[str, str]:
    """What the form of a known row holds."""
    return {column.field: str(cell_of(row, column.field)) for column in columns_of(type(row))}
