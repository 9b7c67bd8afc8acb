"""The law as it stands: the catalogue of violations with the newest version of the registers."""

from dataclasses import replace
from threading import Lock
from typing import Protocol

from sqlalchemy import Connection

from central.domain.law import Law
from central.domain.registers.snapshot import Registers


class Book(Protocol):
    """Who knows the registers by version (`central.services.registers.RegisterBook`)."""

    def current(self, connection: Connection) -> Registers: ...

    def at_version(self, connection: Connection, version: int) -> Registers: ...


class LawBook:
    """Any thread. The law of one version stays the same object, so that its indexes are made once."""

    def __init__(self, base: Law, book: Book) -> None:
        """`base` holds where the database has no registers: the catalogue with the site file's zones."""
        self._base, self._book = base, book
        self._newest = base
        self._lock = Lock()

    @property
    def base(self) -> Law:
        return self._base

    @property
    def newest(self) -> Law:
        """As it was when somebody last asked the database; for names on pages."""
        return self._newest

    def current(self, connection: Connection) -> Law:
        """The law with the newest registers; one query where they are known already."""
        registers = self._book.current(connection)
        with self._lock:
            if self._newest.registers.version != registers.version:
                self._newest = self._with(registers)
            return self._newest

    def at_version(self, connection: Connection, version: str) -> Law | None:
        """The law that called itself `version`; None where it was of another catalogue or site file."""
        base, _, number = version.partition("+")
        if base != self._base.version or not (number or "0").isdecimal():
            return None
        return self._with(self._book.at_version(connection, int(number))) if number else self._base

    def _with(self, registers: Registers) -> Law:
        version = f"{self._base.version}+{registers.version}" if registers.version else self._base.version
        return replace(self._base, registers=registers, version=version)
