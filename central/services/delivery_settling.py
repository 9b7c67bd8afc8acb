"""What follows when a target has taken or refused a revision, however it said so: history and freeze."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.domain.workflow import Role
from central.services.delivery_records import DeliveryRecord
from central.store import cases, changes, deliveries
from central.store.cases import HistoryEntry

DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Told:
    """One revision of a case at one target, and the id under which the target keeps the case."""

    case_id: str
    target: str
    revision: int
    external_id: str | None


def note_accepted(connection: Connection, told: Told, now: datetime) -> None:
    """The target has the revision: from now on association may add to the case and take nothing from it."""
    deliveries.note_accepted(connection, told.case_id, told.target, told.revision, told.external_id, now)
    cases.freeze(connection, told.case_id, DELIVERED, now)
    _append(connection, told, DELIVERED, "", now)


def note_refused(connection: Connection, told: Told, reason: str, now: datetime) -> None:
    _append(connection, told, "refused", reason, now)


def _append(connection: Connection, told: Told, what: str, reason: str, now: datetime) -> None:
    facts = DeliveryRecord(
        target=told.target, revision=told.revision, external_id=told.external_id, reason=reason[:500]
    ).model_dump_json()
    cases.append(connection, HistoryEntry(told.case_id, now, what, Role.PLATFORM, told.target, facts))
    changes.record(connection, "case", [told.case_id], now)
