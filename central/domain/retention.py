"""How long what is kept: which of a case's pictures and records may go, and when. Pure: it deletes nothing.

Two clocks per case. Pictures go when the purpose they were taken for is met; the record (the case, its history, what
the sightings said) may stay longer, because somebody must be able to ask who decided what.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from central.domain.workflow import FINAL, REVIEWED, CaseState
from contract.configfile import Settings

SEEN_FLOOR_DAYS = 30
"""What a person has seen, or was shown, stays at least this long (DOMAIN §6)."""
Days = Annotated[int, Field(ge=1, le=36_500)]


class RetentionRules(Settings):
    """Days, by class (DOMAIN §6). Shorter: proof is missing when asked for; longer: more is kept than the law likes."""

    unseen: Annotated[int, Field(ge=4, le=36_500)] = 7
    """Lawful and passing findings that nobody was asked about, after the last look. The associator needs three days."""
    rejected: Annotated[int, Field(ge=SEEN_FLOOR_DAYS, le=36_500)] = 30
    """False alarms, after the person's last word; so too what was raised and then turned out lawful."""
    closed: Annotated[int, Field(ge=SEEN_FLOOR_DAYS, le=36_500)] = 365
    """Confirmed cases, after the thing is gone and the last word is said; all others, after they ended."""
    audit: Annotated[int, Field(ge=SEEN_FLOOR_DAYS, le=36_500)] = 400
    """Who did what: the record of every case that a person has touched, after the last word."""
    inbox_payload: Annotated[int, Field(ge=4, le=36_500)] = 30
    """Events as they came, once they are worked off. Their identity stays for ever, so that none is taken twice."""
    dead_letters: Days = 90
    status: Days = 400
    """Changes of nodes and cameras, and intake's daily counts; how a thing stands now always stays."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What decides about a case.

    `was_raised`: it once waited for a person; `person_at`: a person's last word; `has_target`: what it was merged into
    still exists.
    """

    case_id: str
    state: CaseState
    was_raised: bool
    last_seen_at: datetime
    gone_at: datetime | None
    person_at: datetime | None
    is_merged: bool = False
    has_target: bool = False


@dataclass(frozen=True, slots=True)
class Expiry:
    """From when on the pictures and the record may go; None: not as things stand."""

    pictures_at: datetime | None
    record_at: datetime | None

    def frees_pictures(self, now: datetime) -> bool:
        return self.pictures_at is not None and self.pictures_at <= now

    def frees_record(self, now: datetime) -> bool:
        return self.record_at is not None and self.record_at <= now


KEEP = Expiry(None, None)
_WORKED_ON = REVIEWED - FINAL - {CaseState.CONFIRMED} | {CaseState.PENDING_REVIEW}


def expiry(case: CaseFacts, rules: RetentionRules) -> Expiry:
    """When the case's pictures and its record may go.

    A case that waits for somebody, or whose thing still stands there, keeps everything. One that was merged goes after
    the one it was merged into, because its number must lead there for as long as that exists.
    """
    if case.is_merged:
        pictures_at = _pictures_at(case, rules)
        return (
            KEEP
            if case.has_target or pictures_at is None
            else Expiry(pictures_at, _record_at(case, pictures_at, rules))
        )
    if case.state in _WORKED_ON:
        return KEEP
    pictures_at = _pictures_at(case, rules)
    return KEEP if pictures_at is None else Expiry(pictures_at, _record_at(case, pictures_at, rules))


def _pictures_at(case: CaseFacts, rules: RetentionRules) -> datetime | None:
    floor = case.last_seen_at
    if case.person_at is not None:
        floor = max(case.person_at + timedelta(days=SEEN_FLOOR_DAYS), case.last_seen_at)
    match case.state:
        case CaseState.CONFIRMED:
            if case.gone_at is None:
                return None
            return max(floor, _last_word(case, case.gone_at) + timedelta(days=rules.closed))
        case CaseState.REJECTED_FALSE_ALARM:
            return max(floor, _last_word(case, case.last_seen_at) + timedelta(days=rules.rejected))
    if case.state in FINAL:
        return max(floor, _last_word(case, case.last_seen_at) + timedelta(days=rules.closed))
    is_shown = case.was_raised or case.person_at is not None
    return max(floor, case.last_seen_at + timedelta(days=rules.rejected if is_shown else rules.unseen))


def _record_at(case: CaseFacts, pictures_at: datetime, rules: RetentionRules) -> datetime:
    if case.person_at is None:
        return pictures_at
    return max(pictures_at, case.person_at + timedelta(days=rules.audit))


def _last_word(case: CaseFacts, seen: datetime) -> datetime:
    return seen if case.person_at is None else max(seen, case.person_at)
