"""The hook of the learning loop: what earlier verdicts at a place ask of the next case there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from central.domain.values import CaseSnapshot


class PlaceMemory(Protocol):
    """Remembers what people found at places."""

    def looks_needed(self, case: CaseSnapshot) -> int:
        """How many looks the case must rest on before it may ask for a person; more where people found nothing."""
        ...


class NothingRemembered:
    """No place is doubted."""

    def looks_needed(self, case: CaseSnapshot) -> int:  # noqa: ARG002  # the port's signature
        return 1


NOTHING = NothingRemembered()


@dataclass(frozen=True, slots=True)
class Bar:
    """What a case must pass before it is raised. `late_after`: what was over longer ago only goes on the record."""

    late_after: timedelta = timedelta(days=1)
    memory: PlaceMemory = NOTHING

    def is_passed(self, case: CaseSnapshot, at: datetime) -> bool:
        """Whether the case may ask for a person at `at`."""
        looks = sum(member.looks for member in case.members)
        is_recent = at - case.last_seen_at <= self.late_after
        return is_recent and case.is_confirmed and looks >= self.memory.looks_needed(case)


NO_BAR = Bar()
