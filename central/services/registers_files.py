"""Tables as people bring them: CSV, XLSX and GeoJSON become rows of named cells. What they mean is not known here."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import PurePath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from central.services.registers_findings import Finding
from contract.errors import UsageError

MOST_BYTES = 256 * 2**20
MOST_ROWS = 500_000
MOST_UNPACKED = 1 << 30
"""Bytes that a workbook may unpack to: a few kilobytes can be made to unpack to terabytes."""
_KNOWN_CRS = ("CRS84", "4326", "4490")


class FileFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    GEOJSON = "geojson"


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row: its number as the file counts (headings are row 1; a GeoJSON's first feature is 1), its cells."""

    number: int
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as it was found. `findings` are about the file as a whole."""

    headings: tuple[str, ...]
    rows: tuple[RawRow, ...]
    findings: tuple[Finding, ...] = ()


def format_of(name: str) -> FileFormat:
    """By the name's ending.

    Raises:
        UsageError: another kind of file.
    """
    ending = PurePath(name).suffix.lower().lstrip(".")
    try:
        return FileFormat("geojson" if ending == "json" else ending)
    except ValueError as error:
        raise UsageError(f"{name}: can't be imported; bring a .csv, .xlsx or .geojson file") from error


def read_table(name: str, content: bytes) -> RawTable:
    """The table in a file.

    Raises:
        UsageError: it can't be read at all; the message says why and what to do.
    """
    if len(content) > MOST_BYTES:
        raise UsageError(f"{name}: is larger than {MOST_BYTES >> 20} MiB; split it")
    match format_of(name):
        case FileFormat.CSV:
            table = _from_lines(name, _csv_lines(name, content))
        case FileFormat.XLSX:
            table = _from_lines(name, _sheet(name, content))
        case FileFormat.GEOJSON:
            table = _from_geojson(name, content)
    if not table.rows:
        raise UsageError(f"{name}: holds no rows; the first line is the headings, every further line a row")
    return table


def _csv_lines(name: str, content: bytes) -> Iterator[Sequence[object]]:
    text = _decoded(name, content)
    head = text[:4096]
    separator = max(",;\t", key=head.split("\n", 1)[0].count)
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            yield [_unquoted(cell) for cell in line]
    except csv.Error as error:
        raise UsageError(
            f"{name}: is no CSV file that can be read ({error}); save it again from the program"
        ) from error


def _decoded(name: str, content: bytes) -> str:
    """UTF-8, or GB 18030 as Chinese spreadsheets save it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{name}: is neither UTF-8 nor GB 18030 text; save it as CSV UTF-8")


def _unquoted(cell: str) -> str:
    """Without the mark that keeps a spreadsheet from reading a cell as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in "=+-@" and len(cell) > 1 else cell


def _sheet(name: str, content: bytes) -> Iterator[Sequence[object]]:
    """The first sheet. The reader is written in Rust and expands no entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            unpacked = sum(entry.file_size for entry in package.infolist())
        if unpacked > MOST_UNPACKED:
            raise UsageError(f"{name}: unpacks to {unpacked >> 20} MiB; save it again, or split it")
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        yield from sheet.to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError) as error:
        raise UsageError(f"{name}: is no workbook that can be read ({error}); save it as .xlsx again") from error


def _from_lines(name: str, lines: Iterable[Sequence[object]]) -> RawTable:
    source = iter(lines)
    headings = tuple(str(cell).strip() for cell in next(source, []))
    if not any(headings):
        raise UsageError(f"{name}: the first line has no headings; `registers template` writes a file that has them")
    rows = []
    for number, line in enumerate(islice(source, MOST_ROWS + 1), start=2):
        if any(cell not in ("", None) for cell in line):
            rows.append(RawRow(number, dict(zip(headings, line, strict=False))))
    _must_fit(name, rows)
    return RawTable(tuple(filter(None, headings)), tuple(rows))


def _from_geojson(name: str, content: bytes) -> RawTable:
    try:
        document = json.loads(_decoded(name, content))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: is no JSON ({error}); export it as GeoJSON again") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise UsageError(f"{name}: is no GeoJSON FeatureCollection; export it as one")
    _must_fit(name, features)
    findings = []
    crs = str(document.get("crs", "CRS84"))
    if not any(known in crs for known in _KNOWN_CRS):
        said = document["crs"].get("properties", {}).get("name", crs) if isinstance(document["crs"], dict) else crs
        findings.append(Finding(0, "", "crs", "crs", {"value": said}))
    rows = tuple(RawRow(number, _cells(feature)) for number, feature in enumerate(features, start=1))
    headings = dict.fromkeys(heading for row in rows for heading in row.cells)
    return RawTable(tuple(headings), rows, tuple(findings))


def _cells(feature: object) -> dict[str, object]:
    """A feature's properties with its geometry as cells of the names that rows use."""
    if not isinstance(feature, dict):
        return {}
    properties = feature.get("properties")
    cells: dict[str, object] = dict(properties) if isinstance(properties, dict) else {}
    if "id" in feature and "id" not in cells:
        cells["id"] = feature["id"]
    geometry: Any = feature.get("geometry")
    if not isinstance(geometry, dict):
        return cells
    corners = geometry.get("coordinates")
    if geometry.get("type") == "Point" and isinstance(corners, list) and len(corners) >= 2:
        return cells | {"lon": corners[0], "lat": corners[1]}
    return cells | {"geometry": geometry}


def _must_fit(name: str, rows: list[Any]) -> None:
    if len(rows) > MOST_ROWS:
        raise UsageError(f"{name}: has more than {MOST_ROWS} rows; split it")
