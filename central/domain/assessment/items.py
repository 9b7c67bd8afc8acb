"""What is counted: one item is something that happened to a case, or was due, on one local day and at somebody's desk.

Every figure counts items. An item belongs to one day, one place and one person, so that figures of any area, person
and period add up, and a figure's cases can always be named.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntFlag, StrEnum, auto


class Moment(StrEnum):
    """What an item stands for, and by which instant it has its day."""

    REVIEWED = "reviewed"
    """A person's verdict on a finding, on the day it was given; a verdict taken back doesn't count."""
    REMINDED = "reminded"
    """Whoever runs it was told to put it right by themselves, on that day."""
    REPORTED = "reported"
    """Sent from the review to the supervision centre, on that day."""
    ACCEPTED = "accepted"
    """Taken by the supervision centre (受理), on that day."""
    FILED = "filed"
    """Filed (立案), on that day."""
    DISPATCH_DUE = "dispatch_due"
    """Had to be dispatched by some moment of that day (应派遣)."""
    HANDLE_DUE = "handle_due"
    """Had to be handled by some moment of that day (应处置)."""
    CHECK_DUE = "check_due"
    """Had to be checked after handling by some moment of that day (应核查)."""
    CLOSE_DUE = "close_due"
    """Had to be closed by some moment of that day (应结案)."""


DUE = frozenset({Moment.DISPATCH_DUE, Moment.HANDLE_DUE, Moment.CHECK_DUE, Moment.CLOSE_DUE})
"""Items that don't count before their moment has come."""


class Mark(IntFlag):
    """What is true of an item. The numbers are stored: never reuse or reorder one."""

    DONE = auto()
    """Dispatched, handled, checked, closed; for the others always."""
    LIMITED = auto()
    """It had a deadline at all."""
    IN_TIME = auto()
    LATE = auto()
    """Done, after its deadline."""
    CONFIRMED = auto()
    REJECTED = auto()
    FALSE_SIGHTING = auto()
    """Rejected because nothing was there, or something that looks like it."""
    SELF_CORRECTED = auto()
    ACCEPTED = auto()
    REGISTERED = auto()
    DECLINED = auto()
    """Not registered."""
    CANCELLED = auto()
    RETURNED = auto()
    """The unit that it was dispatched to sent it back: not theirs."""
    REWORKED = auto()
    EXTENDED = auto()
    SUSPENDED = auto()
    FORCED = auto()
    """Closed by force (强制结案)."""


NONE = Mark(0)
MARKS_BY_NAME = {mark.name.lower(): mark for mark in Mark if mark.name is not None}


@dataclass(frozen=True, slots=True)
class Item:
    """One counted thing. `due_at` only where it waits for that moment; `took_s` without the time the clock stood.

    `area_code` is the unit grid, or "" where the case has none; the other names are "" where nobody is known.
    """

    case_id: str
    moment: Moment
    day: date
    marks: Mark
    due_at: datetime | None = None
    took_s: int | None = None
    kind: str = ""
    source: str = ""
    area_code: str = ""
    department: str = ""
    post: str = ""
    person: str = ""
    camera_id: str = ""
