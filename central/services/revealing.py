"""Originals for people: asked of the node that sealed them, opened for a case and a reason, always on record.

The record is threefold: the log of openings beside the keys, the log of access, and the case's own history, which the
audit chain seals. Originals of officers' photographs lie here, sealed the same way: no node is asked for them.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from central.domain.people import RIGHTS, Right
from central.domain.workflow_words import Role
from central.services.fleet import FleetDesk
from central.services.originals import Opening, open_original, require_grounds
from central.services.photobook import PhotoBook
from central.services.records import OpeningRecord
from central.store import case_queries, cases, fleet_requests
from central.store.cases import HistoryEntry
from central.store.database import Database
from central.store.pictures import pictures_named
from contract.clock import Clock
from contract.errors import UsageError
from contract.requests import Original
from contract.sealing import UnsealKey

WAITS = timedelta(days=1)
"""How long a node that is away may take until it has to be asked again."""
ASKED, OPENED = "original_asked", "original_opened"
"""What the case's history calls it."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Where answers of nodes lie (by their own hash), central's present and former keys, and the log of openings."""

    find: Callable[[str], Path | None]
    keys: Callable[[], Iterable[UnsealKey]]
    log: Path


@dataclass(frozen=True, slots=True)
class Asked:
    """The node was asked, now or before; the picture is not here yet."""

    request_id: str


class RevealDesk:
    """Any thread. Whether they may is the caller's to ask (`domain.people.denial`)."""

    def __init__(
        self, database: Database, fleet: FleetDesk, vault: Vault, clock: Clock, photographs: PhotoBook
    ) -> None:
        self._database, self._fleet, self._vault, self._clock = database, fleet, vault, clock
        self._photographs = photographs

    def reveal(self, opening: Opening, roles: Collection[Role]) -> bytes | Asked:
        """The picture before it was redacted; or which request asks for it. `opening.case` is a case's id.

        `roles` are those of who asks; the case's history says in which of them.

        Raises:
            UsageError: the picture is none of the case's, there is no reason, or the record can't be written.
            PermanentError: none of central's keys opens it.
        """
        require_grounds(opening)
        own = self._photographs.sealed(opening.case, opening.sha256)
        if own is not None:
            return self._opened(own, opening, roles)
        node_id = self._node_of(opening)
        with self._database.read() as connection:
            asked = fleet_requests.of_original(connection, opening.sha256)
        for one in asked:
            path = None if one.answer_sha256 is None else self._vault.find(one.answer_sha256)
            if path is not None:
                return self._opened(path, opening, roles)
        self._write_down(ASKED, opening, roles)
        waiting = next((one for one in asked if one.state == fleet_requests.OPEN), None)
        if waiting is not None:
            return Asked(waiting.request.request_id)
        ask = Original(sha256=opening.sha256, case_id=opening.case, reason=opening.reason)
        return Asked(self._fleet.ask(node_id, ask, opening.who, WAITS).request_id)

    def _opened(self, sealed: Path, opening: Opening, roles: Collection[Role]) -> bytes:
        picture = open_original(sealed.read_bytes(), opening, self._vault.keys(), self._vault.log, self._clock)
        self._write_down(OPENED, opening, roles)
        return picture

    def _write_down(self, what: str, opening: Opening, roles: Collection[Role]) -> None:
        with self._database.write(beside_others=True) as connection:
            cases.append(connection, history_entry(what, opening, roles, self._clock.now()))

    def _node_of(self, opening: Opening) -> str:
        with self._database.read() as connection:
            for picture in pictures_named(connection, opening.sha256):
                if opening.case in case_queries.cases_of(connection, [picture.incident_id]):
                    return picture.node_id
        raise UsageError(f"sha256: {opening.sha256} is no picture of case {opening.case}")


def history_entry(what: str, opening: Opening, roles: Collection[Role], at: datetime) -> HistoryEntry:
    """The line in the case's history: who, as what, which picture and why."""
    able = RIGHTS[Right.OPEN_ORIGINAL].intersection(roles)
    facts = OpeningRecord(sha256=opening.sha256, reason=opening.reason).model_dump_json()
    return HistoryEntry(opening.case, at, what, min(able or roles), opening.who[:64], facts)
