"""What people do to a case: one step of the workflow's table, in a transaction of its own."""

from collections.abc import Callable

from central.flowrules import packaged_keeper
from central.services.claiming import require_unclaimed
from central.services.steps import OperatorAction, Stepper
from central.services.terrain import UNSURVEYED, Terrain
from central.services.timekeeping import Timekeeper
from central.store import case_queries
from central.store.database import Database
from contract.clock import Clock

__all__ = ["CaseDesk", "OperatorAction", "UnknownCase"]


class UnknownCase(Exception):
    """There is no such case."""


class CaseDesk:
    """Carries out people's actions. Any thread."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        on_change: Callable[[], None],
        keeper: Timekeeper | None = None,
        terrain: Terrain = UNSURVEYED,
    ) -> None:
        """`keeper`: the packaged rules and limits unless given."""
        self._database = database
        self._clock = clock
        self._on_change = on_change
        self._stepper = Stepper(keeper or packaged_keeper(), terrain)

    def act(self, case_id: str, wanted: OperatorAction) -> None:
        """Takes the step.

        Raises:
            UnknownCase: no such case.
            RefusedRole: none of the caller's roles may take it.
            RefusedAction: its state has no such step, or what must hold of it doesn't.
            ClaimedCase: another person is at work on it.
            Refusal: it lies in another district.
            UsageError: the step needs something that was not said.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            case = case_queries.find(connection, case_id)
            if case is None or case.merged_into is not None:
                raise UnknownCase(case_id)
            require_unclaimed(connection, case_id, wanted.actor, now)
            self._stepper.take(connection, case, wanted, now)
        self._on_change()
