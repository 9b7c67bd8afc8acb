"""A case as another system is told of it, and what that system answers.

Readers ignore unknown fields, writers never reuse a name. Nothing in it names a person: no reviewer, no note, no plate.
The same notice goes to MQTT platform topics, to webhooks and into the journal; the HTTP adapter maps it field by field.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contract.events import BoxNorm, EvidenceRole, Instant, Name, Sha256, Uuid, WireModel
from contract.taxonomy import Seen, Violation

MAX_NOTICE_BYTES = 64 * 1024
MAX_REPLY_BYTES = 16 * 1024

StateWord = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
ExternalId = Annotated[str, Field(min_length=1, max_length=200)]


class NoticeText(WireModel):
    """A name in Chinese and English."""

    zh: str
    en: str


class NoticeCode(WireModel):
    """A violation's code with the standard it is from; never one without the other."""

    standard: str
    code: str


class NoticePlace(WireModel):
    """Degrees in the coordinate system named beside them."""

    system: Literal["CGCS2000", "GCJ-02"]
    lat: float
    lon: float


class NoticePicture(WireModel):
    """A redacted picture; `url` is good until `until`, without any further credential.

    `box` is the thing in shares of the picture (xyxy, origin top left).
    """

    sha256: Sha256
    role: EvidenceRole
    captured_at: Instant
    width_px: Annotated[int, Field(ge=0, le=100_000)] | None = None
    height_px: Annotated[int, Field(ge=0, le=100_000)] | None = None
    box: BoxNorm | None = None
    url: str | None = None
    until: Instant | None = None


class NoticeLimit(WireModel):
    """A length of time in the sender's own words: urgent hours, work hours, work days."""

    amount: Annotated[float, Field(gt=0, le=100_000)]
    unit: StateWord


class CaseNotice(WireModel):
    """One revision of one case for one target. `delivery_id` stays the same however often it is sent.

    `state` is a word of the sender's workflow (``confirmed``, ``reported``, ``closed`` …). A later revision holds the
    whole case again and takes the earlier one's place. `due_at` is when the stage it is in must be over; `extensions`
    are all by which its handling was lengthened so far, oldest first.
    """

    format: Literal["xunjie-case/1"] = "xunjie-case/1"
    delivery_id: Annotated[str, Field(max_length=60)]
    case_id: Uuid
    revision: Annotated[int, Field(ge=1)]
    origin: Name
    number: str | None = None
    source: str | None = None
    state: StateWord
    kind: Violation | None
    kind_name: NoticeText | None = None
    codes: tuple[NoticeCode, ...] = ()
    seen: Seen
    severity: Annotated[int, Field(ge=0, le=3)]
    first_seen_at: Instant
    last_seen_at: Instant
    gone_at: Instant | None = None
    place: NoticePlace | None = None
    district: Annotated[str, Field(pattern=r"^[0-9A-Z]{1,15}$")]
    area_code: str | None = None
    address: str | None = None
    department: str | None = None
    zone_id: str | None = None
    merged_into: Uuid | None = None
    pictures: tuple[NoticePicture, ...] = ()
    due_at: Instant | None = None
    extensions: Annotated[tuple[NoticeLimit, ...], Field(max_length=100)] | None = None
    made_at: Instant

    def to_wire(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


class ReplyKind(StrEnum):
    """What a reply says."""

    ACCEPTED = "accepted"
    """The revision lies with the platform."""
    REFUSED = "refused"
    """The platform will not take it; `reason` says why."""
    STATE = "state"
    """The platform's own work has brought the case to `state`."""


class PlatformReply(WireModel):
    """What a platform says about a case, by our `case_id` or its own `external_id`.

    `reply_id` is the platform's own and never used twice: a repeated one changes nothing. `version` counts what is said
    of one case, so that a late word is known as late; without it `at` decides.
    """

    reply_id: Annotated[str, Field(min_length=1, max_length=200)]
    kind: ReplyKind
    case_id: Uuid | None = None
    external_id: ExternalId | None = None
    revision: Annotated[int, Field(ge=1)] | None = None
    state: Annotated[str, Field(max_length=100)] | None = None
    version: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    at: Instant
    department: Annotated[str, Field(max_length=64)] | None = None
    reason: Annotated[str, Field(max_length=500)] = ""

    def to_wire(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()
