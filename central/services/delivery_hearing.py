"""What targets say back becomes steps of the workflow, each reply once; what we follow is never sent back as news."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import Connection

from central.domain.delivery import DeliveryState
from central.domain.exchange import Side, roles_of
from central.domain.exchange import way as way_of
from central.domain.workflow import FINAL, TABLE, Action, CaseState, RefusedAction, RejectReason, Role, route
from central.domain.workflow_words import Condition
from central.services import reply_letters
from central.services.delivery_port import Asked, Gateway, Unread
from central.services.delivery_settling import Told, note_accepted, note_refused
from central.services.steps import OperatorAction, Stepper
from central.store import case_queries, deliveries, delivery_replies, leases
from central.store.cases import Projection
from central.store.database import Database
from central.store.deliveries import Heard, StandingRow
from central.store.delivery_replies import ReplyRow
from contract.clock import Clock
from contract.errors import UsageError
from contract.notices import PlatformReply, ReplyKind

AT_ONCE = 20
"""Cases asked about in one go: a slow platform then holds the turn for minutes at most."""
_ENDED = frozenset({DeliveryState.ACCEPTED, DeliveryState.DEAD})
LOG = structlog.get_logger("central.delivery")


class Outcome(StrEnum):
    """What became of a reply."""

    TAKEN = "taken"
    REPEATED = "repeated"
    KNOWN = "known"
    """It says what is so already."""
    LATE = "late"
    """The target has said something newer of this case before."""
    UNKNOWN_CASE = "unknown_case"
    UNKNOWN_STATE = "unknown_state"
    """A word that `states` of this target does not translate."""
    NO_WAY = "no_way"
    """No step of the platform's leads there from where the case stands: a person decides."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and, where it is none, why."""

    outcome: Outcome
    reason: str = ""


class ReplyDesk:
    """Takes replies, over whichever way they came. Any thread."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        stepper: Stepper,
        words: Mapping[str, Mapping[str, CaseState]],
        on_change: Callable[[], None],
        sides: Mapping[str, Side] | None = None,
    ) -> None:
        """`words`: target → its words for states; our own words are always understood.

        `sides`: target → who it is where cases are shared with it; then only its own stages are followed.
        """
        self._sides = sides or {}
        self._database = database
        self._clock = clock
        self._stepper = stepper
        self._words = words
        self._on_change = on_change

    def tell(self) -> None:
        """Something changed."""
        self._on_change()

    @property
    def stepper(self) -> Stepper:
        return self._stepper

    @property
    def targets(self) -> frozenset[str]:
        return frozenset(self._words)

    def take(self, target: str, reply: PlatformReply) -> Verdict:
        """Stores the reply and follows it, in one transaction.

        Raises:
            TransientError: the database is away; nothing was stored.
        """
        now = self._clock.now()
        with self._database.write() as connection:
            if delivery_replies.is_known(connection, target, reply.reply_id):
                return Verdict(Outcome.REPEATED)
            known = _standing(connection, target, reply)
            if known is None:
                verdict = Verdict(Outcome.UNKNOWN_CASE, "this target was never told of such a case")
            elif reply.kind is ReplyKind.STATE:
                verdict = self._follow(connection, known, reply, now)
            else:
                verdict = _settle(connection, known, reply, now)
            if not _is_old_news(connection, known, reply, verdict):
                case_id = known.case_id if known else None
                said = reply.model_dump_json(exclude_none=True)
                row = ReplyRow(target, reply.reply_id, case_id, now, said, verdict.outcome, verdict.reason)
                delivery_replies.keep(connection, row)
        if verdict.outcome in {Outcome.UNKNOWN_CASE, Outcome.UNKNOWN_STATE, Outcome.NO_WAY}:
            LOG.warning("a platform's word could not be followed", target=target, why=verdict.reason)
        if verdict.outcome is Outcome.TAKEN:
            self._on_change()
        return verdict

    def _follow(self, connection: Connection, known: StandingRow, reply: PlatformReply, now: datetime) -> Verdict:
        word = reply.state or ""
        wanted = self._words.get(known.target, {}).get(word)
        if wanted is None and word in set(CaseState):
            wanted = CaseState(word)
        if wanted is None:
            return Verdict(Outcome.UNKNOWN_STATE, f"{word!r} stands in no `states` of target {known.target}")
        case = case_queries.find(connection, known.case_id)
        if case is None or case.merged_into is not None:
            return Verdict(Outcome.UNKNOWN_CASE, "the case is gone or was merged into another")
        if _is_late(known, reply):
            return Verdict(Outcome.LATE)
        if case.state is wanted:
            return Verdict(Outcome.KNOWN)
        side = self._sides.get(known.target)
        finder = side if side is None or known.is_theirs else side.other
        way = way_of(case.state, wanted, side, finder) if side and finder else route(case.state, wanted, Role.PLATFORM)
        if way is None:
            return Verdict(Outcome.NO_WAY, f"no step of the platform's leads from {case.state} to {wanted}")
        roles = roles_of(side, finder) if side and finder else frozenset({Role.PLATFORM})
        return self._walk(connection, known, case, _Way(way, reply, roles), now)

    def _walk(
        self, connection: Connection, known: StandingRow, case: Projection, way: "_Way", now: datetime
    ) -> Verdict:
        states, at = [], case.state
        for action in way.actions:
            at = TABLE[at, action].to
            states.append(at)
        try:
            with connection.begin_nested():
                heard = Heard(way.reply.at, way.reply.version)
                deliveries.note_heard(connection, known.case_id, known.target, states, heard)
                for action in way.actions:
                    said = replace(
                        _said(action, case, known.target, way.reply), roles=way.roles, reason=RejectReason.OTHER
                    )
                    case = self._stepper.take(connection, case, said, now)
        except (RefusedAction, UsageError) as error:
            return Verdict(Outcome.NO_WAY, str(error)[:500])
        return Verdict(Outcome.TAKEN)


@dataclass(frozen=True, slots=True)
class _Way:
    actions: tuple[Action, ...]
    reply: PlatformReply
    roles: frozenset[Role]


class Listener:
    """Hears one target on one thread. Of several processes one asks; all take what comes by itself."""

    def __init__(
        self,
        database: Database,
        target: str,
        gateway: Gateway,
        desk: ReplyDesk,
        clock: Clock,
        holder: str,
        every: timedelta | None,
    ) -> None:
        """`every`: how often a case's state is asked for; None of a target that speaks by itself."""
        self._database = database
        self._target = target
        self._gateway = gateway
        self._desk = desk
        self._clock = clock
        self._holder = holder
        self._every = every

    def step(self) -> int:
        """One round; gives how many replies came.

        Raises:
            TransientError: the database is away; what came is said again or asked for again.
        """
        said = self._gateway.hear(self._turn())
        for one in said:
            if isinstance(one, Unread):
                self._set_aside(one)
            else:
                self._desk.take(self._target, one)
        self._gateway.mark_heard()
        return len(said) if self._gateway_speaks(said) else 0

    def _set_aside(self, unread: Unread) -> None:
        LOG.warning("a platform's reply can't be read", target=self._target, why=unread.reason, size=unread.size_bytes)
        with self._database.write() as connection:
            reply_letters.keep(connection, self._target, unread, self._clock.now())

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """Nothing to put right."""

    def _turn(self) -> list[Asked]:
        if self._every is None:
            return []
        now = self._clock.now()
        with self._database.write() as connection:
            lasts = timedelta(seconds=AT_ONCE * self._gateway.timeout_s)
            if leases.hold(connection, f"ask/{self._target}"[:64], self._holder, now, lasts) is None:
                return []
            found = deliveries.take_turn(connection, self._target, FINAL, now - self._every, now, AT_ONCE)
        return [Asked(one.case_id, one.external_id) for one in found if one.external_id is not None]

    @staticmethod
    def _gateway_speaks(said: Sequence[PlatformReply | Unread]) -> bool:
        """Whether more may be waiting: answers to questions are no reason to ask again at once."""
        return any(isinstance(one, Unread) or not one.reply_id.startswith("asked:") for one in said)


def _standing(connection: Connection, target: str, reply: PlatformReply) -> StandingRow | None:
    if reply.case_id is not None:
        return deliveries.standing(connection, reply.case_id, target)
    if reply.external_id is not None:
        return deliveries.by_external_id(connection, target, reply.external_id)
    return None


def _settle(connection: Connection, known: StandingRow, reply: PlatformReply, now: datetime) -> Verdict:
    """Taken or refused, as an answer to one revision; without its number it is about the newest."""
    revision = min(reply.revision or known.told.revision, known.told.revision)
    row = deliveries.row_of(connection, known.case_id, known.target, revision)
    if row is None:
        return Verdict(Outcome.UNKNOWN_CASE, f"revision {revision} was never sent")
    told = Told(known.case_id, known.target, revision, reply.external_id or known.external_id)
    if reply.kind is ReplyKind.REFUSED:
        if row.state in _ENDED:
            return Verdict(Outcome.KNOWN)
        deliveries.end(connection, row.row_id, DeliveryState.DEAD, now, reply.reason or "refused")
        note_refused(connection, told, reply.reason, now)
        return Verdict(Outcome.TAKEN)
    if row.state is DeliveryState.ACCEPTED or (known.accepted_revision or 0) >= revision:
        return Verdict(Outcome.KNOWN)
    if row.state is not DeliveryState.SUPERSEDED:
        deliveries.end(connection, row.row_id, DeliveryState.ACCEPTED, now)
    note_accepted(connection, told, now)
    return Verdict(Outcome.TAKEN)


def _is_late(known: StandingRow, reply: PlatformReply) -> bool:
    if reply.version is not None and known.heard_version is not None:
        return reply.version <= known.heard_version
    return known.heard_at is not None and reply.at < known.heard_at


def _is_old_news(connection: Connection, known: StandingRow | None, reply: PlatformReply, verdict: Verdict) -> bool:
    """Answers to our own questions that bring nothing new are not kept: they come every minute."""
    if not reply.reply_id.startswith("asked:"):
        return False
    if verdict.outcome in {Outcome.KNOWN, Outcome.LATE} or known is None:
        return True
    if verdict.outcome is Outcome.TAKEN:
        return False
    before = [row for row in delivery_replies.of_case(connection, known.case_id) if row.target == known.target]
    return bool(before) and (before[-1].outcome, before[-1].reason) == (verdict.outcome, verdict.reason)


def _said(action: Action, case: Projection, target: str, reply: PlatformReply) -> OperatorAction:
    """What the table asks for with a step, said for the platform where it says nothing itself."""
    closes = action in {Action.CLOSE, Action.FORCE_CLOSE}
    return OperatorAction(
        action=action,
        actor=target,
        note=reply.reason or f"{target}: {reply.state}",
        condition=Condition.CLEARED_ON_SITE if closes else Condition.ORDERED,
        department=reply.department or case.department or target,
        roles=frozenset({Role.PLATFORM}),
    )
