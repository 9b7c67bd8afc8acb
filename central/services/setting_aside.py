"""An event that can't be associated: off the associator's list, and among the dead letters with the reason."""

from datetime import datetime

from sqlalchemy import Connection

from central.services.parse import digest_of
from central.store import dead_letters, inbox
from central.store.inbox import WaitingEvent
from contract.events import Event


def set_aside(connection: Connection, entry: WaitingEvent, reason: str, now: datetime) -> None:
    """Moves `entry` to the dead letters."""
    data = Event.model_validate_json(entry.payload).data
    inbox.mark_done(connection, entry.row_id, now, failure=reason[:500])
    refused = dead_letters.Refused(
        received_at=now,
        topic=f"inbox/{entry.row_id}",
        reason=f"association failed: {reason}",
        head=entry.payload,
        size_bytes=len(entry.payload),
        sha256=digest_of(entry.payload),
        node_id=data.node_id,
        place=None,
        outcome="set_aside",
    )
    dead_letters.keep(connection, refused)
