"""What one event writes into the outbox's tables, and how large it and a receipt's work may be."""

import sqlite3
from collections.abc import Iterator

from contract.errors import PermanentError
from contract.events import MAX_EVENT_BYTES, Event, IncidentState
from contract.receipts import Receipt

PORTION, MAX_PORTIONED = 50, 1_000_000
"""Numbers settled at once on a full disk: 50 events are about 150 KiB of journal. More than a million in one range
mean nothing: an outbox of that size does not fit."""


class TooLarge(PermanentError):
    """The wire does not carry it; trying again can't help."""


def check_size(event: Event, payload: bytes) -> None:
    """Refuses what the wire does not carry.

    Raises:
        TooLarge: the event is larger than `MAX_EVENT_BYTES`; the message names the largest field.
    """
    if len(payload) <= MAX_EVENT_BYTES:
        return
    fields = event.data.model_dump(mode="json")
    largest = max(fields, key=lambda name: len(str(fields[name])))
    raise TooLarge(f"event of {len(payload)} bytes exceeds {MAX_EVENT_BYTES}; its largest field is data.{largest}")


def fill(db: sqlite3.Connection, seq: int, event: Event, payload: bytes) -> None:
    """The row's content, and the pictures it announces."""
    row = (payload, event.data.state.value, event.subject, seq)
    db.execute("UPDATE event SET payload = ?, state = ?, incident_id = ? WHERE seq = ?", row)
    # A picture that several events show belongs to one that is never given up, if there is one.
    if event.data.state is IncidentState.UPDATED:
        clash = "DO NOTHING"
    else:
        clash = "DO UPDATE SET seq = excluded.seq WHERE state = 'waiting'"
    db.executemany(
        f"INSERT INTO evidence (sha256, seq, state) VALUES (?, ?, 'waiting') ON CONFLICT (sha256) {clash}",
        [(ref.sha256, seq) for ref in event.data.evidence],
    )


def note_story(db: sqlite3.Connection, event: Event) -> None:
    """The last word on an open incident; its pictures are told and need no second mention."""
    if event.data.state is IncidentState.CLOSED:
        db.execute("DELETE FROM story WHERE incident_id = ?", (event.subject,))
        return
    plain = event.data.model_copy(update={"evidence": ()})
    wire = event.model_copy(update={"data": plain}).to_wire()
    db.execute("INSERT OR REPLACE INTO story VALUES (?, ?, ?)", (event.subject, event.data.camera_id, wire))


def portions(receipt: Receipt) -> Iterator[Receipt]:
    """The receipt in pieces small enough for a disk that has room for little journal."""
    for first, last in receipt.acked:
        for start in range(first, min(last, first + MAX_PORTIONED) + 1, PORTION):
            span = (start, min(start + PORTION - 1, last))
            yield Receipt(stream_id=receipt.stream_id, acked=(span,))


def free_pages(db: sqlite3.Connection) -> int:
    """Empty pages inside the file."""
    return int(db.execute("PRAGMA freelist_count").fetchone()[0])
