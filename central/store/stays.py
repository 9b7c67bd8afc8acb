"""How long things stayed and how surely they were seen, incident by incident: what other policies are weighed by."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from central.store.observations import OBSERVATIONS
from contract.taxonomy import Seen


@dataclass(frozen=True, slots=True)
class Stay:
    """One incident, as its cameras told it."""

    seen: Seen
    stayed_s: float
    peak: float


def since(connection: Connection, cameras: Collection[str], start: datetime, most: int) -> list[Stay]:
    """Up to `most` incidents of the cameras that were seen at `start` or later, newest first."""
    row = OBSERVATIONS.c
    query = (
        select(
            row.seen,
            func.min(row.first_seen_at).label("first"),
            func.max(row.last_seen_at).label("last"),
            func.max(row.peak).label("peak"),
        )
        .where(row.camera_id.in_(sorted(cameras)), row.last_seen_at >= start)
        .group_by(row.incident_id, row.seen)
        .order_by(func.max(row.last_seen_at).desc())
        .limit(most)
    )
    return [
        Stay(Seen(found.seen), (found.last - found.first).total_seconds(), found.peak)
        for found in connection.execute(query)
    ]
