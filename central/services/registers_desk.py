"""The registers for people: lists, histories, imports and exports, coverage, and what is wrong as things stand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from central.domain.people import Operator
from central.domain.registers.coverage import Coverage, coverage
from central.domain.registers.frames import Frame
from central.services.registers import RegisterBook, rows_of
from central.services.registers_base import Register, Row
from central.services.registers_checks import Circumstances, Numbered, compare
from central.services.registers_files import FileFormat
from central.services.registers_findings import Finding, Language
from central.services.registers_import import ImportDesk, Progress, nobody_watches
from central.services.registers_orders import Order, Report, area_of
from central.services.registers_rows import ROWS
from central.services.registers_views import RegisterView, register_view
from central.services.registers_writing import write_table, write_template
from central.store import registers as stored
from central.store.database import Database
from central.store.registers import Change, StoredRow
from contract.clock import Clock

_log = structlog.get_logger()


class UnknownRow(Exception):
    """No such row of a register."""


class RegisterDesk:
    """Each call is one transaction; whether the caller may is asked before."""

    def __init__(
        self,
        database: Database,
        book: RegisterBook,
        clock: Clock,
        timezone: str,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is told after a register changed."""
        self._database = database
        self._book = book
        self._clock = clock
        self._timezone = ZoneInfo(timezone)
        self._imports = ImportDesk(database, clock, timezone)
        self._changed = changed

    def today(self) -> date:
        """The site's day."""
        return self._clock.now().astimezone(self._timezone).date()

    def overview(self) -> list[RegisterView]:
        """Every register with its number of rows."""
        with self._database.read() as connection:
            counts = stored.counts(connection)
            last = stored.last_changes(connection)
        return [register_view(register, counts.get(register, 0), last.get(register)) for register in Register]

    def page(self, register: Register, after: str = "", limit: int = 100, query: str = "") -> list[Mapping[str, Any]]:
        """Rows in the order of their keys, after a key; `query` is part of a key."""
        with self._database.read() as connection:
            found = stored.page(connection, register, after, limit, query)
        return [{"key": row.key, "version": row.version, **(row.facts or {})} for row in found]

    def row(self, register: Register, key: str) -> Row:
        """One row as it stands.

        Raises:
            UnknownRow: there is none.
        """
        with self._database.read() as connection:
            found = stored.row(connection, register, key)
        if found is None:
            raise UnknownRow(f"{register}: no row {key}")
        return ROWS[register].model_validate(found.facts)

    def history(self, register: Register, key: str) -> Sequence[tuple[Change, StoredRow]]:
        """Every version of one row, newest first.

        Raises:
            UnknownRow: there never was one.
        """
        with self._database.read() as connection:
            found = stored.history(connection, register, key)
        if not found:
            raise UnknownRow(f"{register}: there never was a row {key}")
        return found

    def changes(self, register: Register | None = None, limit: int = 100) -> Sequence[Change]:
        with self._database.read() as connection:
            return stored.changes(connection, register, limit)

    def bring_in(self, order: Order, progress: Progress = nobody_watches) -> Report:
        """See `ImportDesk.bring_in`."""
        return self._told(self._imports.bring_in(order, progress))

    def put(self, order: Order, rows: Sequence[Mapping[str, object]]) -> Report:
        """Rows that came as values."""
        return self._told(self._imports.put(order, rows))

    def remove(self, register: Register, key: str, who: Operator, why: str) -> int:
        """Takes a row out; gives the new version.

        Raises:
            UnknownRow: there is none, or it lies in another district.
        """
        row = self.row(register, key)
        if not area_of(row).startswith(who.district):
            raise UnknownRow(f"{register}: no row {key} in your district {who.district}")
        version = self._imports.remove(register, [key], who.name, why)
        if version is None:
            raise UnknownRow(f"{register}: no row {key}")
        self._changed()
        return version

    def export(
        self,
        register: Register,
        kind: FileFormat,
        frame: Frame = Frame.CGCS2000,
        language: Language = "zh",
        version: int | None = None,
    ) -> bytes:
        """The register as a file; what is restricted is left out."""
        with self._database.read() as connection:
            return write_table(ROWS[register], rows_of(connection, register, version), kind, frame, language)

    def template(self, register: Register, kind: FileFormat, language: Language = "zh") -> bytes:
        """An empty file with all headings."""
        return write_template(ROWS[register], kind, language)

    def check(self) -> Iterator[tuple[Register, Finding]]:
        """What is wrong as things stand: plaques and permits that ran out, overlaps, gaps."""
        with self._database.read() as connection:
            known: dict[Register, dict[str, Row]] = {}

            def standing(register: Register) -> Mapping[str, Row]:
                if register not in known:
                    known[register] = {row.key: row for row in rows_of(connection, register)}
                return known[register]

            around = Circumstances(standing, self.today(), Frame.CGCS2000, {})
            for register in Register:
                rows = [Numbered(number, row) for number, row in enumerate(standing(register).values(), start=1)]
                for finding in compare(register, rows, around):
                    yield register, finding

    def coverage(self, first: date, last: date, area: str = "") -> Coverage:
        """Ground without an officer or a camera between two local days."""
        with self._database.read() as connection:
            registers = self._book.current(connection)
        return coverage(registers, first, last, area)

    def welfare(self, merchant_id: str, who: Operator) -> Mapping[str, Any]:
        """What is restricted about a merchant; that it was read is logged.

        Raises:
            UnknownRow: no such merchant.
        """
        self.row(Register.MERCHANTS, merchant_id)
        with self._database.read() as connection:
            found = stored.restricted_of(connection, Register.MERCHANTS).get(merchant_id, {})
        _log.info("restricted facts of a merchant were read", merchant_id=merchant_id, who=who.name)
        return found

    def _told(self, report: Report) -> Report:
        if report.version is not None:
            self._changed()
        return report
