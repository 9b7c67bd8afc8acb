"""What stands around a case that is judged live: from the working set, and for a shop's signs from the database."""

from collections.abc import Sequence
from datetime import timedelta
from math import hypot

from sqlalchemy import Connection

from central.domain.board import Board, Span
from central.domain.judgement.around import EXPLAINS, GAP, asks_for_others, zone_with_capacity
from central.domain.judgement.scene import Scene, shops_of
from central.domain.judgement.signage import UNSEEN_FOR
from central.domain.law import Law
from central.domain.values import CaseSnapshot, Observation
from central.services.roll import Roll
from central.store import case_queries
from contract.ids import CaseId
from contract.plane import Point
from contract.taxonomy import KindGroup

LARGEST_CASE_M = 15.0
"""Cases are placed by the middle of their sightings, which lie no farther from it than this; the exact distance between
two cases is the law's to judge."""


class Surrounding:
    """Works inside the caller's transaction; not thread-safe."""

    def __init__(self, board: Board, roll: Roll) -> None:
        self._board, self._roll = board, roll

    def of(self, connection: Connection, scene: Scene, law: Law) -> set[CaseId]:
        """The cases that some rule may ask for; the case itself may be among them."""
        group = scene.case.group
        if group is KindGroup.SIGNAGE:
            return self._signs(connection, scene, law)
        if group not in EXPLAINS or scene.place is None:
            return set()
        found: set[CaseId] = set()
        if asks_for_others(scene, law):
            found |= self.beside(EXPLAINS[group], scene, law)
        zone = zone_with_capacity(scene)
        if zone is not None:
            west, south, east, north = zone.shape.bounds
            middle = Point((west + east) / 2, (south + north) / 2)
            reach_m = hypot(east - west, north - south) / 2 + LARGEST_CASE_M
            found |= self._around(group, scene, middle, reach_m, timedelta(0))
        return found

    def beside(self, group: KindGroup, scene: Scene, law: Law) -> set[CaseId]:
        """The cases of `group` so near in time and place that one may explain the other."""
        if scene.place is None:
            return set()
        return self._around(group, scene, scene.place.point, law.compound_reach_m + LARGEST_CASE_M, GAP)

    def snapshots(self, connection: Connection, case_ids: Sequence[CaseId]) -> list[CaseSnapshot]:
        """In id order. From memory where all members are on the board, else from the database."""
        found: dict[CaseId, CaseSnapshot] = {}
        for case_id in case_ids:
            members = self.on_board(case_id)
            if members:
                found[case_id] = CaseSnapshot(case_id, members[0].group, members)
        missing = [case_id for case_id in case_ids if case_id not in found]
        if missing:
            found |= {case.case_id: case for case in case_queries.snapshots(connection, missing)}
        return [found[case_id] for case_id in case_ids if case_id in found]

    def on_board(self, case_id: CaseId) -> tuple[Observation, ...]:
        """The case's members, none unless all of them are in memory."""
        members = [self._board.sighting(member) for member in self._roll.members(case_id)]
        there = [member for member in members if member is not None]
        if len(there) < len(members):
            return ()
        return tuple(sorted(there, key=lambda member: (member.first_seen_at, member.member_id)))

    def _around(self, group: KindGroup, scene: Scene, point: Point, reach_m: float, gap: timedelta) -> set[CaseId]:
        span = Span((scene.since - gap).timestamp(), (scene.at + gap).timestamp())
        room = (self._board.district_of(scene.case.members[0]), group)
        return self._roll.cases_of(self._board.around(room, point, reach_m, span))

    def _signs(self, connection: Connection, scene: Scene, law: Law) -> set[CaseId]:
        """What hangs at the same shop, on whichever camera's picture."""
        shops = shops_of(scene.case, law, scene.day)
        cameras = sorted({camera for shop in shops for camera in law.cameras_of_shop(shop.shop_id)})
        return case_queries.signs_on(connection, cameras, scene.at - UNSEEN_FOR) if cameras else set()
