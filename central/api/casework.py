"""Work on cases beside their steps: bringing one by hand, claiming one, silences, and the table itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from central.api.access import Access
from central.domain.byhand import Tale
from central.domain.people import Operator, Right
from central.domain.silence import KeptSilence, Silence
from central.domain.workflow import CaseState
from central.domain.workflow_picture import TableView, table_view
from central.domain.workflow_words import Source
from central.services.byhand import HandDesk
from central.services.claiming import ClaimDesk
from central.services.silencing import SilenceDesk
from contract.events import Instant, Name
from contract.ids import UUID_PATTERN
from contract.plane import Origin
from contract.taxonomy import Violation

CaseIdPath = Annotated[str, Path(pattern=UUID_PATTERN)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaceBody(_Body):
    """CGCS2000 (WGS-84) degrees; a GCJ-02 point lies half a kilometre off."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class TaleBody(_Body):
    """A case that people bring. Who told it is not asked for: no name, no telephone number."""

    kind: Violation
    source: Source
    seen_at: Instant | None = None
    place: PlaceBody | None = None
    address: Annotated[str, Field(max_length=300)] = ""
    description: Annotated[str, Field(max_length=1000)] = ""


class OpenedView(_Body):
    """The new case."""

    case_id: str
    state: CaseState
    number: str | None


class ClaimView(_Body):
    """Who is at work on a case, and until when."""

    case_id: str
    person: str
    expires_at: datetime


class SilenceBody(_Body):
    """Whom nobody is to be called about, until when, and why. What is named must all fit."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]
    expires_at: Instant
    camera: Name | None = None
    zone: Annotated[str, Field(max_length=64)] | None = None
    kind: Violation | None = None
    place: PlaceBody | None = None
    radius_m: Annotated[float, Field(gt=0, le=5000)] | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if (self.place is None) is not (self.radius_m is None):
            raise ValueError("place and radius_m belong together")
        if all(named is None for named in (self.camera, self.zone, self.kind, self.place)):
            raise ValueError("name a camera, a zone, a kind or a place")
        return self


class SilenceView(_Body):
    """A silence; `is_active` while it keeps cases from people."""

    id: int
    reason: str
    expires_at: datetime
    camera: str | None
    zone: str | None
    kind: Violation | None
    place: PlaceBody | None
    radius_m: float | None
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Casework:
    """The desks behind these routes."""

    hands: HandDesk
    claims: ClaimDesk
    silences: SilenceDesk
    origin: Origin


def casework_router(work: Casework, access: Access) -> APIRouter:
    """``/cases`` (bringing, claiming), ``/silences`` and ``/workflow``, for operators."""
    router = APIRouter()
    operator = Depends(access.operator)
    hush = Depends(access.may(Right.SILENCE))

    @router.post("/cases", status_code=201, tags=["cases"])
    def bring_case(body: TaleBody, who: Annotated[Operator, operator]) -> OpenedView:
        """Opens a case that people bring; it is reported at once, or reviewed first when a citizen brings it."""
        opened = work.hands.open(_tale(body, work), who)
        return OpenedView(case_id=opened.case_id, state=opened.state, number=opened.number)

    @router.post("/cases/{case_id}/claim", tags=["cases"])
    def claim_case(case_id: CaseIdPath, who: Annotated[Operator, operator]) -> ClaimView:
        """Takes the case up for two minutes, or renews it. 409 names who is at work on it."""
        claim = work.claims.claim(case_id, who)
        if claim is None:
            raise HTTPException(404, f"no case {case_id}")
        return ClaimView(case_id=case_id, person=claim.person, expires_at=claim.expires_at)

    @router.delete("/cases/{case_id}/claim", status_code=204, tags=["cases"])
    def release_case(case_id: CaseIdPath, who: Annotated[Operator, operator]) -> None:
        """Lets it go again."""
        work.claims.release(case_id, who)

    @router.get("/silences", dependencies=[operator], tags=["silences"])
    def list_silences(limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> list[SilenceView]:
        """The silences, newest first, over or not."""
        now = work.silences.now()
        return [_silence_view(kept, now, work) for kept in work.silences.listed(limit)]

    @router.post("/silences", status_code=201, tags=["silences"])
    def make_silence(body: SilenceBody, who: Annotated[Operator, hush]) -> SilenceView:
        """Keeps what fits from people until it expires; the cases are kept and marked."""
        number = work.silences.make(_silence(body, work), who)
        now = work.silences.now()
        return next(
            _silence_view(kept, now, work) for kept in work.silences.listed() if kept.silence.silence_id == number
        )

    @router.delete("/silences/{silence_id}", status_code=204, tags=["silences"])
    def end_silence(silence_id: int, who: Annotated[Operator, hush]) -> None:
        """Ends it early."""
        if not work.silences.end(silence_id, who):
            raise HTTPException(404, f"no silence {silence_id} in force")

    @router.get("/workflow", dependencies=[operator], tags=["cases"])
    def show_workflow() -> TableView:
        """The table that every step follows."""
        return table_view()

    return router


def _tale(body: TaleBody, work: Casework) -> Tale:
    place = None if body.place is None else work.origin.to_local(body.place.lat, body.place.lon)
    return Tale(
        kind=body.kind,
        source=body.source,
        seen_at=body.seen_at or work.silences.now(),
        place=place,
        address=body.address,
        description=body.description,
        is_reviewed=body.source is not Source.CITIZEN,
    )


def _silence(body: SilenceBody, work: Casework) -> Silence:
    return Silence(
        silence_id=0,
        reason=body.reason,
        expires_at=body.expires_at,
        camera_id=body.camera,
        zone_id=body.zone,
        kind=body.kind,
        place=None if body.place is None else work.origin.to_local(body.place.lat, body.place.lon),
        radius_m=body.radius_m,
    )


def _silence_view(kept: KeptSilence, now: datetime, work: Casework) -> SilenceView:
    silence = kept.silence
    place = None
    if silence.place is not None:
        lat, lon = work.origin.to_degrees(silence.place)
        place = PlaceBody(lat=round(lat, 7), lon=round(lon, 7))
    return SilenceView(
        id=silence.silence_id,
        reason=silence.reason,
        expires_at=silence.expires_at,
        camera=silence.camera_id,
        zone=silence.zone_id,
        kind=silence.kind,
        place=place,
        radius_m=silence.radius_m,
        made_by=kept.made_by,
        made_at=kept.made_at,
        ended_at=kept.ended_at,
        ended_by=kept.ended_by,
        is_active=kept.ended_at is None and silence.expires_at > now,
    )
