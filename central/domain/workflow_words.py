"""The words of a case's life: states, actions, who acts, why, and where a case came from. Closed sets; no rules."""

from enum import IntEnum, StrEnum
from typing import Literal


class CaseState(StrEnum):
    """Where a case stands (DOMAIN §4), in the order of a life without detours."""

    OBSERVING = "observing"
    SUPPRESSED = "suppressed"
    PENDING_REVIEW = "pending_review"
    REJECTED_FALSE_ALARM = "rejected_false_alarm"
    CONFIRMED = "confirmed"
    """A reviewer says that it is true: a lead, not yet reported."""
    REMINDED = "reminded"
    SELF_CORRECTED = "self_corrected"
    REPORTED = "reported"
    ACCEPTED = "accepted"
    VERIFYING = "verifying"
    """An inspector looks before it is filed (核实)."""
    REGISTERED = "registered"
    NOT_REGISTERED = "not_registered"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    SUSPENDED = "suspended"
    HANDLED = "handled"
    CHECKING = "checking"
    """An inspector looks after it was handled (核查)."""
    CLOSED = "closed"
    REWORK = "rework"
    CANCELLED = "cancelled"
    FORCED_CLOSED = "forced_closed"


class Action(StrEnum):
    """What may happen to a case. `extend` to `comment` at the end leave its state as it is."""

    WATCH = "watch"
    SUPPRESS = "suppress"
    RAISE = "raise"
    CONFIRM = "confirm"
    REJECT = "reject"
    REMIND = "remind"
    SELF_CORRECT = "self_correct"
    REPORT = "report"
    ACCEPT = "accept"
    VERIFY = "verify"
    VERIFIED = "verified"
    REGISTER = "register"
    DECLINE = "decline"
    DISPATCH = "dispatch"
    RETURN = "return"
    START = "start"
    SUSPEND = "suspend"
    RESUME = "resume"
    FINISH = "finish"
    CHECK = "check"
    CLOSE = "close"
    SEND_BACK = "send_back"
    CANCEL = "cancel"
    FORCE_CLOSE = "force_close"
    REOPEN = "reopen"
    EXTEND = "extend"
    CHECKED = "checked"
    """An inspector says what was found after handling; closing is another's step."""
    SUPERVISE = "supervise"
    APPEAL = "appeal"
    COMMENT = "comment"


class Role(StrEnum):
    """Who may take a step: rules, cameras and the platform, and then people."""

    JUDGE = "judge"
    CAMERA = "camera"
    """What a camera's next looks say; where a city hasn't switched it on, only a proposal."""
    PLATFORM = "platform"
    REVIEWER = "reviewer"
    ACCEPTANCE_OPERATOR = "acceptance_operator"
    SHIFT_LEADER = "shift_leader"
    DISPATCHER = "dispatcher"
    HANDLING_UNIT = "handling_unit"
    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    ADMIN = "admin"
    OPERATOR = REVIEWER  # its name of old

    @classmethod
    def _missing_(cls, value: object) -> "Role | None":
        """Histories are sealed and keep the old word for ever."""
        return cls.REVIEWER if value == "operator" else None


MACHINES = frozenset({Role.JUDGE, Role.CAMERA, Role.PLATFORM})
PEOPLE = frozenset(Role) - MACHINES
Audience = Role | Literal["taker"]
"""Who is told something; ``taker`` is whoever may take the next step."""


class Source(StrEnum):
    """Who brought a case (DOMAIN §4)."""

    VIDEO_AI = "video_ai"
    INSPECTOR = "inspector"
    HOTLINE_12319 = "12319"
    HOTLINE_12345 = "12345"
    CITIZEN = "citizen"
    LEADER = "leader"
    DEPARTMENT = "department"
    MEDIA = "media"
    VEHICLE = "vehicle"
    IOT = "iot"


class RejectReason(IntEnum):
    """Why a finding was wrong; the learning loop reads it."""

    NOTHING_THERE = 1
    LOOKALIKE = 2
    LAWFUL = 3
    DUPLICATE = 4
    OTHER = 5


class Condition(StrEnum):
    """What a case is filed on, or closed on; `FILING` and `CLOSING` say which."""

    SEEN_CLEARLY = "seen_clearly"
    VERIFIED_ON_SITE = "verified_on_site"
    SEVERAL_REPORTS = "several_reports"
    ORDERED = "ordered"
    CLEARED_ON_SITE = "cleared_on_site"
    CLEARED_ON_CAMERA = "cleared_on_camera"
    PERMIT_GIVEN = "permit_given"
    BEYOND_REACH = "beyond_reach"


FILING = frozenset({Condition.SEEN_CLEARLY, Condition.VERIFIED_ON_SITE, Condition.SEVERAL_REPORTS, Condition.ORDERED})
CLOSING = frozenset(Condition) - FILING


class Need(StrEnum):
    """What has to be said with a step."""

    NOTE = "note"
    REJECT_REASON = "reject_reason"
    FILING_CONDITION = "filing_condition"
    CLOSING_CONDITION = "closing_condition"
    DEPARTMENT = "department"
    LIMIT = "limit"


class Guard(StrEnum):
    """What must hold of the case before a step."""

    TWO_PERSONS = "two_persons"
    """Who files it neither reviewed nor reported it."""
    HAS_KIND = "has_kind"
    """It says which violation it is."""
    REMINDING = "reminding"
    """The law has a grace time for its kind."""
    BY_HAND = "by_hand"
    """No camera brought it."""
    AUTO_CLOSE = "auto_close"
    """A camera may close it only where the city switched that on for the kind."""
