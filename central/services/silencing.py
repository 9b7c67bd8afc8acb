"""Silences as people make them, and what they do to a case that would be raised: it is kept and marked instead."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.domain.people import Operator, Refusal
from central.domain.silence import Finding, KeptSilence, Silence, area_of, silence_over
from central.domain.values import CaseSnapshot
from central.domain.workflow import Role
from central.services.lawbook import LawBook
from central.services.records import SilenceRecord
from central.store import silences
from central.store.cases import HistoryEntry, Projection
from central.store.database import Database
from contract.clock import Clock
from contract.errors import UsageError
from contract.plane import Point

LONGEST = timedelta(days=366)
"""A silence that nobody has to think of again is a hole in the law."""


class SilenceDesk:
    """Any thread."""

    def __init__(
        self, database: Database, clock: Clock, on_change: Callable[[], None], laws: LawBook | None = None
    ) -> None:
        """`laws` knows where cameras and zones lie; without it nobody of a district may silence."""
        self._database, self._clock, self._on_change, self._laws = database, clock, on_change, laws

    def now(self) -> datetime:
        return self._clock.now()

    def make(self, wanted: Silence, who: Operator) -> int:
        """Silences what `wanted` names, from now on; gives its number.

        Raises:
            UsageError: it has no reason, or ends in the past or too late.
            Refusal: what it names does not lie in the district that `who` answers for.
        """
        now = self._clock.now()
        if not wanted.reason.strip():
            raise UsageError("reason: say why nobody is to be called")
        if not now < wanted.expires_at <= now + LONGEST:
            raise UsageError(f"expires_at: must lie between now and {LONGEST.days} days from now")
        with self._database.write() as connection:
            self._require_own(connection, wanted, who)
            number = silences.add(connection, wanted, who.name, now)
        self._on_change()
        return number

    def end(self, silence_id: int, who: Operator) -> bool:
        """Ends it early; False when it is over or unknown. What it kept is raised when it is seen again.

        Raises:
            Refusal: what it names does not lie in the district that `who` answers for.
        """
        with self._database.write() as connection:
            known = silences.find(connection, silence_id)
            if known is not None:
                self._require_own(connection, known.silence, who)
            ended = silences.end(connection, silence_id, who.name, self._clock.now())
        self._on_change()
        return ended

    def _require_own(self, connection: Connection, silence: Silence, who: Operator) -> None:
        if not who.district:
            return
        area = None if self._laws is None else area_of(silence, self._laws.current(connection).registers)
        if area is None or not area.startswith(who.district):
            raise Refusal(f"name a camera, a zone or a place in {who.district}, which {who.name} answers for")

    def listed(self, limit: int = 200) -> list[KeptSilence]:
        """All of them, the newest first."""
        with self._database.read() as connection:
            return silences.newest(connection, limit)


def silenced(
    hush: Sequence[Silence], case: Projection, snapshot: CaseSnapshot, at: datetime
) -> tuple[Projection, HistoryEntry | None]:
    """The case, which would be raised now, marked with the silence over it, and the note of it in its history.

    Without a mark where none is over it; without a note where it was marked so before.
    """
    place = None if case.east_m is None or case.north_m is None else Point(case.east_m, case.north_m)
    zones = frozenset(zone for member in snapshot.members for zone in member.zones) | {case.zone_id or ""}
    finding = Finding(frozenset(member.camera_id for member in snapshot.members), zones, case.kind, place)
    found = silence_over(hush, finding, at)
    if found is None:
        return replace(case, silence_id=None), None
    marked = replace(case, silence_id=found.silence_id)
    if case.silence_id == found.silence_id:
        return marked, None
    facts = SilenceRecord(silence_id=found.silence_id, reason=found.reason, expires_at=found.expires_at)
    note = HistoryEntry(case.case_id, at, "silenced", Role.JUDGE, "silence", facts.model_dump_json())
    return marked, note
