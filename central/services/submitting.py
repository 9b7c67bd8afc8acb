"""Events that a node hands in itself, and what an operator may know of everything that came in."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from central.services.admission import Admission, NodeReceipt, Settled
from central.store import inbox, outcomes
from central.store.database import Database
from contract.events import Instant
from contract.ids import NodeId
from contract.topics import Topics


class OutcomeView(BaseModel):
    """How often an outcome or a mark came from a node on a day (UTC)."""

    model_config = ConfigDict(frozen=True)

    outcome: str
    node_id: str
    day: str
    times: int
    first_at: Instant
    last_at: Instant


class OutcomePage(BaseModel):
    items: tuple[OutcomeView, ...]


class MarkedView(BaseModel):
    """An event that was taken with marks."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    incident_id: str | None
    node_id: str
    seq: int
    received_at: Instant
    marks: tuple[str, ...]


class MarkedPage(BaseModel):
    items: tuple[MarkedView, ...]


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of each event, and what the node may delete."""

    settled: tuple[Settled, ...]
    receipts: tuple[NodeReceipt, ...]


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    payload: bytes


class EventDesk:
    """For the HTTP API; any thread."""

    def __init__(self, database: Database, admission: Admission, topics: Topics) -> None:
        self._database = database
        self._admission = admission
        self._topics = topics

    def submit(self, node_id: NodeId, payloads: Sequence[bytes], is_backfill: bool) -> Submitted:
        """Takes the events as if they had come on the node's own topic.

        Raises:
            TransientError: the commit failed; nothing was stored.
        """
        topic = self._topics.event_backfill(node_id) if is_backfill else self._topics.event_live(node_id)
        settled = self._admission.take([_Message(topic, payload) for payload in payloads])
        return Submitted(tuple(settled), tuple(self._admission.receipts(settled)))

    def outcomes(self, limit: int) -> OutcomePage:
        """Counts of what was refused or marked, the newest day first."""
        with self._database.read() as connection:
            found = outcomes.newest(connection, limit)
        return OutcomePage(
            items=tuple(
                OutcomeView(
                    outcome=one.outcome,
                    node_id=one.node_id,
                    day=one.day,
                    times=one.times,
                    first_at=one.first_at,
                    last_at=one.last_at,
                )
                for one in found
            )
        )

    def marked(self, limit: int) -> MarkedPage:
        """The newest events with marks."""
        with self._database.read() as connection:
            found = inbox.newest_marked(connection, limit)
        return MarkedPage(
            items=tuple(
                MarkedView(
                    event_id=one.event_id,
                    incident_id=one.incident_id,
                    node_id=one.node_id,
                    seq=one.seq,
                    received_at=one.received_at,
                    marks=one.marks,
                )
                for one in found
            )
        )
