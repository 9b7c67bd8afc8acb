"""What central asks of one node, once: a fresh picture, a sealed original, a picture to calibrate by; and the answer.

A request is signed (it may ask for people's faces), names who asks and why, and expires. An answer's picture is put to
central by HTTP first; the reply then names it.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contract.events import Instant, Name, Sha256, Uuid, WireModel

MAX_REQUEST_BYTES = 8 * 1024
MAX_ANSWER_BYTES = 32 * 1024 * 1024
LONGEST_LIFE = timedelta(days=7)
"""A node refuses a request that lives longer: it remembers ids for as long, to answer each once."""

MediaType = Literal["image/jpeg", "video/mp4", "application/octet-stream"]


class FreshFrame(WireModel):
    """The newest picture of a camera, redacted like evidence."""

    kind: Literal["fresh_frame"] = "fresh_frame"
    camera_id: Name


class CalibrationPicture(WireModel):
    """A picture in the stream's full size, redacted, at `preset` if the camera turns."""

    kind: Literal["calibration_picture"] = "calibration_picture"
    camera_id: Name
    preset: Name | None = None


class Original(WireModel):
    """The unredacted original of a picture, as the node sealed it to central's key.

    `sha256` is that of the redacted picture central has. Both programs log reason, case and person.
    """

    kind: Literal["original"] = "original"
    sha256: Sha256
    case_id: Uuid
    reason: Annotated[str, Field(min_length=5, max_length=500)]


Ask = Annotated[FreshFrame | CalibrationPicture | Original, Field(discriminator="kind")]


class Request(WireModel):
    """One thing asked of one node. `by` is the person or the service that asks."""

    request_id: Uuid
    node_id: Name
    ask: Ask
    by: Annotated[str, Field(min_length=1, max_length=100)]
    issued_at: Instant
    expires_at: Instant

    def to_wire(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


class Outcome(StrEnum):
    """How a node answered."""

    DONE = "done"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """No such camera, preset or original here (any more)."""
    LIMITED = "limited"
    """Too many requests; ask again later."""
    FAILED = "failed"
    """Tried and could not; `reason` says why."""


class Answer(WireModel):
    """The picture put to central. A sealed one is opened with central's key in the context ``original:<sha256>``."""

    sha256: Sha256
    size_bytes: Annotated[int, Field(gt=0, le=MAX_ANSWER_BYTES)]
    media_type: MediaType
    captured_at: Instant | None = None
    is_sealed: bool = False
    redaction: Annotated[str, Field(max_length=64)] = ""


class Reply(WireModel):
    """A node's answer to one request; sent again unchanged if the request comes again."""

    request_id: Uuid
    node_id: Name
    at: Instant
    outcome: Outcome
    reason: Annotated[str, Field(max_length=500)] = ""
    answer: Answer | None = None

    def to_wire(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


def original_context(sha256: str) -> str:
    """The context in which an original is sealed; `sha256` is the redacted picture's.

    >>> original_context("ab" * 32)[:13]
    'original:abab'
    """
    return f"original:{sha256}"
