"""An officer's own work in the street: which cases wait for them, and the photographs they take as proof.

A photograph's files are written between the step and its commit: a refused step leaves none, and what a crash leaves
is referred to by nothing, so that retention takes it away.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from central.domain.people import Operator
from central.domain.values import CaseFilter
from central.domain.workflow import ASIDE, Action, CaseState, open_actions
from central.domain.workflow_words import Role
from central.services.actions import UnknownCase
from central.services.photographs import REDACTION, Developed, Spot, develop
from central.services.reading import Reader
from central.services.steps import OperatorAction, Stepper
from central.services.views import CaseSummary
from central.store import case_queries, photos
from central.store.cases import Projection
from central.store.database import Database
from central.store.photos import Photo
from contract.clock import Clock
from contract.plane import Origin, Point
from contract.sealing import SealKey

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


class Shelf(Protocol):
    """Where photographs are put, by hash."""

    def put(self, content: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A photograph as it came from a phone; `sha256` is that of `content`."""

    content: bytes
    sha256: str
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Darkroom:
    """What keeping a photograph takes: a shelf, and the present key that originals are sealed to."""

    shelf: Shelf
    key: Callable[[], SealKey]


class StreetDesk:
    """Any thread."""

    def __init__(
        self,
        database: Database,
        reader: Reader,
        darkroom: Darkroom,
        stepper: Stepper,
        clock: Clock,
        origin: Origin,
        on_change: Callable[[], None],
    ) -> None:
        self._database, self._reader, self._darkroom = database, reader, darkroom
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
        """Where the case lies, in degrees (CGCS2000); None where nobody knows."""
        with self._database.read() as connection:
            case = case_queries.find(connection, case_id)
        if case is None or case.east_m is None or case.north_m is None:
            return None
        return Spot(*self._origin.to_degrees(Point(case.east_m, case.north_m)))

    def keep(self, case_id: str, who: Operator, taken: Taken) -> Photo:
        """Keeps a photograph and says so in the case's history; the same one again changes nothing.

        One of a case that was merged meanwhile is kept with what it was merged into.

        Raises:
            UnknownCase: no such case.
            Refusal: the case is another district's or another department's.
            PermanentError: it is no JPEG picture, a broken one, or too large.
        """
        with self._database.read() as connection:
            known = photos.of_upload(connection, _living(connection, case_id).case_id, taken.sha256)
        if known is not None:
            return known
        developed, now = develop(taken.content), self._clock.now()
        sealed = self._darkroom.key().seal(developed.original, f"original:{developed.sha256}")
        with self._database.write() as connection:
            case = _living(connection, case_id)
            photo = _photo(case.case_id, who, taken, developed, hashlib.sha256(sealed).hexdigest(), now)
            if photos.add(connection, photo):
                self._stepper.take(connection, case, _said(who, photo), now)
                self._darkroom.shelf.put(developed.shown)
                self._darkroom.shelf.put(sealed)
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


def _living(connection: Connection, case_id: str) -> Projection:
    """The case, or what it was merged into."""
    case = case_queries.find(connection, case_id)
    while case is not None and case.merged_into is not None:
        case = case_queries.find(connection, case.merged_into)
    if case is None:
        raise UnknownCase(case_id)
    return case


def _photo(case_id: str, who: Operator, taken: Taken, developed: Developed, sealed_sha256: str, now: datetime) -> Photo:
    spot = developed.spot
    return Photo(
        case_id=case_id,
        sha256=developed.sha256,
        taken_at=_moment(taken.taken_at, now),
        received_at=now,
        person=who.name,
        size_bytes=len(developed.shown),
        upload_sha256=taken.sha256,
        original_sha256=developed.original_sha256,
        sealed_sha256=sealed_sha256,
        redaction=REDACTION,
        width_px=developed.width_px,
        height_px=developed.height_px,
        lat=None if spot is None else spot.lat,
        lon=None if spot is None else spot.lon,
    )


def _moment(said: datetime | None, now: datetime) -> datetime:
    return said if said is not None and now - OLDEST <= said <= now + AHEAD else now


def _said(who: Operator, photo: Photo) -> OperatorAction:
    return OperatorAction(
        Action.COMMENT,
        who.name,
        note=f"📷 {photo.taken_at:%Y-%m-%dT%H:%M:%SZ} sha256 {photo.sha256} original {photo.original_sha256}",
        roles=who.roles,
        district=who.district,
        unit=who.department,
    )
