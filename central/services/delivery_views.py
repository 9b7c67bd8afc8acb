"""What people and programs read about deliveries. Writes nothing but a replay."""

from collections.abc import Sequence

from central.domain.delivery import DeliveryState
from central.services.views import View
from central.store import deliveries, delivery_audit, delivery_claims, delivery_replies, delivery_targets
from central.store.database import Database
from central.store.deliveries import DeliveryRow, StandingRow
from central.store.delivery_replies import ReplyRow
from contract.clock import Clock
from contract.errors import UsageError
from contract.events import Instant


class DeliveryView(View):
    """One revision on its way to one target. `next_at` counts only while it waits."""

    id: int
    case_id: str
    target: str
    revision: int
    state: DeliveryState
    case_state: str
    made_at: Instant
    next_at: Instant
    attempts: int
    settled_at: Instant | None
    problem: str


class ReplyView(View):
    """What a target said, and what was made of it."""

    target: str
    reply_id: str
    received_at: Instant
    outcome: str
    reason: str
    said: str


class TargetStanding(View):
    """What one target knows of the case."""

    target: str
    revision: int
    told_state: str | None
    is_current: bool
    """Whether it has the newest revision."""
    external_id: str | None
    sent_at: Instant | None
    accepted_at: Instant | None
    accepted_revision: int | None
    heard_at: Instant | None
    cleared_at: Instant | None


class CaseDeliveries(View):
    """A case and all who were told of it."""

    case_id: str
    targets: tuple[TargetStanding, ...]
    deliveries: tuple[DeliveryView, ...]
    replies: tuple[ReplyView, ...]


class TargetView(View):
    """How a target stands. `open_until`: its breaker lets nothing through before."""

    name: str
    is_active: bool
    failures_in_a_row: int
    open_until: Instant | None
    oldest_waiting: Instant | None
    counts: dict[str, int]
    reconciled_at: Instant | None


class DeliveryReader:
    """Any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of_case(self, case_id: str) -> CaseDeliveries:
        """Empty for a case that nobody was told of."""
        with self._database.read() as connection:
            return CaseDeliveries(
                case_id=case_id,
                targets=tuple(_standing(row) for row in deliveries.standings_of(connection, case_id)),
                deliveries=tuple(_view(row) for row in deliveries.rows_of(connection, case_id)),
                replies=tuple(_reply(row) for row in delivery_replies.of_case(connection, case_id)),
            )

    def targets(self) -> tuple[TargetView, ...]:
        with self._database.read() as connection:
            counts = delivery_audit.counts(connection)
            return tuple(
                TargetView(
                    name=row.name,
                    is_active=row.is_active,
                    failures_in_a_row=row.failures,
                    open_until=delivery_claims.breaker(connection, row.name).retry_at,
                    oldest_waiting=delivery_audit.oldest_waiting(connection, row.name),
                    counts=counts.get(row.name, {}),
                    reconciled_at=row.reconciled_at,
                )
                for row in delivery_targets.every(connection)
            )

    def listed(self, states: Sequence[DeliveryState], target: str | None, limit: int) -> tuple[DeliveryView, ...]:
        """The newest in those states."""
        with self._database.read() as connection:
            return tuple(_view(row) for row in delivery_audit.listed(connection, states, target, limit))

    def show(self, row_id: int) -> DeliveryRow:
        """Raises:
        UsageError: there is none of that number.
        """
        with self._database.read() as connection:
            row = delivery_audit.find(connection, row_id)
        if row is None:
            raise UsageError(f"no delivery {row_id}; `central deliveries list` shows them")
        return row

    def replay(self, row_id: int) -> None:
        """Lets a refused delivery be tried again.

        Raises:
            UsageError: it is not refused, or a newer revision went instead.
        """
        row = self.show(row_id)
        with self._database.write() as connection:
            if not delivery_audit.replay(connection, row_id, self._clock.now()):
                why = "a newer revision took its place" if row.state is DeliveryState.DEAD else f"it is {row.state}"
                raise UsageError(f"delivery {row_id} can't be replayed: {why}")


def _standing(row: StandingRow) -> TargetStanding:
    return TargetStanding(
        target=row.target,
        revision=row.told.revision,
        told_state=row.told.state,
        is_current=row.accepted_revision == row.told.revision,
        external_id=row.external_id,
        sent_at=row.sent_at,
        accepted_at=row.accepted_at,
        accepted_revision=row.accepted_revision,
        heard_at=row.heard_at,
        cleared_at=row.cleared_at,
    )


def _view(row: DeliveryRow) -> DeliveryView:
    return DeliveryView(
        id=row.row_id,
        case_id=row.case_id,
        target=row.target,
        revision=row.revision,
        state=row.state,
        case_state=row.sheet.state,
        made_at=row.made_at,
        next_at=row.next_at,
        attempts=row.attempts,
        settled_at=row.settled_at,
        problem=row.problem,
    )


def _reply(row: ReplyRow) -> ReplyView:
    return ReplyView(
        target=row.target,
        reply_id=row.reply_id,
        received_at=row.received_at,
        outcome=row.outcome,
        reason=row.reason,
        said=row.said,
    )
