"""What other systems may know of a case, which of them want it, and what a change means for what they already have.

Pure: `decide` says what follows, `central.services.outgoing` writes it in the transaction of the change.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from central.domain.exchange import Side
from central.domain.workflow import CaseState
from central.domain.worktime import TimeUnit
from contract.events import BoxNorm, EvidenceRole
from contract.taxonomy import Seen, Violation

UNREVIEWED = frozenset(
    {CaseState.OBSERVING, CaseState.SUPPRESSED, CaseState.PENDING_REVIEW, CaseState.REJECTED_FALSE_ALARM}
)
"""Never a reason to tell anybody outside: no person has said that it is true."""
BEFORE_REPORT = frozenset({"confirmed", "reminded", "self_corrected"})
"""A lead that a person believes and nobody has reported yet."""


class DeliveryState(StrEnum):
    """Where one revision of a case stands on its way to one target."""

    WAITING = "waiting"
    SENDING = "sending"
    """A sender has claimed it; if its claim runs out, nobody knows how far it came."""
    UNCERTAIN = "uncertain"
    """The target may have it: it is asked before anything is sent again."""
    HANDED_OVER = "handed_over"
    """On its way through somebody else (a broker); the target answers by itself."""
    ACCEPTED = "accepted"
    DEAD = "dead"
    """The target refuses it, or it was tried for too long: a person must look."""
    SUPERSEDED = "superseded"
    """A newer revision went instead, or the case was taken back before anybody heard of it."""


UNSETTLED = frozenset({DeliveryState.SENDING, DeliveryState.UNCERTAIN})
"""A later revision waits for these."""


class SheetPicture(BaseModel):
    """One redacted picture that lies here."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    role: EvidenceRole
    captured_at: datetime
    width_px: int | None = None
    height_px: int | None = None
    box: BoxNorm | None = None


class SheetLimit(BaseModel):
    """By how much a stage was lengthened."""

    model_config = ConfigDict(frozen=True)

    amount: float
    unit: TimeUnit


class CaseSheet(BaseModel):
    """The facts of a case that may leave: no person, no note, no reason that somebody typed.

    Times are capture times, UTC; `east_m`, `north_m` in the site's frame. `area_code` is the unit grid's. `due_at`: of
    the stage it is in; `extensions`: of its handling, all there ever were.
    """

    model_config = ConfigDict(frozen=True)

    case_id: str
    number: str | None = None
    source: str | None = None
    state: CaseState
    kind: Violation | None
    seen: Seen
    severity: int
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None
    east_m: float | None
    north_m: float | None
    area_code: str | None = None
    address: str = ""
    department: str | None = None
    zone_id: str | None = None
    merged_into: str | None = None
    pictures: tuple[SheetPicture, ...] = ()
    due_at: datetime | None = None
    extensions: tuple[SheetLimit, ...] = ()

    @property
    def body(self) -> str:
        """A digest of what a target should hear of again when it changes, its state aside.

        A stall that is looked at once a minute moves by centimetres and gets a new picture each time: that is no news.
        Number and department change with the state only; what a platform said itself would else be sent back to it. So
        does the deadline, but for extensions, which are never taken back.
        """
        roles = sorted({picture.role for picture in self.pictures})
        said = (
            self.kind,
            self.seen,
            self.area_code,
            self.address,
            self.merged_into,
            self.gone_at is None,
            self.east_m is None,
            *roles,
            *((limit.amount, limit.unit) for limit in self.extensions),
        )
        return hashlib.sha256(repr([str(part) for part in said]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class TargetRule:
    """Which cases a target is told of. Empty `kinds` or `districts` (prefixes of the area code) are all.

    `side`: who the target is where it is another central with which cases are shared.
    """

    target: str
    states: frozenset[CaseState]
    kinds: frozenset[Violation] = frozenset()
    districts: tuple[str, ...] = ()
    side: Side | None = None

    def wants(self, sheet: CaseSheet) -> bool:
        """Whether the target is told of such a case for the first time."""
        if sheet.state not in self.states or sheet.merged_into is not None:
            return False
        if self.kinds and sheet.kind not in self.kinds:
            return False
        return not self.districts or (sheet.area_code or "").startswith(self.districts)


def states_from(first: str) -> frozenset[CaseState]:
    """The states in which a target is told of a case: ``confirmed`` on, or ``reported`` on.

    >>> CaseState.PENDING_REVIEW in states_from("confirmed"), CaseState.CONFIRMED in states_from("reported")
    (False, False)
    """
    reviewed = (state for state in CaseState if state not in UNREVIEWED)
    return frozenset(state for state in reviewed if first != "reported" or state.value not in BEFORE_REPORT)


@dataclass(frozen=True, slots=True)
class Standing:
    """What one target was last told of one case. `heard`: the states that it told us itself, and we followed."""

    state: CaseState | None = None
    body: str = ""
    revision: int = 0
    was_sent: bool = False
    heard: frozenset[CaseState] = frozenset()


class News(StrEnum):
    """What a change of a case means for one target."""

    NONE = "none"
    SEND = "send"
    WITHDRAW = "withdraw"
    """Nobody outside has heard of it and nobody should: what waits is taken back."""
    ECHO = "echo"
    """The target said so itself: it is noted, not sent back."""


def decide(rule: TargetRule, sheet: CaseSheet, known: Standing) -> News:
    """What the case as it is now means for the target, given what it was told.

    Who was told of a case is told of everything that follows, also that it was taken back.
    """
    if not known.was_sent and not rule.wants(sheet):
        return News.WITHDRAW if known.body else News.NONE
    if (sheet.state, sheet.body) == (known.state, known.body):
        return News.NONE
    if sheet.body == known.body and sheet.state in known.heard:
        return News.ECHO
    return News.SEND


def names_of(states: Iterable[CaseState]) -> str:
    """States as one text, for a column.

    >>> names_of([CaseState.CONFIRMED])
    'confirmed'
    """
    return " ".join(sorted(state.value for state in states))
