"""What a node says about itself: retained on its status topic, and its last will."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contract.events import CameraCondition, ClockState, Instant, ModelRef, Name, Uuid, WireModel


class NodeState(StrEnum):
    """Whether the node is connected; ``offline`` is also the last will."""

    ONLINE = "online"
    OFFLINE = "offline"


class CameraState(StrEnum):
    """A camera's condition, proven by fresh frames and nothing else."""

    STARTING = "starting"
    LIVE = "live"
    STALE = "stale"
    FAILED = "failed"
    ENDED = "ended"


class LookMode(StrEnum):
    """How closely a camera is watched: key frames now and then, or several frames a second."""

    PATROL = "patrol"
    ATTENTION = "attention"


class CameraStatus(WireModel):
    """One camera as its node sees it. `condition` is what its pictures say; None where nobody looks for it."""

    camera_id: Name
    state: CameraState
    last_frame_at: Instant | None = None
    looks: Annotated[int, Field(ge=0)] = 0
    skipped_looks: Annotated[int, Field(ge=0)] = 0
    dropped_frames: Annotated[int, Field(ge=0)] = 0
    reason: Annotated[str, Field(max_length=300)] = ""
    condition: CameraCondition | None = None
    condition_since: Instant | None = None
    mode: LookMode | None = None


class NodeStatus(WireModel):
    """The node's retained status; `at` is when it was written."""

    node_id: Name
    boot_id: Uuid
    state: NodeState
    at: Instant
    software: Annotated[str, Field(max_length=64)]
    config_version: Annotated[str, Field(max_length=64)]
    clock_state: ClockState
    clock_offset_ms: float | None = None
    model: ModelRef | None = None
    outbox_depth: Annotated[int, Field(ge=0)] = 0
    evidence_waiting: Annotated[int, Field(ge=0)] = 0
    evidence_problem: Annotated[str, Field(max_length=300)] = ""
    """What the node's disk refuses of its evidence; empty while all is well."""
    cameras: Annotated[tuple[CameraStatus, ...], Field(max_length=256)] = ()

    def to_wire(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()
