"""An officer's own work in the street: which cases wait for them, and the photographs they take as proof."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from central.domain.people import Operator
from central.domain.values import CaseFilter
from central.domain.workflow import ASIDE, Action, CaseState, open_actions
from central.domain.workflow_words import Role
from central.services.actions import UnknownCase
from central.services.evidence import media_type_of
from central.services.reading import Reader
from central.services.steps import OperatorAction, Stepper
from central.services.views import CaseSummary
from central.store import case_queries, photos
from central.store.database import Database
from central.store.photos import Photo
from contract.clock import Clock
from contract.errors import PermanentError
from contract.plane import Origin, Point

OUTSIDE: Mapping[Role, frozenset[CaseState]] = {
    role: frozenset(state for state in CaseState if set(open_actions(state, role)) - ASIDE)
    for role in (Role.HANDLING_UNIT, Role.INSPECTOR)
}
"""Whoever works in the street, and the states in which a case waits for them: read off the workflow's table."""
MOST_CASES = 100
MOST_PHOTO_BYTES = 8 * 2**20
AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=7)
"""A phone's clock is believed within these; else the moment of arrival counts."""


class Pictures(Protocol):
    """Where photographs lie, by hash."""

    def put(self, content: bytes) -> None: ...
    def find(self, sha256: str) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A photograph as it came from a phone; `sha256` is that of `content`."""

    content: bytes
    sha256: str
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to go to, in degrees (CGCS2000)."""

    lat: float
    lon: float


class StreetDesk:
    """Any thread."""

    def __init__(
        self,
        database: Database,
        reader: Reader,
        pictures: Pictures,
        stepper: Stepper,
        clock: Clock,
        origin: Origin,
        on_change: Callable[[], None],
    ) -> None:
        self._database, self._reader, self._pictures = database, reader, pictures
        self._stepper, self._clock, self._origin, self._on_change = stepper, clock, origin, on_change

    def mine(self, who: Operator) -> Sequence[CaseSummary]:
        """What waits for them: due first. Of their department's, or given to them by name."""
        states = frozenset[CaseState]().union(*(OUTSIDE[role] for role in who.roles & OUTSIDE.keys()))
        found = {case.id: case for case in self._listed(who, states, "")}
        found |= {
            case.id: case for case in self._listed(who, None, who.name) if case.state in set().union(*OUTSIDE.values())
        }
        own = [case for case in found.values() if _is_own(case, who)]
        return sorted(own, key=lambda case: (case.due_at is None, case.due_at or case.first_seen_at, case.id))

    def spot(self, case_id: str) -> Spot | None:
        """Where the case lies, in degrees; None where nobody knows."""
        with self._database.read() as connection:
            case = case_queries.find(connection, case_id)
        if case is None or case.east_m is None or case.north_m is None:
            return None
        return Spot(*self._origin.to_degrees(Point(case.east_m, case.north_m)))

    def photos(self, case_id: str) -> Sequence[Photo]:
        """Those taken of the case, oldest first."""
        with self._database.read() as connection:
            return photos.of_case(connection, case_id)

    def photo(self, case_id: str, sha256: str) -> Path | None:
        """The file of a photograph of this case; None if there is none."""
        is_of_it = any(found.sha256 == sha256 for found in self.photos(case_id))
        return self._pictures.find(sha256) if is_of_it else None

    def keep(self, case_id: str, who: Operator, taken: Taken) -> Photo:
        """Keeps a photograph and says so in the case's history; the same one again changes nothing.

        Raises:
            UnknownCase: no such case.
            Refusal: the case is another district's or another department's.
            PermanentError: it is no JPEG picture.
        """
        if media_type_of(taken.content[:12]) != "image/jpeg":
            raise PermanentError("a photograph must be a JPEG picture")
        now = self._clock.now()
        photo = Photo(case_id, taken.sha256, _moment(taken.taken_at, now), now, who.name, len(taken.content))
        self._pictures.put(taken.content)
        with self._database.write() as connection:
            case = case_queries.find(connection, case_id)
            if case is None or case.merged_into is not None:
                raise UnknownCase(case_id)
            if photos.add(connection, photo):
                self._stepper.take(connection, case, _said(who, photo), now)
        self._on_change()
        return photo

    def _listed(self, who: Operator, states: Collection[CaseState] | None, assignee: str) -> Sequence[CaseSummary]:
        if states is not None and not states:
            return ()
        wanted = CaseFilter(
            states=None if states is None else frozenset(states),
            only_prominent=False,
            district=who.district,
            assignee=assignee,
        )
        return self._reader.page(wanted, MOST_CASES).items


def _is_own(case: CaseSummary, who: Operator) -> bool:
    is_unit = Role.HANDLING_UNIT in who.roles
    return case.assignee == who.name or not (is_unit and who.department) or case.department == who.department


def _moment(said: datetime | None, now: datetime) -> datetime:
    return said if said is not None and now - OLDEST <= said <= now + AHEAD else now


def _said(who: Operator, photo: Photo) -> OperatorAction:
    return OperatorAction(
        Action.COMMENT,
        who.name,
        note=f"📷 {photo.taken_at:%Y-%m-%dT%H:%M:%SZ} sha256 {photo.sha256}",
        roles=who.roles,
        district=who.district,
        unit=who.department,
    )
