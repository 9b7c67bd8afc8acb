"""What the forms of the steps offer, for every page that shows them."""

from collections.abc import Sequence

from central.console.filters import STATES_OF
from central.domain.workflow import ASIDE, CaseState, RejectReason
from central.domain.workflow_words import CLOSING, FILING
from central.domain.worktime import TimeUnit
from contract.taxonomy import Seen

CHOICES: dict[str, Sequence[object]] = {
    "reasons": [reason.value for reason in RejectReason],
    "filing": sorted(FILING),
    "closing": sorted(CLOSING),
    "units": list(TimeUnit),
    "aside": sorted(ASIDE),
    "states": [state for state in CaseState if state is not CaseState.SUPPRESSED],
    "parts": list(STATES_OF),
    "seen": list(Seen),
}
