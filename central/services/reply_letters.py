"""What platforms say that nobody can read: kept among the dead letters, and read again when a person says so."""

import hashlib
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection

from central.services.delivery_port import Unread
from central.services.outcomes import Outcome
from central.store import dead_letters
from central.store.dead_letters import Refused
from contract.notices import MAX_REPLY_BYTES, PlatformReply

TOPIC = "reply/"
"""Begins the topic of a letter that a target's reply is: ``reply/city``."""
HEAD_BYTES = 4096
"""Of a message that is too long to be a reply, so much is kept."""


def read_reply(payload: bytes) -> PlatformReply | Unread:
    """The reply in `payload`, or why there is none in it."""
    size, sha256 = len(payload), hashlib.sha256(payload).hexdigest()
    if size > MAX_REPLY_BYTES:
        return Unread(payload[:HEAD_BYTES], size, sha256, f"{size} bytes; {MAX_REPLY_BYTES} are the most")
    try:
        return PlatformReply.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        return Unread(payload, size, sha256, f"{where}: {first['msg']}")


def keep(connection: Connection, target: str, unread: Unread, now: datetime) -> None:
    """Keeps it; the same bytes again are counted."""
    outcome = Outcome.OVERSIZED if unread.size_bytes > MAX_REPLY_BYTES else Outcome.MALFORMED
    letter = Refused(
        received_at=now,
        topic=f"{TOPIC}{target}",
        reason=unread.reason,
        head=unread.content,
        size_bytes=unread.size_bytes,
        sha256=unread.sha256,
        node_id=None,
        place=None,
        outcome=outcome,
    )
    dead_letters.keep(connection, letter)
