"""The law as it stands: the catalogue of violations with the newest version of the registers."""

from dataclasses import replace
from threading import Lock

from sqlalchemy import Connection

from central.domain.law import Law
from central.services.registers import RegisterBook


class LawBook:
    """Any thread. The law of one version stays the same object, so that its indexes are made once."""

    def __init__(self, base: Law, book: RegisterBook) -> None:
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
                version = f"{self._base.version}+{registers.version}" if registers.version else self._base.version
                self._newest = replace(self._base, registers=registers, version=version)
            return self._newest
