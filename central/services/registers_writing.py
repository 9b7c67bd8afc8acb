"""Registers → CSV, XLSX and GeoJSON that can be imported again. What is restricted is never written."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum

import shapely
import xlsxwriter

from central.domain.registers.frames import Frame
from central.services.registers_base import Row
from central.services.registers_columns import Column, columns_of
from central.services.registers_fields import Ring, Rings
from central.services.registers_files import FileFormat
from central.services.registers_findings import Language
from central.services.registers_frames import SHIFTED_DIGITS, in_frame

MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.GEOJSON: "application/geo+json",
}
_WIDTH = 22


def write_table(
    model: type[Row], rows: Iterable[Row], kind: FileFormat, frame: Frame = Frame.CGCS2000, language: Language = "zh"
) -> bytes:
    """The rows as a file; `language` is that of the headings."""
    columns = [column for column in columns_of(model) if column.field not in model.RESTRICTED]
    moved = (in_frame(row, frame) for row in rows)
    match kind:
        case FileFormat.CSV:
            return _csv(columns, moved, language)
        case FileFormat.XLSX:
            return _xlsx(columns, moved, language)
        case FileFormat.GEOJSON:
            return _geojson(columns, moved)


def write_template(model: type[Row], kind: FileFormat, language: Language = "zh") -> bytes:
    """An empty table with all headings; a workbook's second sheet says what each column means."""
    return write_table(model, (), kind, language=language)


def _csv(columns: Sequence[Column], rows: Iterable[Row], language: Language) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_heading(column, language) for column in columns])
    for row in rows:
        writer.writerow([harmless(cell) for cell in _cells(columns, row)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()  # the mark by which spreadsheets know UTF-8


def harmless(cell: object) -> object:
    """A spreadsheet would reckon with text that begins like a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@"} else cell


def _xlsx(columns: Sequence[Column], rows: Iterable[Row], language: Language) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(
        content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet()
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet.set_column(0, len(columns) - 1, _WIDTH, text)  # as text, or long codes lose their last digits
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, [_heading(column, language) for column in columns], bold)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(_cells(columns, row)):
                if cell not in ("", None):
                    sheet.write(number, place, cell)
        notes = book.add_worksheet("说明 notes")
        notes.set_column(0, 4, _WIDTH)
        notes.write_row(0, 0, ["列 column", "field", "必填 required", "meaning", "示例 example"], bold)
        for number, column in enumerate(columns, start=1):
            facts = [column.zh, column.field, "是 yes" if column.is_required else "", column.en, column.example]
            notes.write_row(number, 0, facts)
    return content.getvalue()


def _geojson(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    """One feature a line, so that versions of a file can be compared."""
    lines = (json.dumps(_feature(columns, row), ensure_ascii=False, separators=(",", ":")) for row in rows)
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n").encode()


def _feature(columns: Sequence[Column], row: Row) -> dict[str, object]:
    facts = row.model_dump(mode="json", include={column.field for column in columns})
    rings: Rings = getattr(row, "rings", ())
    geometry: object = None
    if rings:
        geometry = json.loads(shapely.to_geojson(_polygon(rings)))
        facts.pop("rings")
    elif facts.get("lon") is not None:
        geometry = {"type": "Point", "coordinates": [facts.pop("lon"), facts.pop("lat")]}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {k: v for k, v in facts.items() if v not in ("", None)},
    }


def _heading(column: Column, language: Language) -> str:
    return column.zh if language == "zh" else column.field


def cell_of(row: Row, field: str) -> str | float | int:
    """A field as a cell that is read back as the same; ``never`` where empty would say something else."""
    value = getattr(row, field)
    is_silent = value == () and bool(type(row).model_fields[field].default)
    return "never" if is_silent else _cell(field, value)


def _cells(columns: Sequence[Column], row: Row) -> Iterator[str | float | int]:
    for column in columns:
        yield cell_of(row, column.field)


def _cell(field: str, value: object) -> str | float | int:
    match value:
        case None | ():
            return ""
        case bool():
            return "是" if value else "否"
        case StrEnum() | date():
            return str(value)
        case float() | int() | str():
            return value
        case tuple() if field == "rings":
            return str(shapely.to_wkt(_polygon(value), rounding_precision=SHIFTED_DIGITS, trim=True))
        case tuple() if field == "region":
            return "; ".join(f"{x} {y}" for x, y in value)
        case tuple():
            return "; ".join(str(part) for part in value)
    raise TypeError(f"{field}: a {type(value).__name__} can't be written into a cell")


def _polygon(rings: Rings) -> shapely.Polygon | shapely.MultiPolygon:
    """Rings in the order they have: one inside an earlier one is its hole, another begins a part of its own."""
    parts: list[tuple[Ring, list[Ring]]] = []
    for ring in rings:
        around = next((part for part in parts if shapely.Polygon(part[0]).contains(shapely.Point(ring[0]))), None)
        if around is None:
            parts.append((ring, []))
        else:
            around[1].append(ring)
    made = [shapely.Polygon(shell, holes) for shell, holes in parts]
    return made[0] if len(made) == 1 else shapely.MultiPolygon(made)
