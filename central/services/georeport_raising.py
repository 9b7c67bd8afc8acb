"""Has a person look at every case that somebody reported, whatever cameras make of it; follows merges and splits."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.domain.georeport import PEOPLE_NODES, FollowedRequest, StoredRequest
from central.domain.workflow import Action, CaseState, Role
from central.domain.workflow_words import Source
from central.services.steps import OperatorAction, Stepper
from central.store import case_queries, cases, service_requests
from central.store.cases import Projection
from central.store.database import Database
from contract.clock import Clock

WATCHED = timedelta(days=7)
"""After it, a request whose case changes raises nobody any more; its status follows all the same."""
AT_ONCE = 100
FORGET_EVERY = timedelta(hours=1)


class Raising:
    """One step a round; several processes may run it."""

    def __init__(
        self, database: Database, stepper: Stepper, clock: Clock, on_change: Callable[[], None], keep_texts: timedelta
    ) -> None:
        """`keep_texts`: how long what people typed is kept."""
        self._database, self._stepper, self._clock, self._on_change = database, stepper, clock, on_change
        self._keep_texts = keep_texts
        self._forgot_at: datetime | None = None

    def step(self) -> int:
        """Raises what waits; gives how many requests it looked at.

        Raises:
            TransientError: the database is away; the next round does it.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            is_due = bool(service_requests.to_raise(connection, now - WATCHED, 1))
        is_time = self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY
        if not is_due and not is_time:
            return 0
        with self._database.write() as connection:
            if is_time:
                service_requests.forget_texts(connection, now - self._keep_texts)
            found = service_requests.to_raise(connection, now - WATCHED, AT_ONCE)
            for followed in found:
                self._raise(connection, followed, now)
        self._forgot_at = now if is_time else self._forgot_at
        if found:
            self._on_change()
        return len(found)

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """Nothing to put right."""

    def _raise(self, connection: Connection, followed: FollowedRequest, now: datetime) -> None:
        request = followed.request
        case = case_queries.find(connection, followed.case_id or "")
        if case is None:
            return
        if case.state in {CaseState.OBSERVING, CaseState.SUPPRESSED}:
            case = _named(connection, case, request)
            cases.project(connection, case)
            wanted = OperatorAction(Action.RAISE, request.key_name, roles=frozenset({Role.PLATFORM}))
            self._stepper.take(connection, case, wanted, now)
        service_requests.note_raised(connection, request.request_id, case.case_id)


def _named(connection: Connection, case: Projection, request: StoredRequest) -> Projection:
    """The case with what the report adds: its kind, and who brought it where no camera has."""
    named = replace(case, kind=case.kind or request.kind, is_prominent=True)
    (snapshot,) = case_queries.snapshots(connection, [case.case_id]) or (None,)
    if snapshot is None or any(member.node_id not in PEOPLE_NODES for member in snapshot.members):
        return named
    return replace(named, source=Source(request.source), address=case.address or request.address)
