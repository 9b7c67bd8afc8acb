"""Cases on the map: where the open ones lie, where cases gather, and why one case is one. As GeoJSON."""

from collections.abc import Callable, Collection
from datetime import timedelta

from sqlalchemy import Connection

from central.domain.judgement.scene import place_of
from central.domain.registers.snapshot import Registers
from central.domain.values import CaseFilter, Observation, member_id
from central.services.geojson import Drawing, Json, collection, feature
from central.services.records import LinkRecord, Sentence
from central.store import case_lists, case_places, case_queries
from central.store.cases import Projection
from central.store.database import Database
from contract.clock import Clock
from contract.plane import Origin, Point
from contract.taxonomy import Violation

MOST_CASES = 1500
MOST_SQUARES = 2000
SQUARE_M = 50.0
"""Wider than most positions are unsure by, and still one side of a street from the other."""


class CaseAtlas:
    """Reads; any thread."""

    def __init__(
        self,
        database: Database,
        registers: Callable[[Connection], Registers],
        origin: Origin,
        clock: Clock,
        named: Callable[[Violation | None], Sentence | None],
    ) -> None:
        """`named` says what a violation is called."""
        self._database, self._registers, self._clock, self._named = database, registers, clock, named
        self._draw = Drawing(origin)

    def cases(self, wanted: CaseFilter, only: Collection[str] = ()) -> Json:
        """Cases with a place, the most severe first; of `only` those that are still wanted.

        `left_out` have no place; `is_all` is false where there were more than `MOST_CASES`.
        """
        with self._database.read() as connection:
            if only:
                known = case_queries.find_all(connection, only).values()
                found = [case for case in known if _is_wanted(case, wanted)]
            else:
                found = case_lists.page(connection, wanted, MOST_CASES)
            registers = self._registers(connection)
        placed = [self._case(case, registers) for case in found if case.east_m is not None]
        return collection(placed, left_out=len(found) - len(placed), is_all=len(found) < MOST_CASES)

    def heat(self, district: str, days: int) -> Json:
        """Squares of the ground by how many cases began there in the last `days` × 24 hours; `most` in one."""
        until = self._clock.now()
        since = until - timedelta(days=days)
        with self._database.read() as connection:
            found = case_places.squares(connection, since, until, SQUARE_M, district, MOST_SQUARES)
        return collection((self._square(one) for one in found), most=max((one.cases for one in found), default=0))

    def reasons(self, case_id: str) -> Json:
        """One case: its two-sigma ellipse, its sightings', and a line for every sighting that was joined to another."""
        with self._database.read() as connection:
            snapshots = case_queries.snapshots(connection, [case_id])
            links = {
                member_id(entry.incident_id, entry.part): LinkRecord.model_validate_json(entry.link)
                for entry in case_queries.memberships(connection, case_id)
                if entry.ended_at is None
            }
        if not snapshots:
            return collection(())
        place, members = place_of(snapshots[0]), snapshots[0].members
        features = [] if place is None else [feature(self._draw.ellipse(place), "case", {"what": "case"})]
        at = {str(member.incident_id): member.position.point for member in members if member.position}
        for member in members:
            if member.position is not None:
                link = links[member.member_id]
                facts = _why(member, link)
                features.append(feature(self._draw.ellipse(member.position), member.member_id, facts))
                other = at.get(link.with_incident or "")
                if other is not None:
                    line = self._draw.line((other, member.position.point))
                    features.append(feature(line, f"{member.member_id}/link", facts | {"what": "link"}))
        return collection(features)

    def _case(self, case: Projection, registers: Registers) -> Json:
        zone = registers.zone(case.zone_id) if case.zone_id else None
        kind = self._named(case.kind)
        facts = {
            "severity": case.severity,
            "state": case.state.value,
            "kind": None if kind is None else {"zh": kind.zh, "en": kind.en},
            "seen": case.seen.value,
            "number": case.number,
            "zone": None if zone is None else {"zh": zone.names.zh, "en": zone.names.en},
            "last_seen_at": case.last_seen_at.isoformat(),
        }
        return feature(self._draw.point(Point(case.east_m or 0.0, case.north_m or 0.0)), case.case_id, facts)

    def _square(self, square: case_places.Square) -> Json:
        west, south = square.column * SQUARE_M, square.row * SQUARE_M
        corners = ((0.0, 0.0), (SQUARE_M, 0.0), (SQUARE_M, SQUARE_M), (0.0, SQUARE_M))
        ring = [Point(west + east, south + north) for east, north in corners]
        return feature(self._draw.polygon(ring), f"{square.column}/{square.row}", {"cases": square.cases})


def _is_wanted(case: Projection, wanted: CaseFilter) -> bool:
    """What the list's query says, of one case that is at hand; as far as the map's filter goes."""
    is_there = (case.area_code or "").startswith(wanted.district)
    is_open = wanted.states is None or case.state in wanted.states
    return is_there and is_open and case.is_prominent and case.merged_into is None


def _why(member: Observation, link: LinkRecord) -> Json:
    return {
        "what": "sighting",
        "camera": member.camera_id,
        "seen": member.seen.value,
        "basis": link.basis,
        "score": round(link.score, 2),
        "distance_m": None if link.distance_m is None else round(link.distance_m, 1),
        "distance": None if link.distance is None else round(link.distance, 2),
        "gate": link.gate,
    }
