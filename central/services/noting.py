"""A batch of events → the board, and their rows: what was said, what it comes to, which pictures were announced."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.domain.board import Board
from central.domain.districts import REST, District
from central.domain.rules import AssociationRules
from central.domain.sightings import observations_of
from central.domain.values import MemberId, Observation, Revision
from central.services.conditions import Conditions
from central.services.observing import to_revision
from central.services.roll import Roll
from central.store import observations, pictures, sightings
from contract.events import IncidentEvent
from contract.ids import IncidentId
from contract.plane import Origin

REMEMBERED = timedelta(days=3)
"""How long sightings stay on the board; it must hold the longest gap (signs: two days). Older neighbours of a late
event are fetched from the database."""
REMEMBERED_REVISIONS = 40_000
"""Kept in memory, about 1 kB each, those of the incidents that spoke last; the others' are read again. What stands
speaks once a minute and is considered together with all that was said of it: with fewer than stand in a district every
event reads its whole past again (a third of association's time with 10,000 standing, measured)."""

REMEMBERED_AT_PLACE = 20
"""Of what a named place showed before, so many incidents are considered again; the case knows the rest."""


@dataclass(slots=True)
class Taken:
    """What a batch comes to. `seeds` have to be considered anew; `gone` are parts that are none any more."""

    seeds: set[MemberId] = field(default_factory=set)
    gone: list[MemberId] = field(default_factory=list)
    incidents: set[IncidentId] = field(default_factory=set)


class Taker:
    """Works inside the caller's transaction. After a failed one it must be thrown away: its memory may be wrong."""

    def __init__(
        self, rules: AssociationRules, origin: Origin, board: Board, roll: Roll, district: District = REST
    ) -> None:
        self._rules, self._origin, self._board, self._roll, self._district = rules, origin, board, roll, district
        self._conditions = Conditions()
        self._said: OrderedDict[IncidentId, list[Revision]] = OrderedDict()
        self._kept = 0

    def take(self, connection: Connection, told: Sequence[IncidentEvent], now: datetime) -> Taken:
        """Takes the events in.

        Args:
            connection: of the transaction that they are taken in.
            told: in the order of arrival.
            now: the board holds what was seen within `REMEMBERED` of it; neighbours of what is older are fetched.
        """
        pictures.announce(connection, told)
        known = [self._conditions.completed(connection, data, now) for data in told]
        revisions = [to_revision(data, self._origin) for data in known]
        sightings.add_revisions(connection, revisions)
        taken = Taken(incidents={revision.incident_id for revision in revisions})
        found = self._observed(connection, revisions, taken.incidents)
        self._meet(connection, found, now - REMEMBERED)
        for parts in found:
            self._put(parts, taken)
        observations.replace_parts(connection, [part for parts in found for part in parts], self._new_in(revisions))
        return taken

    def _new_in(self, revisions: Iterable[Revision]) -> set[IncidentId]:
        """The incidents of which nobody has heard before these revisions."""
        count = Counter(revision.incident_id for revision in revisions)
        return {incident_id for incident_id, said in count.items() if said == len(self._said[incident_id])}

    def _observed(
        self, connection: Connection, new: Iterable[Revision], incidents: set[IncidentId]
    ) -> list[tuple[Observation, ...]]:
        """What every incident of the batch shows, in id order."""
        unknown = {incident_id for incident_id in incidents if incident_id not in self._said}  # `-` would walk them all
        for revision in new:
            if revision.incident_id not in unknown:
                self._said[revision.incident_id].append(revision)
                self._kept += 1
        read = sightings.revisions_of(connection, unknown)  # they were written a moment ago
        self._said.update(read)
        self._kept += sum(map(len, read.values()))
        found = [observations_of(self._said[incident_id], self._rules) for incident_id in sorted(incidents)]
        for incident_id in incidents:
            self._said.move_to_end(incident_id)
        while self._kept > REMEMBERED_REVISIONS and len(self._said) > len(incidents):
            self._kept -= len(self._said.popitem(last=False)[1])
        return found

    def _meet(self, connection: Connection, found: Sequence[tuple[Observation, ...]], since: datetime) -> None:
        """Puts onto the board what was there when something long past was, and what was at a named place before."""
        came: list[IncidentId] = []
        for parts in found:
            known: list[tuple[Observation, ...]] = []
            if parts[0].first_seen_at < since:
                gap = self._rules.groups[parts[0].group].gap
                span = (parts[0].first_seen_at - gap, parts[-1].last_seen_at + gap)
                known += observations.seen_between(connection, parts[0].group, *span)
            for part in parts:
                if part.place_id is not None and not self._board.has_place(part):
                    known += observations.at_place(connection, part, REMEMBERED_AT_PLACE)
            for own in known:
                if not self._board.parts(own[0].incident_id) and self._board.district_of(own[0]) == self._district:
                    self._board.put(own)
                    came.append(own[0].incident_id)
        self._roll.read(connection, came)

    def _put(self, parts: tuple[Observation, ...], taken: Taken) -> None:
        incident_id = parts[0].incident_id
        for part in self._board.parts(incident_id):
            taken.seeds.update(self._board.beside(part.member_id))
        before = self._board.put(parts)
        names = {part.member_id for part in parts}
        taken.gone += [part.member_id for part in before if part.member_id not in names]
        taken.seeds |= names
