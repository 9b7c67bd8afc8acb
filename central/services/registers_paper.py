"""A report of an import as a file: gzipped JSON lines, the first one says whose it is and what it is about."""

import gzip
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from central.services.registers_base import Register
from central.services.registers_files import RawRow
from central.services.registers_findings import Cause, Finding, known_codes
from central.services.registers_orders import Report
from contract.clock import format_rfc3339, parse_rfc3339

_COUNTS = ("rows", "bad_rows", "added", "changed", "removed", "unchanged")


class BadPaper(Exception):
    """The file is no report, or one of another release."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the first line says."""

    who: str
    made_at: datetime
    register: str
    source: str
    rows: int
    bad_rows: int
    is_written: bool


def write_report(path: Path, report: Report, who: str, made_at: datetime) -> None:
    """Writes the whole file or none, for the service's own user alone.

    Raises:
        OSError: the disk refuses.
    """
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, gzip.open(file, "wt", compresslevel=3, encoding="utf-8") as paper:
        for line in _lines(report, who, made_at):
            paper.write(json.dumps(line, ensure_ascii=False, default=_plain) + "\n")
    draft.replace(path)


def read_head(path: Path) -> Head:
    """Of a file that `write_report` made.

    Raises:
        BadPaper: it is something else.
        OSError: it can't be read.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as paper:
            return _head(json.loads(paper.readline()))
    except (ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
        raise BadPaper(str(path)) from error


def read_report(path: Path) -> tuple[Head, Report]:
    """The whole.

    Raises:
        BadPaper: it is something else.
        OSError: it can't be read.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as paper:
            said, *lines = map(json.loads, paper)
        return _head(said), _report(said, lines)
    except (ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
        raise BadPaper(str(path)) from error


def _lines(report: Report, who: str, made_at: datetime) -> Iterator[Mapping[str, object]]:
    yield {
        "who": who,
        "made_at": format_rfc3339(made_at),
        "register": report.register.value,
        "source": report.source,
        "is_dry_run": report.is_dry_run,
        "version": report.version,
        "headings": report.headings,
        **{name: getattr(report, name) for name in _COUNTS},
    }
    for one in report.findings:
        yield {"row": one.row, "key": one.key, "field": one.field, "code": one.code, "facts": dict(one.facts)}
    for row in report.bad:
        yield {"number": row.number, "cells": dict(row.cells)}


def _plain(value: object) -> object:
    """What JSON has no form for: a cause keeps both languages, a date or a number of a sheet becomes its text."""
    return {"zh": value.zh, "en": value.en} if isinstance(value, Cause) else str(value)


def _head(said: Mapping[str, object]) -> Head:
    return Head(
        who=str(said["who"]),
        made_at=parse_rfc3339(str(said["made_at"])),
        register=str(said["register"]),
        source=str(said["source"]),
        rows=int(str(said["rows"])),
        bad_rows=int(str(said["bad_rows"])),
        is_written=said["version"] is not None,
    )


def _report(said: Mapping[str, object], lines: list[dict[str, object]]) -> Report:
    findings = [line for line in lines if "code" in line]
    codes = known_codes()
    known = tuple(_finding(line) for line in findings if line["code"] in codes)
    bad = tuple(RawRow(int(str(line["number"])), _mapping(line["cells"])) for line in lines if "number" in line)
    counts = {name: int(str(said[name])) for name in _COUNTS}
    return Report(
        register=Register(str(said["register"])),
        source=str(said["source"]),
        findings=known,
        is_dry_run=bool(said["is_dry_run"]),
        version=None if said["version"] is None else int(str(said["version"])),
        headings=tuple(map(str, _sequence(said["headings"]))),
        bad=bad,
        **counts,
    )


def _finding(line: Mapping[str, object]) -> Finding:
    facts = {name: _fact(value) for name, value in _mapping(line["facts"]).items()}
    return Finding(int(str(line["row"])), str(line["key"]), str(line["field"]), str(line["code"]), facts)


def _fact(value: object) -> object:
    if isinstance(value, dict) and value.keys() == {"zh", "en"}:
        return Cause(str(value["zh"]), str(value["en"]))
    return value


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("no mapping")
    return value


def _sequence(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
