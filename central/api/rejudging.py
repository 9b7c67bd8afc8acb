"""Re-judgement over HTTP: a preview, and carrying it out."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from central.api.access import Access
from central.domain.judgement.stretch import Stretch
from central.domain.people import Operator, Right
from central.services.rejudge_report import RejudgeReport
from central.services.rejudging import Rejudger
from contract.clock import Clock
from contract.errors import UsageError
from contract.events import Instant

NEWEST = timedelta(days=31)
"""Unless asked for more: older cases have been assessed."""


class StretchBody(BaseModel):
    """Cases whose last sighting lies in ``[since, until)``; the last 31 days without both."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[Instant | None, Field(description="Begin of the stretch.")] = None
    until: Annotated[Instant | None, Field(description="End of the stretch, itself left out.")] = None


def rejudging_router(rejudger: Rejudger, access: Access, clock: Clock) -> APIRouter:
    """``POST /rejudgements/preview`` writes nothing; ``POST /rejudgements`` does. Both answer when they are through."""
    router = APIRouter(prefix="/rejudgements", tags=["rejudgements"])
    judge = Depends(access.may(Right.REJUDGE))

    def stretch_of(body: StretchBody) -> Stretch:
        since = body.since or clock.now() - NEWEST
        if body.until is not None and body.until <= since:
            raise UsageError("until: must lie after since")
        return Stretch(since, body.until)

    @router.post("/preview", dependencies=[judge])
    def preview(body: StretchBody) -> RejudgeReport:
        """What the registers and the law as they stand would make of known cases. Writes nothing."""
        return rejudger.preview(stretch_of(body))

    @router.post("")
    def apply(body: StretchBody, who: Annotated[Operator, judge]) -> RejudgeReport:
        """Carries it out: new entries of histories. Finished cases stay; where a person has spoken, a note is added."""
        return rejudger.apply(stretch_of(body), who.name)

    return router
