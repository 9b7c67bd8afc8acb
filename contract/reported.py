"""What a node says it runs: retained on its reported topic, compared by central with what it wants."""

import hashlib
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contract.bundle import MAX_CAMERAS
from contract.events import Instant, Name, Sha256, WireModel


class BundleMark(WireModel):
    """Which bundle: its version and the hash of its signed bytes."""

    version: Annotated[int, Field(ge=1, le=2**53)]
    sha256: Sha256


class BundleState(StrEnum):
    """What a node made of the newest bundle it was given."""

    NONE = "none"
    """It runs on its own file; no bundle ever came."""
    APPLIED = "applied"
    REJECTED = "rejected"
    """It is wrong; the last good one runs on."""
    ROLLED_BACK = "rolled_back"
    """It was applied, or began to be, and did not work; the last good one runs again."""


class Reason(WireModel):
    """Why something was rejected: `where` in the bundle, at which camera, and the remedy in words."""

    message: Annotated[str, Field(max_length=500)]
    where: Annotated[str, Field(max_length=200)] = ""
    camera_id: Name | None = None


class RolloutPhase(StrEnum):
    """How far a new model or new software has come."""

    DOWNLOADING = "downloading"
    CHECKING = "checking"
    SHADOW = "shadow"
    IN_FORCE = "in_force"
    FAILED = "failed"
    """It never took over."""
    ROLLED_BACK = "rolled_back"
    """It took over, was worse, and the old one is back."""


class ShadowCounts(WireModel):
    """A new model beside the old one: looks at which both found the same kinds, and what each would have alarmed."""

    looks: Annotated[int, Field(ge=0)] = 0
    agreed: Annotated[int, Field(ge=0)] = 0
    old_findings: Annotated[int, Field(ge=0)] = 0
    new_findings: Annotated[int, Field(ge=0)] = 0
    old_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    new_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class Rollout(WireModel):
    """A model's or a software's way into force. `sha256` is that of its target."""

    version: Annotated[str, Field(max_length=64)]
    sha256: Sha256
    phase: RolloutPhase
    name: Annotated[str, Field(max_length=64)] = ""
    done_bytes: Annotated[int, Field(ge=0)] = 0
    reason: Annotated[str, Field(max_length=500)] = ""
    shadow: ShadowCounts | None = None


class Reported(WireModel):
    """What a node runs. `in_force` is the bundle it runs, `offered` the newest one it was given."""

    node_id: Name
    at: Instant
    state: BundleState
    in_force: BundleMark | None = None
    offered: BundleMark | None = None
    reasons: Annotated[tuple[Reason, ...], Field(max_length=64)] = ()
    config_version: Annotated[str, Field(max_length=64)]
    software_in_force: Annotated[str, Field(max_length=64)]
    cameras: Annotated[tuple[Name, ...], Field(max_length=MAX_CAMERAS)] = ()
    model: Rollout | None = None
    software: Rollout | None = None

    def to_wire(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


def mark_of(payload: bytes, version: int) -> BundleMark:
    """The mark of the bundle whose signed bytes are `payload`."""
    return BundleMark(version=version, sha256=hashlib.sha256(payload).hexdigest())
