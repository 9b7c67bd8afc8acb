"""Takes a package out, and writes into the case's history who did."""

import re
from pathlib import Path

from sqlalchemy import select

from central.domain.workflow_words import Role
from central.package.format import Index
from central.package.gathering import EXPORTED, Gatherer
from central.package.writing import write_package
from central.services.actions import UnknownCase
from central.store import cases
from central.store.cases import CASES, HistoryEntry
from central.store.database import Database
from contract.clock import Clock
from contract.errors import UsageError
from contract.ids import UUID_PATTERN
from contract.signing import SigningKey


class Exporter:
    """Any thread."""

    def __init__(self, database: Database, gatherer: Gatherer, key: SigningKey, clock: Clock) -> None:
        self._database = database
        self._gatherer = gatherer
        self._key = key
        self._clock = clock

    def export(self, case_id: str, out: Path, who: str) -> Index:
        """Writes the package at `out`; the history's line about it is there before the file is.

        Raises:
            UnknownCase: no such case.
            UsageError: it can't be written.
            TransientError: try again.
        """
        gathered = self._gatherer.gather(case_id)
        if gathered is None:
            raise UnknownCase(case_id)
        with self._database.write(beside_others=True) as connection:
            cases.append(
                connection, HistoryEntry(case_id, self._clock.now(), EXPORTED, Role.ADMIN, who[:64], facts="{}")
            )
        return write_package(out, gathered, self._key)


def find_case(database: Database, text: str) -> str:
    """The id of the case that `text` names, by id or by number.

    Raises:
        UsageError: there is none.
    """
    column = CASES.c.id if re.fullmatch(UUID_PATTERN, text) else CASES.c.number
    with database.read() as connection:
        found = connection.execute(select(CASES.c.id).where(column == text)).scalar()
    if found is None:
        raise UsageError(f"no case {text}; give its id, or its number once it has one")
    return str(found)
