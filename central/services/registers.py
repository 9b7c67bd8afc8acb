"""The registers as they stand, or stood, in the form that judgement asks: the database's rows, and where a register has
none yet, what the site's files say."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection

from central.domain.registers.snapshot import NO_REGISTERS, Registers
from central.services.registers_base import Register, Row
from central.services.registers_rows import ROWS
from central.services.registers_values import with_rows
from central.store import registers as stored
from contract.plane import Origin


class RegisterBook:
    """Reads the registers and remembers the newest; several threads may ask. Versions are never written again, so a
    remembered one can't go stale."""

    def __init__(self, origin: Origin, files: Registers = NO_REGISTERS) -> None:
        """`files` is what holds for registers that the database has never been given rows of."""
        self._origin = origin
        self._files = files
        self._newest: Registers | None = None
        self._lock = Lock()

    def current(self, connection: Connection) -> Registers:
        """The newest version; a query for its number where it is known already."""
        return self.at_version(connection, stored.newest_version(connection))

    def as_of(self, connection: Connection, instant: datetime) -> Registers:
        """The version that was in force at `instant`, to judge that day again as it was judged."""
        return self.at_version(connection, stored.version_at(connection, instant))

    def at_version(self, connection: Connection, version: int) -> Registers:
        """One version. Only registers that changed since the remembered one are read again."""
        with self._lock:
            known = self._newest
            if known is None or known.version != version:
                read = self._read(connection, version, known)
                if known is not None and version < known.version:
                    return read  # somebody looks back; the newest stays remembered
                self._newest = known = read
            return known

    def _read(self, connection: Connection, version: int, known: Registers | None) -> Registers:
        kept = stored.kept_registers(connection, version)
        if known is None or known.version > version:
            registers, wanted = self._files, kept
        else:
            registers, wanted = known, stored.changed_since(connection, known.version, version)
        for register in Register:
            if register in wanted:
                registers = with_rows(registers, register, rows_of(connection, register, version), self._origin)
        return replace(registers, version=version)


def rows_of(connection: Connection, register: Register, version: int | None = None) -> Iterator[Row]:
    """The register's rows, by key."""
    model = ROWS[register]
    for found in stored.rows_of(connection, register, version):
        yield model.model_validate(found.facts)


def from_rows(origin: Origin, rows: Iterable[tuple[Register, Iterable[Row]]]) -> Registers:
    """Registers that no database holds."""
    registers = NO_REGISTERS
    for register, found in rows:
        registers = with_rows(registers, register, found, origin)
    return registers
