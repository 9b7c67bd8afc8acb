"""Judges a case anew and writes what follows: state, history, and the row that lists show."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.domain.judge import FURNITURE, Judgement, judge, place_of, zones_of
from central.domain.law import Law
from central.domain.memory import NO_BAR, Bar
from central.domain.values import CaseSnapshot
from central.domain.workflow import REVIEWED, Action, CaseState, Role, take
from central.services.records import JudgementRecord, judgement_record
from central.store import case_queries, cases
from central.store.case_queries import Reach
from central.store.cases import HistoryEntry, Projection
from contract.taxonomy import KindGroup, Seen

NEARBY_GAP = timedelta(minutes=10)
MOST_TELLING = (Seen.FLAME, Seen.GRILL, Seen.SMOKE, Seen.STALL, Seen.CART, Seen.TABLE, Seen.PARASOL)
_DWELL_REASONS = frozenset({"dwell_short", "dwell_reached"})


def review(connection: Connection, case_id: str, law: Law, at: datetime, bar: Bar = NO_BAR) -> None:
    """Brings the case's row, state and history up to what its members and its surroundings say now."""
    found = case_queries.snapshots(connection, [case_id])
    old = case_queries.find(connection, case_id)
    if not found or old is None:
        return
    snapshot = found[0]
    verdict = judge(snapshot, _near(connection, snapshot, law), law)
    record = judgement_record(verdict, law, (snapshot.last_seen_at - snapshot.first_seen_at).total_seconds())
    previous = JudgementRecord.model_validate_json(old.judgement) if old.judgement else None
    new = _projected(old, snapshot, law)
    if _stands(old.state, previous, record):
        kept = previous.model_copy(update={"dwell_s": record.dwell_s}) if previous else record
        new = replace(new, judgement=kept.model_dump_json())
    else:
        action = _action(old.state, verdict)
        if action is Action.RAISE and not bar.is_passed(snapshot, at):
            action = None
        state = old.state if action is None else take(old.state, action, Role.JUDGE).to
        zone_id = next((str(r.facts["zone_id"]) for r in record.reasons if "zone_id" in r.facts), new.zone_id)
        new = replace(
            new,
            state=state,
            kind=record.violation,
            severity=record.severity,
            zone_id=zone_id,
            judgement=record.model_dump_json(),
        )
        if action is not None or previous is None or _gist(previous) != _gist(record):
            cases.append(
                connection,
                HistoryEntry(
                    case_id=case_id,
                    at=at,
                    event_at=snapshot.last_seen_at,
                    what="judged",
                    role=Role.JUDGE,
                    actor=f"law/{law.version}",
                    action=action,
                    from_state=old.state,
                    to_state=state,
                    facts=record.model_dump_json(),
                ),
            )
    _note_presence(connection, old, new, at)
    cases.project(connection, new)


def beside(connection: Connection, group: KindGroup, snapshot: CaseSnapshot, law: Law) -> list[str]:
    """Ids of the cases of `group` so near in time and place that one may explain the other."""
    place = place_of(snapshot)
    if place is None:
        return []
    return case_queries.around(connection, group, snapshot, place.point, Reach(NEARBY_GAP, law.compound_reach_m))


def _near(connection: Connection, snapshot: CaseSnapshot, law: Law) -> list[CaseSnapshot]:
    if snapshot.group is not KindGroup.FIRE:
        return []
    return case_queries.snapshots(connection, beside(connection, KindGroup.TRADE, snapshot, law))


def _projected(old: Projection, snapshot: CaseSnapshot, law: Law) -> Projection:
    place = place_of(snapshot)
    zones = zones_of(snapshot, law)
    is_gone = all(member.is_gone for member in snapshot.members)
    telling = [seen for seen in MOST_TELLING if seen in snapshot.seen] or sorted(snapshot.seen)
    return replace(
        old,
        seen=telling[0],
        is_prominent=not snapshot.seen <= FURNITURE,
        first_seen_at=snapshot.first_seen_at,
        last_seen_at=snapshot.last_seen_at,
        gone_at=snapshot.last_seen_at if is_gone else None,
        east_m=place.point.east_m if place else None,
        north_m=place.point.north_m if place else None,
        zone_id=zones[0].zone_id if zones else None,
    )


def _stands(state: CaseState, previous: JudgementRecord | None, record: JudgementRecord) -> bool:
    """Whether the earlier judgement is kept: a person has spoken, or what waits for one would be taken away again."""
    if state in REVIEWED:
        return True
    if state is not CaseState.PENDING_REVIEW or previous is None:
        return False
    if record.verdict == "violation":
        return False
    return previous.verdict == "violation" or record.verdict != "needs_person"


def _action(state: CaseState, verdict: Judgement) -> Action | None:
    match verdict.kind, state:
        case "lawful", CaseState.OBSERVING:
            return Action.SUPPRESS
        case "observing", CaseState.SUPPRESSED:
            return Action.WATCH
        case (("violation" | "needs_person"), (CaseState.OBSERVING | CaseState.SUPPRESSED)):
            return Action.RAISE
        case _:
            return None


def _gist(record: JudgementRecord) -> tuple[object, ...]:
    """What makes two judgements different; the seconds that pass don't."""
    codes = tuple(reason.code for reason in record.reasons if reason.code not in _DWELL_REASONS)
    return record.verdict, record.violation, record.suggested, record.rule, codes


def _note_presence(connection: Connection, old: Projection, new: Projection, at: datetime) -> None:
    if (old.gone_at is None) == (new.gone_at is None):
        return
    what = "gone" if new.gone_at else "back"
    entry = HistoryEntry(new.case_id, at, what, Role.JUDGE, "associator", event_at=new.last_seen_at)
    cases.append(connection, entry)
