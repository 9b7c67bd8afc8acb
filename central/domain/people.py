"""Who a person is to the case desk, and the one place that says whether they may do what they ask for. Pure.

Steps of the workflow name their roles in its table; everything else that is asked for is a `Right` here. API and
console both ask `refusal`.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from central.domain.workflow_words import MACHINES, PEOPLE, Role

RESERVED = frozenset({*MACHINES, "operator", "central", "system", "xunjie"})
"""Names that no account may take: the history would not tell them from the service and the machines."""
_NAME = re.compile(r"[^\W_](?:[\w.@-]| (?! )){0,62}[^\W_]")
"""Letters and digits of any script, and between them `. _ @ -` and single spaces; 2 to 64 characters."""
_DISTRICT = re.compile(r"[0-9A-Z]{0,15}")


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever stands behind a request: a person, or a service with the operator's token.

    `district` is the area code, or the beginning of one, that all their cases lie in; empty: everywhere.
    `account` is the person's number, None for a service. `department` is whose cases they handle; empty: everybody's.
    """

    name: str
    roles: frozenset[Role]
    district: str = ""
    account: int | None = None
    department: str = ""


SERVICE = Operator("operator", PEOPLE)
"""Who brings the operator's token."""


class Right(StrEnum):
    """What may be asked for beside the workflow's steps."""

    READ = "read"
    """Cases, pictures, nodes, figures."""
    JOIN_CASES = "join_cases"
    """Say that two cases are one, or one is two."""
    EXPORT_PACKAGE = "export_package"
    OPEN_ORIGINAL = "open_original"
    """See a picture before it was redacted."""
    KEEP_REGISTERS = "keep_registers"
    """Areas, zones, permits, shops, responsibility."""
    READ_WELFARE = "read_welfare"
    """Whether a merchant is in hardship."""
    KEEP_FLEET = "keep_fleet"
    """Nodes, their bundles, and what is asked of them."""
    KEEP_DELIVERY = "keep_delivery"
    """Everything that goes out to platforms, and what they refused."""
    KEEP_INTAKE = "keep_intake"
    """Messages that could not be taken, whichever district they came from."""
    SILENCE = "silence"
    """Say that nobody is to be called for a while."""
    REJUDGE = "rejudge"
    """Judge known cases again after the registers changed."""
    FREEZE_FIGURES = "freeze_figures"
    KEEP_PEOPLE = "keep_people"


_R = Role
RIGHTS: Mapping[Right, frozenset[Role]] = {
    Right.READ: PEOPLE,
    Right.JOIN_CASES: frozenset({_R.REVIEWER, _R.ACCEPTANCE_OPERATOR, _R.SHIFT_LEADER, _R.ADMIN}),
    Right.EXPORT_PACKAGE: PEOPLE - {_R.HANDLING_UNIT, _R.DISPATCHER},
    Right.OPEN_ORIGINAL: frozenset({_R.SHIFT_LEADER, _R.SUPERVISOR, _R.LEADER}),
    Right.KEEP_REGISTERS: frozenset({_R.SHIFT_LEADER, _R.ADMIN}),
    Right.READ_WELFARE: frozenset({_R.SHIFT_LEADER, _R.SUPERVISOR, _R.LEADER}),
    Right.KEEP_FLEET: frozenset({_R.ADMIN}),
    Right.KEEP_DELIVERY: frozenset({_R.SHIFT_LEADER, _R.ADMIN}),
    Right.KEEP_INTAKE: frozenset({_R.SHIFT_LEADER, _R.ADMIN}),
    Right.SILENCE: frozenset({_R.SHIFT_LEADER, _R.LEADER, _R.ADMIN}),
    Right.REJUDGE: frozenset({_R.SHIFT_LEADER, _R.ADMIN}),
    Right.FREEZE_FIGURES: frozenset({_R.LEADER, _R.SUPERVISOR, _R.ADMIN}),
    Right.KEEP_PEOPLE: frozenset({_R.ADMIN}),
}
"""An administrator opens no original and reads no hardship: whoever gives out roles would else answer to nobody."""
EVERYWHERE = frozenset(
    {
        Right.KEEP_FLEET,
        Right.KEEP_DELIVERY,
        Right.KEEP_INTAKE,
        Right.REJUDGE,
        Right.FREEZE_FIGURES,
    }
)
"""Rights to what lies in no district, or in all at once: only for who answers for everywhere."""


class Happening(StrEnum):
    """What the log of access tells of."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    DENIED = "denied"
    ACCOUNT_MADE = "account_made"
    RIGHTS_SET = "rights_set"
    PASSWORD_SET = "password_set"
    PASSWORD_CHANGED = "password_changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    ORIGINAL_ASKED = "original_asked"
    ORIGINAL_OPENED = "original_opened"
    PACKAGE_EXPORTED = "package_exported"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case lies: its unit grid's code, and the department that handles it; None where nobody knows."""

    area_code: str | None
    department: str | None = None


class Refusal(Exception):
    """They may not; says what would be needed."""


def refusal(who: Operator, roles: Collection[Role], place: Place | None = None) -> Refusal | None:
    """Why `who` may not do what is for `roles`, at `place` if it has one; None if they may.

    A case without an area is nobody's district's: only who answers for everywhere sees and touches it.

    >>> wang = Operator("wang", frozenset({Role.REVIEWER}), "370303")
    >>> refusal(wang, {Role.REVIEWER}, Place("370303001002003")) is None
    True
    >>> str(refusal(wang, {Role.REVIEWER}, Place("370302001002003")))
    'the case lies in 370302001002003; wang answers for 370303'
    >>> sun = Operator("sun", frozenset({Role.HANDLING_UNIT}), department="squad 3")
    >>> str(refusal(sun, {Role.HANDLING_UNIT}, Place(None, "squad 1")))
    'the case is for squad 1; sun is of squad 3'
    >>> str(refusal(wang, {Role.LEADER, Role.ADMIN}))
    'needs a role of admin, leader; wang has reviewer'
    """
    if who.roles.isdisjoint(roles):
        return Refusal(f"needs a role of {_list(roles)}; {who.name} has {_list(who.roles)}")
    if place is None:
        return None
    if not (place.area_code or "").startswith(who.district):
        where = f"lies in {place.area_code}" if place.area_code else "has no area yet"
        return Refusal(f"the case {where}; {who.name} answers for {who.district}")
    is_unit = who.roles & frozenset(roles) == {Role.HANDLING_UNIT}
    if is_unit and who.department and place.department != who.department:
        whose = f"is for {place.department}" if place.department else "has no department yet"
        return Refusal(f"the case {whose}; {who.name} is of {who.department}")
    return None


def denial(who: Operator, right: Right, place: Place | None = None) -> Refusal | None:
    """Why `who` has not the `right`, at `place` if it has one; None if they have.

    >>> str(denial(Operator("wang", frozenset({Role.ADMIN}), "370303"), Right.KEEP_FLEET))
    'keep_fleet is for who answers for everywhere; wang answers for 370303'
    """
    said = refusal(who, RIGHTS[right], place)
    if said is None and who.district and right in EVERYWHERE:
        return Refusal(f"{right} is for who answers for everywhere; {who.name} answers for {who.district}")
    return said


def require(who: Operator, roles: Collection[Role], place: Place | None = None) -> None:
    """Raises what `refusal` says, if anything.

    Raises:
        Refusal: they may not.
    """
    said = refusal(who, roles, place)
    if said is not None:
        raise said


def read_name(text: str) -> str | None:
    """The name of an account as it is kept; None if it can't be one.

    Lookalike widths become one (NFKC); what is invisible, turns the writing direction or is markup is no name.

    >>> read_name("ｗａｎｇ"), read_name("王 五"), read_name("a\\u202eb"), read_name("<b>"), read_name("operator")
    ('wang', '王 五', None, None, None)
    """
    name = unicodedata.normalize("NFKC", text.strip())
    return None if _NAME.fullmatch(name) is None or login_of(name) in RESERVED else name


def login_of(name: str) -> str:
    """What a typed name is looked up by: `Wang` and `wang` are one account."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def is_district(text: str) -> bool:
    """Whether it is an area code, the beginning of one, or empty for everywhere."""
    return _DISTRICT.fullmatch(text) is not None


def _list(roles: Collection[Role]) -> str:
    return ", ".join(sorted(roles)) or "none"
