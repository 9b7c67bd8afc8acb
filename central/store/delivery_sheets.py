"""Reads what other systems may know of cases: the row, and the redacted pictures that lie here."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from central.domain.deadlines import Stage
from central.domain.delivery import UNREVIEWED, CaseSheet, SheetPicture
from central.store import deliveries
from central.store.case_queries import AT_ONCE
from central.store.cases import CASES, MEMBERS
from central.store.pictures import pictures_of
from central.store.stages import STAGES
from contract.events import EvidenceRole

MOST_PICTURES = 8
_BEST_FIRST = (EvidenceRole.CONFIRMATION, EvidenceRole.LATEST, EvidenceRole.LEAD_UP, EvidenceRole.CONTEXT)


def sheets_of(connection: Connection, case_ids: Iterable[str]) -> list[CaseSheet]:
    """The sheets of those cases that somebody outside may know, or knows already."""
    wanted = sorted(set(case_ids))
    found: list[CaseSheet] = []
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        is_reviewed = CASES.c.state.not_in(sorted(UNREVIEWED))
        is_known = CASES.c.id.in_(sorted(deliveries.known_among(connection, some)))
        query = select(CASES).where(CASES.c.id.in_(some), is_reviewed | is_known).order_by(CASES.c.id)
        rows = [dict(row._mapping) for row in connection.execute(query)]
        ids = [row["id"] for row in rows]
        pictures, clocks = _pictures(connection, ids), _clocks(connection, ids)
        found += [_sheet(row | clocks[row["id"]], pictures[row["id"]]) for row in rows]
    return found


def _pictures(connection: Connection, case_ids: list[str]) -> dict[str, list[SheetPicture]]:
    """Case → its pictures, the most telling first; what is not here or not redacted is left out."""
    found: dict[str, list[SheetPicture]] = defaultdict(list)
    if not case_ids:
        return found
    is_open = (MEMBERS.c.case_id.in_(case_ids), MEMBERS.c.ended_at.is_(None))
    query = select(MEMBERS.c.incident_id, MEMBERS.c.case_id).where(*is_open)
    case_of = {case_id: case_id for case_id in case_ids}  # what came with the case itself hangs under its own id
    case_of |= {row.incident_id: row.case_id for row in connection.execute(query)}
    for picture in pictures_of(connection, case_of):
        if picture.is_stored and picture.redaction and picture.role in _BEST_FIRST:
            shown = SheetPicture(
                sha256=picture.sha256,
                role=picture.role,
                captured_at=picture.captured_at,
                width_px=picture.width_px,
                height_px=picture.height_px,
                box=picture.box,
            )
            found[case_of[picture.incident_id]].append(shown)
    for pictures in found.values():
        pictures.sort(key=lambda picture: (_BEST_FIRST.index(picture.role), -picture.captured_at.timestamp()))
    return found


def _clocks(connection: Connection, case_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Case → when its stage is due, and by how much its handling was lengthened."""
    found: dict[str, dict[str, Any]] = {case_id: {"due_at": None, "extensions": []} for case_id in case_ids}
    columns = (STAGES.c.case_id, STAGES.c.stage, STAGES.c.due_at, STAGES.c.left_at, STAGES.c.clock)
    query = select(*columns).where(STAGES.c.case_id.in_(case_ids)).order_by(STAGES.c.case_id, STAGES.c.number)
    for row in connection.execute(query) if case_ids else ():
        known = found[row.case_id]
        known["due_at"] = row.due_at if row.left_at is None else None
        if row.stage == Stage.HANDLE and "extensions" in row.clock:
            known["extensions"] += [
                {"amount": amount, "unit": unit} for amount, unit in json.loads(row.clock).get("extensions", ())
            ]
    return found


def _sheet(row: dict[str, Any], pictures: list[SheetPicture]) -> CaseSheet:
    known = {name: row[name] for name in CaseSheet.model_fields if name in row}
    return CaseSheet(**known, case_id=row["id"], pictures=tuple(pictures[:MOST_PICTURES]))
