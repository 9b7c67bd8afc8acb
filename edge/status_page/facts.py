"""What a node shows of itself, to a person who stands at the cabinet and to a monitoring system."""

from dataclasses import dataclass
from datetime import datetime

from contract.status import NodeStatus


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """The way to central; `reason` says why there is no connection."""

    is_connected: bool
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One moment of a node.

    Attributes:
        broker: None where no broker is configured.
        outbox_bytes: the outbox's file.
        coalesced: updates that gave way to newer ones on a short disk, since the start.
        owed: openings and closings that the disk refuses and that wait in memory.
        set_aside: where a damaged outbox was put at the start; empty if it was well.
        revivals: threads that the watchdog has started anew.
        clock_steps: how often the wall clock was set while the node ran.
        findings_waiting: decided, their pictures not searched for people and kept yet.
        updates_left_out: not told because too many findings waited; the next one said more.
    """

    status: NodeStatus
    started_at: datetime
    broker: BrokerFacts | None
    disk_free_bytes: int
    disk_total_bytes: int
    outbox_bytes: int
    coalesced: int
    owed: int
    set_aside: str
    revivals: int
    clock_steps: int
    look_failures: int
    findings_waiting: int = 0
    updates_left_out: int = 0
