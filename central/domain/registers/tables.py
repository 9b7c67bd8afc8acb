"""Tables that law and clocks read: holidays, time limits by profile, and codes in the standards in use."""

from dataclasses import dataclass
from datetime import date

from central.domain.deadlines import Stage
from central.domain.registers.names import ALWAYS_VALID, Names, Validity
from central.domain.worktime import Limit
from contract.taxonomy import Violation


@dataclass(frozen=True, slots=True)
class ListedDay:
    """A day that differs from the week's own rule: a holiday, or a weekend day worked in exchange (调休)."""

    day: date
    is_worked: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class ListedLimit:
    """One limit of one profile: of a stage, or of handling a kind. `source` says whose figure it is."""

    profile: str
    limit: Limit
    stage: Stage
    kind: Violation | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class ListedCode:
    """A violation's code in one standard; never one without the other. `names` are the standard's own."""

    standard: str
    kind: Violation
    code: str
    names: Names
    validity: Validity = ALWAYS_VALID
