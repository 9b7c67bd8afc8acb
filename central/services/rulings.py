"""What a judgement means for a case: the row that lists show, the step of the workflow, the entry of the history."""

from dataclasses import replace
from datetime import datetime

from central.domain.georeport import PEOPLE_NODES
from central.domain.judgement.scene import FURNITURE, Scene
from central.domain.judgement.verdicts import Breach, Judgement, Lawful, NeedsPerson, Observing
from central.domain.law import Law, ZoneKind
from central.domain.workflow import REVIEWED, Action, CaseState, Role
from central.services.records import JudgementRecord
from central.store.cases import HistoryEntry, Projection
from contract.taxonomy import Seen

MOST_TELLING = (Seen.FLAME, Seen.GRILL, Seen.SMOKE, Seen.STALL, Seen.CART, Seen.TABLE, Seen.PARASOL)
AREAS = frozenset({ZoneKind.BBQ_BAN_AREA, ZoneKind.BUILT_UP_AREA})
"""Zones as large as a city say less about where a case is than any other."""
FOR_PEOPLE = frozenset({"violation", "needs_person"})
_DWELL_REASONS = frozenset({"dwell_short", "dwell_reached"})


def projected(old: Projection, scene: Scene, law: Law) -> Projection:
    """The case's row with where and when it is now; what it means is added by `ruled`."""
    place = scene.place
    looking = [member for member in scene.case.members if member.node_id not in PEOPLE_NODES]
    is_gone = bool(looking) and all(member.is_gone for member in looking)
    telling = [seen for seen in MOST_TELLING if seen in scene.seen] or sorted(scene.seen)
    zones = sorted(scene.zones, key=lambda zone: (zone.kind in AREAS, zone.zone_id))
    return replace(
        old,
        seen=telling[0],
        is_prominent=not scene.seen <= FURNITURE,
        first_seen_at=scene.since,
        last_seen_at=scene.at,
        gone_at=scene.at if is_gone else None,
        east_m=place.point.east_m if place else None,
        north_m=place.point.north_m if place else None,
        zone_id=zones[0].zone_id if zones else None,
        area_code=old.area_code or _area_of(scene, law),
    )


def ruled(new: Projection, record: JudgementRecord, state: CaseState) -> Projection:
    """The case's row with what it means."""
    zone_id = next((str(r.facts["zone_id"]) for r in record.reasons if "zone_id" in r.facts), new.zone_id)
    return replace(
        new,
        state=state,
        kind=record.violation,
        severity=record.severity,
        zone_id=zone_id,
        is_prominent=new.is_prominent or record.verdict in FOR_PEOPLE,
        judgement=record.model_dump_json(),
    )


def stands(state: CaseState, previous: JudgementRecord | None, record: JudgementRecord) -> bool:
    """Whether the earlier judgement is kept: a person has spoken, or what waits for one would be taken away again."""
    if state in REVIEWED:
        return True
    if state is not CaseState.PENDING_REVIEW or previous is None:
        return False
    if record.verdict == "violation":
        return False
    return previous.verdict == "violation" or record.verdict != "needs_person"


def action_of(state: CaseState, verdict: Judgement) -> Action | None:
    """The judge's step, if the verdict asks for one in this state."""
    match verdict.kind, state:
        case "lawful", CaseState.OBSERVING:
            return Action.SUPPRESS
        case "observing", CaseState.SUPPRESSED:
            return Action.WATCH
        case (("violation" | "needs_person"), (CaseState.OBSERVING | CaseState.SUPPRESSED)):
            return Action.RAISE
        case _:
            return None


def gist(record: JudgementRecord) -> tuple[object, ...]:
    """What makes two judgements different; the seconds that pass don't."""
    codes = tuple(reason.code for reason in record.reasons if reason.code not in _DWELL_REASONS)
    more = (record.instead_of, record.permit_id, record.needs, record.evidence.grade)
    return record.verdict, record.violation, record.suggested, record.rule, codes, more


def gist_of(judgement: Judgement) -> tuple[object, ...]:
    """The gist that the record of `judgement` would have."""
    codes = tuple(reason.code for reason in judgement.reasons if reason.code not in _DWELL_REASONS)
    violation = suggested = rule = instead = permit = None
    needs: tuple[str, ...] = ()
    match judgement:
        case Lawful():
            rule, permit = judgement.rule, judgement.permit_id
        case Breach():
            violation, instead = judgement.violation, judgement.instead_of
        case Observing():
            suggested, instead = judgement.violation, judgement.instead_of
        case NeedsPerson():
            suggested, instead, needs = judgement.suggested, judgement.instead_of, judgement.needs
    return judgement.kind, violation, suggested, rule, codes, (instead, permit, needs, judgement.evidence.grade)


def entry_of(old: Projection, new: Projection, action: Action | None, actor: str, at: datetime) -> HistoryEntry:
    """The history's entry about a judgement."""
    return HistoryEntry(
        case_id=new.case_id,
        at=at,
        event_at=new.last_seen_at,
        what="judged",
        role=Role.JUDGE,
        actor=actor,
        action=action,
        from_state=old.state,
        to_state=new.state,
        facts=new.judgement,
    )


def _area_of(scene: Scene, law: Law) -> str | None:
    """The unit grid the case lies in, by its position, or without one the grid its camera is declared to hang in."""
    registers = law.registers
    if scene.place is not None and registers.areas:
        grid = registers.grid_at(scene.place.point)
        if grid is not None:
            return grid.code
    for member in scene.case.members if registers.cameras else ():
        camera = registers.camera(member.camera_id)
        if camera is not None and camera.area_code:
            return camera.area_code
    return None
