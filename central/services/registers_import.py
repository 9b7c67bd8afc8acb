"""A file into a register: read, converted, checked row by row, compared with what is there, and written as one version.

Nothing is written while a row is wrong, unless the caller asks for the good ones.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import Connection

from central.domain.registers.frames import Frame
from central.services.registers import rows_of
from central.services.registers_base import Register, Row
from central.services.registers_checks import Circumstances, Numbered, compare
from central.services.registers_columns import match
from central.services.registers_files import RawRow, RawTable, read_table
from central.services.registers_findings import Finding, findings_of
from central.services.registers_frames import inside
from central.services.registers_rows import ROWS
from central.store import registers as stored
from central.store.database import Database
from contract.clock import Clock

LONGEST_KEY = 100
AT_A_TIME = 500
"""Rows between two words about progress."""

Progress = Callable[[int, int], None]
"""Told how many rows of how many are read."""


def nobody_watches(_done: int, _total: int) -> None:
    """Progress that goes nowhere."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported, and how.

    only_good: leave rows with errors out instead of refusing the file.
    replace: rows of the register that the file lacks are taken out; none while a row of the file is wrong.
    district: the beginning of the area codes that the person may change; "" for all.
    """

    register: Register
    name: str
    content: bytes
    who: str
    why: str
    frame: Frame = Frame.CGCS2000
    is_dry_run: bool = False
    only_good: bool = False
    replace: bool = False
    district: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do. `version` None: nothing was written."""

    register: Register
    source: str
    rows: int
    bad_rows: int
    added: int
    changed: int
    removed: int
    unchanged: int
    findings: tuple[Finding, ...]
    is_dry_run: bool
    version: int | None = None

    @property
    def errors(self) -> int:
        return sum(finding.level == "error" for finding in self.findings)

    @property
    def is_refused(self) -> bool:
        """Whether rows were wrong, so that nothing was written although it was asked for."""
        return self.version is None and not self.is_dry_run and self.errors > 0


@dataclass(slots=True)
class _Read:
    """Rows of a file that could be read, by key; `facts` as they are stored, once they have been asked for."""

    rows: dict[str, Numbered] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    count: int = 0


class ImportDesk:
    """Imports files, and single rows as if they were files of one."""

    def __init__(self, database: Database, clock: Clock, timezone: str = "Asia/Shanghai") -> None:
        self._database = database
        self._clock = clock
        self._timezone = ZoneInfo(timezone)

    def bring_in(self, order: Order, progress: Progress = nobody_watches) -> Report:
        """Imports the file, or says why not.

        Raises:
            UsageError: the file can't be read at all.
            TransientError: the database is away or busy; nothing was written.
        """
        table = read_table(order.name, order.content)
        return self._take(order, table, progress)

    def put(self, order: Order, rows: Sequence[Mapping[str, object]]) -> Report:
        """Rows that came as values, such as from a form or over the API."""
        headings = dict.fromkeys(name for row in rows for name in row)
        numbered = tuple(RawRow(number, row) for number, row in enumerate(rows, start=1))
        return self._take(order, RawTable(tuple(headings), numbered), nobody_watches)

    def remove(self, register: Register, keys: Sequence[str], who: str, why: str) -> int | None:
        """Takes rows out; gives the new version, None if none of them was there."""
        with self._database.write() as connection:
            there = {key for key in keys if stored.row(connection, register, key) is not None}
            if not there:
                return None
            return stored.append(
                connection,
                stored.NewChange(
                    self._clock.now(), who, why, register, "", dict.fromkeys(sorted(there)), {}, 0, 0, len(there)
                ),
            )

    def _take(self, order: Order, table: RawTable, progress: Progress) -> Report:
        matching = match(ROWS[order.register], table.headings)
        headings = matching.heading_by_field
        findings = [*table.findings, *matching.findings]
        if any(finding.level == "error" for finding in findings):
            return _report(order, len(table.rows), len(table.rows), findings)
        read = _Read(findings=findings)
        for number, raw in enumerate(table.rows, start=1):
            _read_row(order, raw.number, raw.cells, matching.field_by_heading, headings, read)
            if number % AT_A_TIME == 0 or number == len(table.rows):
                progress(number, len(table.rows))
        with self._database.read() as connection:
            self._compare(connection, order, headings, read)
            difference = _difference(connection, order, read)
        bad = {finding.row for finding in read.findings if finding.level == "error"}
        if order.is_dry_run or (bad and not order.only_good):
            return _report(order, len(table.rows), len(bad), read.findings, difference)
        return self._write(order, len(table.rows), len(bad), read)

    def _compare(self, connection: Connection, order: Order, headings: Mapping[str, str], read: _Read) -> None:
        """Finds what is wrong among the rows, and leaves out those with errors."""
        known: dict[Register, dict[str, Row]] = {}

        def after(register: Register) -> Mapping[str, Row]:
            if register not in known:
                replaced = order.replace and register is order.register
                known[register] = {} if replaced else {row.key: row for row in rows_of(connection, register)}
                if register is order.register:
                    known[register] |= {key: one.row for key, one in read.rows.items()}
            return known[register]

        today = self._clock.now().astimezone(self._timezone).date()
        around = Circumstances(after, today, order.frame, headings)
        found = compare(order.register, list(read.rows.values()), around)
        read.findings += found
        bad = {finding.row for finding in found if finding.level == "error" and finding.row}
        read.rows = {key: one for key, one in read.rows.items() if one.number not in bad}

    def _write(self, order: Order, rows: int, bad: int, read: _Read) -> Report:
        with self._database.write() as connection:
            made = _difference(connection, order, read)
            if not made.rows:
                return _report(order, rows, bad, read.findings, made)
            change = stored.NewChange(
                self._clock.now(),
                order.who,
                order.why,
                order.register,
                order.name,
                made.rows,
                made.restricted,
                made.added,
                made.changed,
                made.removed,
            )
            version = stored.append(connection, change)
        return _report(order, rows, bad, read.findings, made, version)


@dataclass(frozen=True, slots=True)
class _Difference:
    rows: Mapping[str, Mapping[str, Any] | None]
    restricted: Mapping[str, Mapping[str, Any]]
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


_NOTHING = _Difference({}, {})


def _read_row(
    order: Order,
    number: int,
    cells: Mapping[str, object],
    fields: Mapping[str, str],
    headings: Mapping[str, str],
    read: _Read,
) -> None:
    read.count += 1
    values = {fields[name]: cell for name, cell in cells.items() if name in fields and cell is not None and cell != ""}
    model = ROWS[order.register]
    shown = str(values.get(model.KEY, ""))[:LONGEST_KEY]
    try:
        row = inside(model.model_validate(values), order.frame)
    except ValidationError as error:
        read.findings += findings_of(error, number, shown, headings)
        return
    problem = _refused(order, row, number, headings, read)
    if problem is not None:
        read.findings.append(problem)
    else:
        read.rows[row.key] = Numbered(number, row)


def _refused(order: Order, row: Row, number: int, headings: Mapping[str, str], read: _Read) -> Finding | None:
    heading = headings.get(row.KEY, row.KEY)
    if len(row.key) > LONGEST_KEY:
        return Finding(number, row.key[:LONGEST_KEY], heading, "too_long", {"bound": LONGEST_KEY})
    first = read.rows.get(row.key)
    if first is not None:
        return Finding(number, row.key, heading, "double_key", {"other": first.number})
    if order.district and not area_of(row).startswith(order.district):
        return Finding(number, row.key, heading, "other_district", {"district": order.district})
    return None


def area_of(row: Row) -> str:
    """The area code that says whose a row is; "" where it has none."""
    for name in ("area_code", "code", "target"):
        value = getattr(row, name, None)
        if isinstance(value, str) and value:
            return value
    return ""


def _difference(connection: Connection, order: Order, read: _Read) -> _Difference:
    """What the file changes; what is as it was is not written again."""
    model = ROWS[order.register]
    there = {row.key: row.facts for row in stored.rows_of(connection, order.register)}
    kept_apart = stored.restricted_of(connection, order.register) if model.RESTRICTED else {}
    rows: dict[str, Mapping[str, Any] | None] = {}
    restricted: dict[str, Mapping[str, Any]] = {}
    added = changed = unchanged = 0
    for key, one in read.rows.items():
        facts = read.facts.get(key)
        if facts is None:
            facts = read.facts[key] = one.row.model_dump(mode="json", exclude=set(model.RESTRICTED))
        apart = _apart(one.row, model, kept_apart.get(key))
        if there.get(key) == facts and apart == kept_apart.get(key):
            unchanged += 1
            continue
        rows[key] = facts
        if apart is not None:
            restricted[key] = apart
        added, changed = added + (key not in there), changed + (key in there)
    is_whole = not any(finding.level == "error" for finding in read.findings)
    gone = sorted(set(there) - set(read.rows)) if order.replace and is_whole else []
    rows |= dict.fromkeys(_may_go(gone, there, order))
    return _Difference(rows, restricted, added, changed, len(rows) - added - changed, unchanged)


def _apart(row: Row, model: type[Row], before: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What is restricted: as the file says, or as it was where the file is silent."""
    given = row.model_dump(mode="json", include=set(model.RESTRICTED) & row.model_fields_set)
    return (dict(before or {}) | given) or None


def _may_go(keys: Sequence[str], there: Mapping[str, Any], order: Order) -> Iterator[str]:
    for key in keys:
        if not order.district or str((there[key] or {}).get("area_code", key)).startswith(order.district):
            yield key


def _report(
    order: Order,
    rows: int,
    bad: int,
    findings: Sequence[Finding],
    made: _Difference = _NOTHING,
    version: int | None = None,
) -> Report:
    return Report(
        register=order.register,
        source=order.name,
        rows=rows,
        bad_rows=bad,
        added=made.added,
        changed=made.changed,
        removed=made.removed,
        unchanged=made.unchanged,
        findings=tuple(sorted(findings, key=lambda finding: finding.row)),
        is_dry_run=order.is_dry_run,
        version=version,
    )
