"""Takes back what lies retained for a target some days after a case came to its end: a broker is no archive."""

from datetime import timedelta

from central.domain.workflow import FINAL
from central.services.delivery_notices import Presenter
from central.services.delivery_port import Accepted, Gateway
from central.store import delivery_audit
from central.store.database import Database
from contract.clock import Clock
from contract.errors import UsageError

AT_ONCE = 100


class Clearing:
    """Runs on one thread; harmless in several processes: an empty message twice is one empty topic."""

    def __init__(
        self, database: Database, target: str, gateway: Gateway, presenter: Presenter, clock: Clock, after: timedelta
    ) -> None:
        """`after`: how long after its end a case stays."""
        self._database = database
        self._target = target
        self._gateway = gateway
        self._presenter = presenter
        self._clock = clock
        self._after = after

    def step(self) -> int:
        """Clears some; gives how many. Those that the broker does not take now are tried again.

        Raises:
            TransientError: the database is away.
        """
        now, done = self._clock.now(), []
        with self._database.read() as connection:
            found = delivery_audit.to_clear(connection, self._target, sorted(FINAL), now - self._after, AT_ONCE)
        for row in found:
            try:
                district = self._presenter.notice(row.sheet, row.revision, row.made_at).district
            except UsageError:
                district = self._presenter.form.district
            if not isinstance(self._gateway.clear(district, row.case_id), Accepted):
                break
            done.append(row.case_id)
        if done:
            with self._database.write() as connection:
                for case_id in done:
                    delivery_audit.note_cleared(connection, case_id, self._target, now)
        return len(done)

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """Nothing to put right."""
