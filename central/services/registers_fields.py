"""How single cells of a register are read: dates, truths, words, lists, hours and geometry as people write them.

A cell that can't be read raises `PydanticCustomError`; its type is a code of `registers_problems.yaml`, its context the
facts of the sentence.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, TypeVar

import shapely
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, StringConstraints
from pydantic_core import PydanticCustomError

from central.domain.registers.areas import level_of
from central.domain.registers.seasons import parse_seasonal_hours

Ring = tuple[tuple[float, float], ...]
Rings = tuple[Ring, ...]
DIGITS = 7
"""Decimals of a degree that are kept: a centimetre. Fewer would move corners, more would only be noise."""
MOST_CORNERS = 20_000
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_DAY = re.compile(r"^(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D?$")
_TRUTHS = {
    **dict.fromkeys(("1", "true", "yes", "y", "是", "有", "√", "对"), True),
    **dict.fromkeys(("0", "false", "no", "n", "否", "无", "×", ""), False),
}
_LIST = re.compile(r"[;；\n]+")
_WORDS = re.compile(r"[;；,，、\n]+")


def wrong(code: str, english: str, **facts: object) -> PydanticCustomError:
    """The error of a cell."""
    return PydanticCustomError(code, english, facts)


def _blank(value: object) -> object:
    """An empty cell says nothing."""
    return None if isinstance(value, str) and not value.strip() else value


def _plain(value: object) -> object:
    """A number where a word is meant, as spreadsheets make of codes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, float) and abs(value) >= 1e15:
        raise wrong("digits_lost", "the spreadsheet has cut digits off {value}", value=f"{value:.0f}")
    return str(value)


def _day(value: object) -> object:
    value = _blank(value)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or value is None:
        return value
    if isinstance(value, float | int) and 20_000 < value < 80_000:
        return _EXCEL_DAY_ZERO + timedelta(days=int(value))
    match = _DAY.match(str(value).strip())
    try:
        if match is not None:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise wrong("no_date", "{value} is no date", value=str(value))


def _truth(value: object) -> object:
    if isinstance(value, bool):
        return value
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip().lower()
    if value is None or text not in _TRUTHS:
        raise wrong("no_truth", "{value} is neither yes nor no", value=str(value))
    return _TRUTHS[text]


def _split(pattern: re.Pattern[str]) -> Callable[[object], object]:
    def read(value: object) -> object:
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(part.strip() for part in pattern.split(value) if part.strip())
        return value

    return read


def _code(value: object) -> str:
    code = "" if value is None else str(_plain(value)).strip()
    if code:
        try:
            level_of(code)
        except ValueError as error:
            name = "code_length" if code.isalnum() and code.isascii() else "code_letters"
            raise wrong(name, "{value}: {length} digits", value=code, length=len(code)) from error
    return code


def _hour_lines(value: object) -> object:
    """``never`` says that it never opens; an empty cell says nothing."""
    lines = () if value in ("never", "从不") else _split(_LIST)(value)
    if not isinstance(lines, list | tuple):
        raise wrong("no_hours", "{value}", value=str(value))
    try:
        parse_seasonal_hours(tuple(str(line) for line in lines))
    except ValueError as error:
        raise wrong("no_hours", "{value}", value=str(error)) from error
    return lines


def _degree_of(field: str, most: float) -> AfterValidator:
    def check(value: float | None) -> float | None:
        if value is None:
            return None
        if not isfinite(value) or abs(value) > 180:
            raise wrong("projected", "{value} is no degree", value=value)
        if abs(value) > most:
            raise wrong("swapped", "{field} can't be {value}", field=field, value=value)
        return round(value, DIGITS)

    return AfterValidator(check)


def read_rings(value: object) -> Rings:
    """Rings of (lon, lat) from GeoJSON, WKT or ``lon lat; lon lat; …``; the last corner is not the first again."""
    rings = corners_of(value)
    if not isinstance(rings, list | tuple):
        raise wrong("no_polygon", "{value} is no polygon", value=str(value)[:60])
    return tuple(_ring(ring) for ring in rings)


def corners_of(value: object) -> object:
    """What is meant to be rings of pairs, in whatever unit; unchecked."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        value = _from_text(value.strip())
    return _from_geojson(value) if isinstance(value, Mapping) else value


def _from_text(text: str) -> object:
    if text.startswith(("{", "[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise wrong("no_polygon", "{value} is no polygon", value=text[:60]) from error
    if text[:1].isalpha():
        try:
            return json.loads(shapely.to_geojson(shapely.from_wkt(text)))
        except shapely.errors.GEOSException as error:
            raise wrong("no_polygon", "{value} is no polygon", value=text[:60]) from error
    return [[pair.replace(",", " ").replace("，", " ").split() for pair in _LIST.split(text) if pair.strip()]]


def _from_geojson(value: Mapping[str, Any]) -> object:
    corners = value.get("coordinates")
    match value.get("type"):
        case "Polygon" if isinstance(corners, list):
            return corners
        case "MultiPolygon" if isinstance(corners, list):
            return [ring for part in corners for ring in part]
    raise wrong("no_polygon", "{value} is no polygon", value=str(value.get("type")))


def _ring(value: object) -> Ring:
    try:
        corners = [(float(pair[0]), float(pair[1])) for pair in value]  # type: ignore[attr-defined]
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise wrong("no_polygon", "{value} is no polygon", value=str(value)[:60]) from error
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(corners) < 3:
        raise wrong("few_corners", "a ring of {count} corners", count=len(corners))
    if len(corners) > MOST_CORNERS:
        raise wrong("many_corners", "a ring of {count} corners", count=len(corners))
    for lon, lat in corners:
        if not (isfinite(lon) and isfinite(lat)) or max(abs(lon), abs(lat)) > 180:
            raise wrong("projected", "{value} is no degree", value=f"{lon} {lat}")
        if abs(lat) > 90:
            raise wrong("swapped", "{field} can't be {value}", field="lat", value=lat)
    return tuple((round(lon, DIGITS), round(lat, DIGITS)) for lon, lat in corners)


def read_region(value: object) -> Ring:
    """A region of a picture: (x, y) in 0..1. None, "" and an empty list, as it is kept, are no region."""
    if value is None or value in ("", [], ()):
        return ()
    if isinstance(value, str):
        rings = _from_text(value.strip())
        value = rings[0] if isinstance(rings, list) and rings and isinstance(rings[0], list) else rings
        value = value[0] if isinstance(value, list) and value and isinstance(value[0][0], list) else value
    try:
        corners = tuple((float(pair[0]), float(pair[1])) for pair in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise wrong("no_region", "{value} is no region", value=str(value)[:60]) from error
    if len(corners) < 3:
        raise wrong("few_corners", "a region of {count} corners", count=len(corners))
    if any(not 0 <= share <= 1 for corner in corners for share in corner):
        raise wrong("no_region", "{value} is no region", value=str(value)[:60])
    return corners


E = TypeVar("E", bound=StrEnum)


def word_of(kinds: type[E], chinese: Mapping[str, E]) -> BeforeValidator:
    """A word of a closed set, in Chinese or as the code calls it."""

    def read(value: object) -> object:
        value = _blank(value)
        text = str(value).strip()
        if value is None or text in chinese:
            return chinese.get(text)
        try:
            return kinds(text.lower())
        except ValueError as error:
            known = "、".join(chinese) + " / " + ", ".join(kinds)
            raise wrong("unknown_word", "{value} is none of {known}", value=text, known=known) from error

    return BeforeValidator(read)


_TEXT = BeforeValidator(lambda value: "" if value is None else _plain(value))
_WORD = BeforeValidator(_plain)
# constraints stand inside, where pydantic checks them itself; around the other validators it would do so in Python
_Key = Annotated[str, StringConstraints(pattern=r"^\w[\w.()（）〔〕#-]{0,63}$", strip_whitespace=True)]
Key = Annotated[_Key, _WORD]
Short = Annotated[Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)], _TEXT]
Text = Annotated[Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)], _TEXT]
Named = Annotated[Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)], _WORD]
AreaCode = Annotated[str, PlainValidator(_code)]
Lon = Annotated[float | None, BeforeValidator(_blank), _degree_of("lon", 180)]
Lat = Annotated[float | None, BeforeValidator(_blank), _degree_of("lat", 90)]
Heading = Annotated[Annotated[float, Field(ge=0, le=360, allow_inf_nan=False)] | None, BeforeValidator(_blank)]
View = Annotated[Annotated[float, Field(gt=0, le=170, allow_inf_nan=False)] | None, BeforeValidator(_blank)]
Metres = Annotated[Annotated[float, Field(gt=0, le=500)] | None, BeforeValidator(_blank)]
Count = Annotated[Annotated[int, Field(ge=0, le=100_000)] | None, BeforeValidator(_blank)]
Day = Annotated[date | None, BeforeValidator(_day)]
Truth = Annotated[bool, BeforeValidator(_truth)]
Hours = Annotated[Annotated[tuple[str, ...], Field(max_length=50)], BeforeValidator(_hour_lines)]
Words = Annotated[Annotated[tuple[str, ...], Field(max_length=200)], BeforeValidator(_split(_WORDS))]
_AS_IT_IS = PlainSerializer(lambda value: value, return_type=Any)
Geometry = Annotated[Rings, PlainValidator(read_rings), _AS_IT_IS]
Region = Annotated[Ring, PlainValidator(read_region), _AS_IT_IS]
