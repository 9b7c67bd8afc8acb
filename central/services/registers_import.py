"""A file into a register: read, converted, checked row by row, compared with what is there, and written as one version.

Nothing is written while a row is wrong, unless the caller asks for the good ones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.services.registers import rows_of
from central.services.registers_base import Register, Row
from central.services.registers_checks import Circumstances, compare
from central.services.registers_columns import match
from central.services.registers_differing import NOTHING, Difference, difference
from central.services.registers_files import RawRow, RawTable, read_table
from central.services.registers_findings import Finding
from central.services.registers_orders import MOST_BAD, Order, Reading, Report
from central.services.registers_projected import unnamed_frames
from central.services.registers_reading import read_row
from central.services.registers_rows import ROWS
from central.store import registers as stored
from central.store.database import Database
from contract.clock import Clock

AT_A_TIME = 500
"""Rows between two words about progress."""

Progress = Callable[[int, int], None]
"""Told how many rows of how many are read."""


def nobody_watches(_done: int, _total: int) -> None:
    """Progress that goes nowhere."""


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
        return _with_bad_rows(self._take(order, table, progress), table)

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
        findings = [*unnamed_frames(table.findings, order.zone), *matching.findings]
        if any(finding.level == "error" for finding in findings):
            return _report(order, len(table.rows), len(table.rows), findings)
        read = Reading(findings=findings)
        for number, raw in enumerate(table.rows, start=1):
            read_row(order, raw.number, raw.cells, matching.field_by_heading, headings, read)
            if number % AT_A_TIME == 0 or number == len(table.rows):
                progress(number, len(table.rows))
        with self._database.read() as connection:
            self._compare(connection, order, headings, read)
            made = difference(connection, order, read)
        bad = {finding.row for finding in read.findings if finding.level == "error"}
        if order.is_dry_run or (bad and not order.only_good):
            return _report(order, len(table.rows), len(bad), read.findings, made)
        return self._write(order, len(table.rows), len(bad), read)

    def _compare(self, connection: Connection, order: Order, headings: Mapping[str, str], read: Reading) -> None:
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

    def _write(self, order: Order, rows: int, bad: int, read: Reading) -> Report:
        with self._database.write() as connection:
            made = difference(connection, order, read)
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


def _with_bad_rows(report: Report, table: RawTable) -> Report:
    wrong = {finding.row for finding in report.findings if finding.level == "error"}
    bad = tuple(islice((row for row in table.rows if row.number in wrong), MOST_BAD))
    return replace(report, headings=table.headings, bad=bad)


def _report(
    order: Order,
    rows: int,
    bad: int,
    findings: Sequence[Finding],
    made: Difference = NOTHING,
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
