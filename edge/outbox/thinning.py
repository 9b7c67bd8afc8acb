"""Which events give way when the disk runs short: all but the newest `updated` of an incident, never anything else."""

import sqlite3

from contract.events import Event, IncidentState

_REASON = "its update was given up when the disk was short"


def give_up_older(db: sqlite3.Connection, event: Event, seq: int) -> int:
    """The incident's `updated` rows before `seq`, where `event` stands: it says all they said. Gives how many."""
    if event.data.state is IncidentState.OPENED:
        return 0
    return _give_up(db, "incident_id = ? AND state = 'updated' AND seq < ?", (event.subject, seq))


def give_up_all_older(db: sqlite3.Connection) -> int:
    """The same for every incident at once."""
    newer = "EXISTS (SELECT 1 FROM event AS later WHERE later.incident_id = event.incident_id"
    return _give_up(db, f"state = 'updated' AND incident_id <> '' AND {newer} AND later.seq > event.seq)", ())


def _give_up(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> int:
    gone = [seq for (seq,) in db.execute(f"DELETE FROM event WHERE {where} RETURNING seq", values)]
    db.executemany("UPDATE evidence SET state = 'shed', reason = ? WHERE seq = ?", [(_REASON, seq) for seq in gone])
    return len(gone)
