"""Taking away what retention names: pictures' rows, whole cases, events' contents; the caller commits each bite.

An inbox row is never deleted: its node, stream, number, id and digest are what makes every event count once.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, or_, select, update

from central.domain.retention import CaseFacts
from central.domain.workflow import CaseState
from central.domain.workflow_words import MACHINES
from central.store import deliveries, photos, seals
from central.store.cases import CASES, HISTORY, MEMBERS
from central.store.claims import CLAIMS
from central.store.dead_letters import DEAD_LETTERS
from central.store.fleet_history import CHANGES as STANDINGS
from central.store.inbox import INBOX
from central.store.notices import NOTICES
from central.store.observations import OBSERVATIONS
from central.store.outcomes import OUTCOMES
from central.store.pictures import EVIDENCE
from central.store.shared_pictures import SHARED
from central.store.sightings import BONDS, PROPOSALS, REVISIONS
from central.store.stages import STAGES

_TARGET = CASES.alias("target")


class Spent(StrEnum):
    """Rows that go by age alone."""

    INBOX_PAYLOADS = "inbox_payloads"
    DEAD_LETTERS = "dead_letters"
    STATUS = "status"


def case_facts(connection: Connection, after_id: str, limit: int) -> list[CaseFacts]:
    """The next cases after `after_id`, by id."""
    said = select(func.max(HISTORY.c.at)).where(
        HISTORY.c.case_id == CASES.c.id, HISTORY.c.role.not_in(sorted(MACHINES))
    )
    raised = exists().where(HISTORY.c.case_id == CASES.c.id, HISTORY.c.to_state == CaseState.PENDING_REVIEW)
    query = (
        select(
            CASES,
            said.scalar_subquery().label("person_at"),
            raised.label("was_raised"),
            _TARGET.c.id.label("target_id"),
        )
        .outerjoin(_TARGET, _TARGET.c.id == CASES.c.merged_into)
        .where(CASES.c.id > after_id)
        .order_by(CASES.c.id)
        .limit(limit)
    )
    return [
        CaseFacts(
            case_id=row.id,
            state=CaseState(row.state),
            was_raised=bool(row.was_raised),
            last_seen_at=row.last_seen_at,
            gone_at=row.gone_at,
            person_at=row.person_at,
            is_merged=row.merged_into is not None,
            has_target=row.target_id is not None,
        )
        for row in connection.execute(query)
    ]


def pictured(connection: Connection, case_ids: Sequence[str]) -> list[str]:
    """The incidents with pictures that stand in these cases and in no other, and cases with pictures of their own."""
    is_open = MEMBERS.c.ended_at.is_(None)
    theirs = select(MEMBERS.c.incident_id).join(EVIDENCE, EVIDENCE.c.incident_id == MEMBERS.c.incident_id)
    found = set(connection.execute(theirs.where(is_open, MEMBERS.c.case_id.in_(case_ids)).distinct()).scalars())
    others = (MEMBERS.c.incident_id.in_(found), MEMBERS.c.case_id.not_in(case_ids), is_open)
    found -= set(connection.execute(select(MEMBERS.c.incident_id).where(*others)).scalars())
    own = select(EVIDENCE.c.incident_id).where(EVIDENCE.c.incident_id.in_(case_ids)).distinct()
    return sorted(found | set(connection.execute(own).scalars()))


def drop_pictures(connection: Connection, incident_ids: Sequence[str]) -> set[str]:
    """Forgets the incidents' pictures; gives the sha256 of those that are now referred to by none."""
    is_theirs = EVIDENCE.c.incident_id.in_(incident_ids)
    names = set(connection.execute(select(EVIDENCE.c.sha256).where(is_theirs)).scalars())
    connection.execute(delete(EVIDENCE).where(is_theirs))
    return names - known_pictures(connection, sorted(names))


def drop_photos(connection: Connection, case_ids: Sequence[str]) -> set[str]:
    """Forgets what people in the street took of the cases; gives the files that are now referred to by none."""
    names = photos.drop(connection, case_ids)
    return names - known_pictures(connection, sorted(names))


def drop_cases(connection: Connection, case_ids: Sequence[str], why: str, at: datetime) -> tuple[int, set[str]]:
    """Deletes the cases and what they were made of; gives how many went, and pictures that are now referred to by none.

    Their history leaves digests and tombstones in the audit chain. A case with a step that is not sealed yet stays.
    """
    steps = connection.execute(select(HISTORY.c.id).where(HISTORY.c.case_id.in_(case_ids))).scalars().all()
    seals.bury(connection, steps, why, at)
    held = set(connection.execute(select(HISTORY.c.case_id).where(HISTORY.c.case_id.in_(case_ids))).scalars())
    gone = [case_id for case_id in case_ids if case_id not in held]
    freed = drop_pictures(connection, pictured(connection, gone))
    freed |= drop_incidents(connection, _only_in(connection, gone))
    freed |= drop_photos(connection, gone)
    connection.execute(delete(MEMBERS).where(MEMBERS.c.case_id.in_(gone)))
    connection.execute(delete(PROPOSALS).where(or_(PROPOSALS.c.case_a.in_(gone), PROPOSALS.c.case_b.in_(gone))))
    for table in (STAGES, NOTICES, CLAIMS, SHARED):
        connection.execute(delete(table).where(table.c.case_id.in_(gone)))
    deliveries.forget(connection, gone)
    connection.execute(delete(CASES).where(CASES.c.id.in_(gone)))
    return len(gone), freed


def lone_incidents(connection: Connection, before: datetime, limit: int | None) -> list[str]:
    """Incidents that never came into a case (late ones), last seen before `before`."""
    in_case = exists().where(MEMBERS.c.incident_id == OBSERVATIONS.c.incident_id)
    query = select(OBSERVATIONS.c.incident_id).where(OBSERVATIONS.c.last_seen_at < before, ~in_case).distinct()
    return list(connection.execute(query.limit(limit)).scalars())


def drop_incidents(connection: Connection, incident_ids: Sequence[str]) -> set[str]:
    """Deletes what was said of the incidents; gives the sha256 of pictures that are now referred to by none."""
    freed = drop_pictures(connection, incident_ids)
    connection.execute(delete(OBSERVATIONS).where(OBSERVATIONS.c.incident_id.in_(incident_ids)))
    connection.execute(delete(REVISIONS).where(REVISIONS.c.incident_id.in_(incident_ids)))
    connection.execute(delete(BONDS).where(or_(BONDS.c.member_a.in_(incident_ids), BONDS.c.member_b.in_(incident_ids))))
    return freed


def known_pictures(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of `names` that some incident or photograph refers to."""
    of_incidents = select(EVIDENCE.c.sha256).where(EVIDENCE.c.sha256.in_(names))
    return set(connection.execute(of_incidents).scalars()) | photos.known(connection, names)


def spend(connection: Connection, kind: Spent, before: datetime, after_id: int, limit: int) -> list[int]:
    """Takes the next rows of `kind` after `after_id` that are older than `before`; gives their ids."""
    ids = [int(row_id) for row_id in connection.execute(_spent(kind, before, after_id).limit(limit)).scalars()]
    match kind:
        case Spent.INBOX_PAYLOADS:
            connection.execute(update(INBOX).where(INBOX.c.id.in_(ids)).values(payload=b""))
        case Spent.DEAD_LETTERS:
            connection.execute(delete(DEAD_LETTERS).where(DEAD_LETTERS.c.id.in_(ids)))
        case Spent.STATUS:
            connection.execute(delete(STANDINGS).where(STANDINGS.c.id.in_(ids)))
            connection.execute(delete(OUTCOMES).where(OUTCOMES.c.day < f"{before:%Y-%m-%d}"))
    return ids


def count_spent(connection: Connection, kind: Spent, before: datetime) -> int:
    """How many rows `spend` would take in all."""
    return int(connection.execute(select(func.count()).select_from(_spent(kind, before, 0).subquery())).scalar_one())


def _spent(kind: Spent, before: datetime, after_id: int) -> Select[Any]:
    match kind:
        case Spent.INBOX_PAYLOADS:
            is_done = INBOX.c.done_at.is_not(None)
            query = select(INBOX.c.id).where(is_done, INBOX.c.received_at < before, INBOX.c.payload != b"")
        case Spent.DEAD_LETTERS:
            query = select(DEAD_LETTERS.c.id).where(DEAD_LETTERS.c.received_at < before)
        case Spent.STATUS:
            newest = select(func.max(STANDINGS.c.id)).group_by(STANDINGS.c.node_id, STANDINGS.c.camera_id)
            query = select(STANDINGS.c.id).where(STANDINGS.c.at < before, STANDINGS.c.id.not_in(newest))
    column = query.selected_columns[0]
    return query.where(column > after_id).order_by(column)


def _only_in(connection: Connection, case_ids: Sequence[str]) -> list[str]:
    """The incidents that are members of these cases now and of no other case, now or formerly."""
    incidents = set(connection.execute(select(MEMBERS.c.incident_id).where(MEMBERS.c.case_id.in_(case_ids))).scalars())
    others = (MEMBERS.c.incident_id.in_(incidents), MEMBERS.c.case_id.not_in(case_ids))
    return sorted(incidents - set(connection.execute(select(MEMBERS.c.incident_id).where(*others)).scalars()))
