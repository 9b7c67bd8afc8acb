"""What the public may see: counts without anything small enough to point at somebody (DOMAIN §1, items 15 and 16)."""

from collections.abc import Mapping
from dataclasses import dataclass

SMALLEST = 5
"""Counts below are not told. Lower: a single stall's owner recognises himself; higher: quiet streets vanish."""


@dataclass(frozen=True, slots=True)
class OpenTable:
    """Rows × columns of counts; None where it is withheld. Totals cover everything, withheld cells too."""

    cells: Mapping[tuple[str, str], int | None]
    row_totals: Mapping[str, int | None]
    column_totals: Mapping[str, int | None]
    total: int


def withhold(counts: Mapping[tuple[str, str], int], smallest: int = SMALLEST) -> OpenTable:
    """The table without small counts, and without what would give them away by subtraction.

    Zeros are told: nobody is in them. A row or column with one withheld cell loses its smallest other one as well.
    """
    rows = sorted({row for row, _ in counts})
    columns = sorted({column for _, column in counts})
    full = {(row, column): counts.get((row, column), 0) for row in rows for column in columns}
    hidden = {key for key, number in full.items() if 0 < number < smallest}
    lines = [[(row, column) for column in columns] for row in rows]
    lines += [[(row, column) for row in rows] for column in columns]
    row_totals = {row: sum(full[row, column] for column in columns) for row in rows}
    column_totals = {column: sum(full[row, column] for row in rows) for column in columns}
    while additions := {extra for line in lines if (extra := _second(line, hidden, full)) is not None} - hidden:
        hidden |= {min(additions)}
    return OpenTable(
        {key: None if key in hidden else number for key, number in full.items()},
        _told_totals(row_totals, {row for row, _ in hidden}, smallest),
        _told_totals(column_totals, {column for _, column in hidden}, smallest),
        sum(full.values()),
    )


def _second(
    line: list[tuple[str, str]], hidden: set[tuple[str, str]], full: Mapping[tuple[str, str], int]
) -> tuple[str, str] | None:
    """The cell to hide beside a line's only hidden one; None where none is needed or none is left."""
    if sum(key in hidden for key in line) != 1:
        return None
    others = [key for key in line if key not in hidden and full[key] > 0]
    others = others or [key for key in line if key not in hidden]
    return min(others, key=lambda key: (full[key], key)) if others else None


def _told_totals(totals: Mapping[str, int], touched: set[str], smallest: int) -> dict[str, int | None]:
    """A small total would tell what its cells hide; a single withheld one follows from the grand total."""
    hidden = {key for key in touched if 0 < totals[key] < smallest}
    if len(hidden) == 1 and len(totals) > 1:
        hidden.add(min(totals.keys() - hidden, key=lambda key: (totals[key] == 0, totals[key], key)))
    return {key: None if key in hidden else number for key, number in totals.items()}
