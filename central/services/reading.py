"""Composes what people and programs read about cases, nodes and dead letters. Writes nothing."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from central.domain.geometry import Position, ellipse
from central.domain.judgement.scene import place_of
from central.domain.law import Law, Names
from central.domain.registers.snapshot import Registers
from central.domain.storms import Storm
from central.domain.values import CaseFilter, CaseSnapshot, Change, Observation, member_id
from central.domain.workflow import CaseState, Role
from central.services.lawbook import LawBook
from central.services.records import JudgementRecord, LinkRecord, Sentence
from central.services.shaping import (
    best_picture,
    both,
    camera_names,
    history_view,
    letter_view,
    node_view,
    picture_view,
)
from central.services.standing import assignees_of, silence_of, stages_of, steps_for, workers_of
from central.services.views import (
    CaseDetail,
    CasePage,
    CaseSummary,
    DeadLetterView,
    NodeView,
    ObservationView,
    PlaceView,
    SiteView,
    ZoneView,
)
from central.store import case_lists, case_queries, changes, dead_letters, fleet, nodes, stages, storms
from central.store.cases import Projection
from central.store.database import Database
from central.store.pictures import Picture, pictures_of
from central.store.stages import StageRow
from contract.ids import NodeId
from contract.plane import Origin, Point
from contract.taxonomy import Violation

PENDING = CaseState.PENDING_REVIEW


class Reader:
    """Any thread; every call is one read transaction."""

    def __init__(self, database: Database, law: Law, origin: Origin, laws: LawBook | None = None) -> None:
        """`laws` knows the registers as they stand now; without it zones are those of `law` for ever."""
        self._database = database
        self._law = law
        self._origin = origin
        self._laws = laws

    def page(self, wanted: CaseFilter, limit: int) -> CasePage:
        """Up to `limit` cases, newest first."""
        with self._database.read() as connection:
            found = case_lists.page(connection, wanted, limit + 1)
            items = self._summaries(connection, found[:limit])
        return CasePage(items=tuple(items), next=found[limit - 1].case_id if len(found) > limit else None)

    def summary(self, case_id: str) -> CaseSummary | None:
        with self._database.read() as connection:
            case = case_queries.find(connection, case_id)
            return None if case is None else self._summaries(connection, [case])[0]

    def summaries(self, case_ids: Sequence[str]) -> list[CaseSummary]:
        """Those of the cases that there are, merged away or not."""
        with self._database.read() as connection:
            found = case_queries.find_all(connection, case_ids)
            return self._summaries(connection, [found[case_id] for case_id in case_ids if case_id in found])

    def listed(self, wanted: CaseFilter, limit: int) -> list[str]:
        """The ids of the first cases of a list, in its order."""
        with self._database.read() as connection:
            return case_lists.ids(connection, wanted, limit)

    def tally(self, wanted: CaseFilter) -> dict[tuple[CaseState, int], int]:
        """How many cases of each state and severity a list holds."""
        with self._database.read() as connection:
            return case_lists.tally(connection, wanted)

    def storms(self) -> list[Storm]:
        """Every storm there is now."""
        with self._database.read() as connection:
            return storms.all_of_them(connection)

    def storm_counts(self, wanted: CaseFilter) -> tuple[int, int]:
        """How many cases a storm's list holds, and how many of them wait for a person."""
        found = self.tally(wanted)
        return sum(found.values()), sum(count for (state, _), count in found.items() if state is PENDING)

    def detail(self, case_id: str, *roles: Role) -> CaseDetail | None:
        """All about one case and what somebody with `roles` (a reviewer's, unless given) may do with it; or None."""
        with self._database.read() as connection:
            case = case_queries.find(connection, case_id)
            if case is None:
                return None
            summary = self._summaries(connection, [case])[0]
            found = case_queries.snapshots(connection, [case_id])
            members = found[0].members if found else ()
            pictures = pictures_of(connection, [case_id, *(member.incident_id for member in members)])
            links = {
                member_id(entry.incident_id, entry.part): LinkRecord.model_validate_json(entry.link)
                for entry in case_queries.memberships(connection, case_id)
                if entry.ended_at is None
            }
            history = case_queries.history(connection, case_id)
            passed = stages_of(connection, case_id)
            silence = silence_of(connection, case)
        place = place_of(found[0]) if found else None
        steps = steps_for(case, roles or (Role.REVIEWER,))
        return CaseDetail(
            **dict(summary),
            judgement=JudgementRecord.model_validate_json(case.judgement),
            place=None if place is None else self._place(place),
            observations=tuple(self._observation(member, links[member.member_id]) for member in members),
            evidence=tuple(picture_view(picture) for picture in pictures),
            history=tuple(history_view(entry) for entry in history),
            open_actions=tuple(step.action for step in steps),
            steps=steps,
            stages=passed,
            silence=silence,
        )

    def nodes(self) -> tuple[NodeView, ...]:
        with self._database.read() as connection:
            wanted = fleet.desired(connection)
            reported = {entry.node_id: entry.reported for entry in fleet.every_node(connection)}
            return tuple(
                node_view(node, wanted.get(NodeId(node.status.node_id)), reported.get(NodeId(node.status.node_id)))
                for node in nodes.every(connection)
            )

    def dead_letters(self, limit: int) -> tuple[DeadLetterView, ...]:
        with self._database.read() as connection:
            return tuple(letter_view(letter) for letter in dead_letters.newest(connection, limit))

    def changes_after(self, change_id: int, limit: int) -> Sequence[Change]:
        with self._database.read() as connection:
            return changes.after(connection, change_id, limit)

    def newest_change_of(self, case_id: str) -> int:
        """The newest change of the case that the log still holds; 0 when there is none."""
        with self._database.read() as connection:
            return changes.newest_of_case(connection, case_id)

    def change_range(self) -> tuple[int, int]:
        """The oldest and the newest change that the log still holds; zeros when it is empty."""
        with self._database.read() as connection:
            return changes.oldest_id(connection), changes.newest_id(connection)

    def zones(self) -> tuple[ZoneView, ...]:
        with self._database.read() as connection:
            zones = self._registers(connection).zones
        return tuple(
            ZoneView(
                id=zone.zone_id,
                kind=zone.kind,
                name=both(zone.names),
                hours=zone.hours.text,
                polygon_m=tuple((point.east_m, point.north_m) for point in zone.polygon),
            )
            for zone in zones
        )

    def _registers(self, connection: Connection) -> Registers:
        return (self._laws.current(connection) if self._laws else self._law).registers

    def site(self, name: Names, is_demo: bool, shortened: Iterable[Violation]) -> SiteView:
        """The site's name and the legal dwells that a demonstration shortens."""
        rules = [self._law.violations[kind] for kind in shortened]
        dwells = tuple((both(rule.names), rule.legal_dwell.total_seconds()) for rule in rules)
        return SiteView(name=both(name), is_demo=is_demo, dwells=dwells if is_demo else ())

    def violation_name(self, kind: Violation | None) -> Sentence | None:
        return None if kind is None else both(self._law.violations[kind].names)

    def _summaries(self, connection: Connection, found: Sequence[Projection]) -> list[CaseSummary]:
        snapshots = {str(case.case_id): case for case in case_queries.snapshots(connection, [c.case_id for c in found])}
        incidents = [member.incident_id for case in snapshots.values() for member in case.members]
        pictures: dict[str, list[Picture]] = defaultdict(list)
        for picture in pictures_of(connection, [*incidents, *(case.case_id for case in found)]):
            pictures[picture.incident_id].append(picture)
        clocks = stages.open_of(connection, [case.case_id for case in found])
        workers = workers_of(connection, [case.case_id for case in found])
        assignees = assignees_of(connection, [case.case_id for case in found])
        registers = self._registers(connection)
        return [
            self._summary(case, snapshots.get(case.case_id), pictures, clocks.get(case.case_id), registers).model_copy(
                update={"claim": workers.get(case.case_id), "assignee": assignees.get(case.case_id)}
            )
            for case in found
        ]

    def _summary(
        self,
        case: Projection,
        snapshot: CaseSnapshot | None,
        pictures: dict[str, list[Picture]],
        clock: StageRow | None,
        registers: Registers,
    ) -> CaseSummary:
        judgement = JudgementRecord.model_validate_json(case.judgement)
        members = snapshot.members if snapshot else ()
        zone = registers.zone(case.zone_id) if case.zone_id else None
        sources = [case.case_id, *(member.incident_id for member in members)]
        own = [picture for source in sources for picture in pictures.get(source, ())]
        return CaseSummary(
            id=case.case_id,
            group=case.group,
            kind=case.kind,
            kind_name=self.violation_name(case.kind),
            suggested=judgement.suggested,
            suggested_name=self.violation_name(judgement.suggested),
            seen=case.seen,
            seen_all=tuple(sorted({member.seen for member in members})) or (case.seen,),
            state=case.state,
            severity=case.severity,
            first_seen_at=case.first_seen_at,
            last_seen_at=case.last_seen_at,
            gone_at=case.gone_at,
            dwell_s=judgement.dwell_s,
            legal_dwell_s=judgement.legal_dwell_s,
            cameras=camera_names(members),
            zone=case.zone_id,
            zone_name=None if zone is None else both(zone.names),
            sentence=judgement.sentence,
            picture=best_picture(own, case),
            is_picture_due=bool(own) and not any(picture.is_stored for picture in own),
            is_prominent=case.is_prominent,
            merged_into=case.merged_into,
            number=case.number,
            source=case.source,
            area_code=case.area_code,
            department=case.department,
            address=case.address,
            description=case.description,
            stage=clock.stage if clock else None,
            due_at=clock.due_at if clock else None,
            is_silenced=case.silence_id is not None and case.state is CaseState.OBSERVING,
        )

    def _observation(self, member: Observation, link: LinkRecord) -> ObservationView:
        return ObservationView(
            incident_id=member.incident_id,
            node_id=member.node_id,
            camera_id=member.camera_id,
            seen=member.seen,
            revision=member.revision,
            first_seen_at=member.first_seen_at,
            last_seen_at=member.last_seen_at,
            is_gone=member.is_gone,
            peak=member.peak,
            place=None if member.position is None else self._place(member.position),
            link=link,
        )

    def _place(self, position: Position) -> PlaceView:
        point: Point = position.point
        lat, lon = self._origin.to_degrees(point)
        spread = ellipse(position.covariance)
        return PlaceView(
            lat=round(lat, 7),
            lon=round(lon, 7),
            east_m=round(point.east_m, 2),
            north_m=round(point.north_m, 2),
            major_m=round(spread.major_m, 2),
            minor_m=round(spread.minor_m, 2),
            angle_deg=round(math.degrees(spread.angle_rad), 1),
        )
