"""Everything of assessment wired together, for the service, the command line and measurements."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.domain.registers.snapshot import Registers
from central.scorebook import AssessmentSettings
from central.services.assessment import AssessmentDesk
from central.services.assessment_counting import Counting
from central.services.assessment_freezing import Freezing
from central.services.openness import PublicDesk
from central.store.database import Database
from contract.clock import Clock
from contract.plane import Origin


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the site lies and how its registers stand."""

    registers: Callable[[Connection], Registers]
    origin: Origin
    timezone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Assessment:
    """The parts. `freezing.step` is a worker's: it counts what is new, and freezes what has ended."""

    counting: Counting
    desk: AssessmentDesk
    freezing: Freezing
    public: PublicDesk


def assessment_of(database: Database, settings: AssessmentSettings, ground: Ground, clock: Clock) -> Assessment:
    """The parts on `database`."""
    counting = Counting(database, ground.timezone, clock)
    desk = AssessmentDesk(database, settings.to_book(), ground.registers, counting, ground.timezone, clock)
    freezing = Freezing(database, desk, counting, settings.freeze, clock)
    return Assessment(counting, desk, freezing, PublicDesk(database, desk, ground.origin, settings.public_smallest))
