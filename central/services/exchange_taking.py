"""The city's end of an exchange: a district's case becomes a case here, once, and then follows what the district says.

Both keep it under the district's id. What the city does to it goes back through the outbox of the target of that name:
a standing, written with the case, says that this target is to be told of it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from central.domain.byhand import Tale
from central.domain.exchange import Side
from central.domain.people import Operator
from central.domain.registers.frames import Frame, to_cgcs2000
from central.domain.workflow import CaseState, Role
from central.domain.workflow_words import Source
from central.services.byhand import HandDesk
from central.services.delivery_hearing import Outcome, ReplyDesk, Verdict
from central.store import case_queries, cases, deliveries, delivery_replies, delivery_sheets
from central.store.database import Database
from central.store.delivery_replies import ReplyRow
from contract.clock import Clock
from contract.errors import UsageError
from contract.notices import CaseNotice, PlatformReply, ReplyKind
from contract.plane import Origin, Point
from contract.taxonomy import Violation


@dataclass(frozen=True, slots=True)
class ExchangeParts:
    """What the desk is made of. `sides`: target → who it is in its exchange."""

    database: Database
    hands: HandDesk
    replies: ReplyDesk
    plane: Origin
    clock: Clock
    sides: dict[str, Side]


class ExchangeDesk:
    """Any thread."""

    def __init__(self, parts: ExchangeParts) -> None:
        self._parts = parts

    def take(self, target: str, notice: CaseNotice) -> Verdict:
        """Opens the case or follows it; a notice that comes again changes nothing.

        Raises:
            UsageError: no district brings cases under that name, or the notice can't become a case.
            TransientError: the database is away; nothing was stored.
        """
        if self._parts.sides.get(target) is not Side.DISTRICT:
            raise UsageError(f"{target} is no district that brings cases here; see `side` in the targets file")
        opened = self._open(target, notice)
        return opened or self._parts.replies.take(target, _as_reply(notice))

    def _open(self, target: str, notice: CaseNotice) -> Verdict | None:
        """None: it is known already."""
        now = self._parts.clock.now()
        with self._parts.database.write() as connection:
            if case_queries.find(connection, notice.case_id) is not None:
                if deliveries.standing(connection, notice.case_id, target) is None:
                    raise UsageError(f"case_id: {notice.case_id} is a case of ours that {target} does not share")
                return None
            kind = notice.kind
            if kind is None or notice.merged_into is not None or notice.state != CaseState.REPORTED:
                raise UsageError("state, kind: a case comes here when it is reported, with its kind")
            self._make(connection, target, notice, kind, now)
            reply = _as_reply(notice)
            said = notice.model_dump_json(exclude_none=True)
            delivery_replies.keep(
                connection, ReplyRow(target, reply.reply_id, notice.case_id, now, said, Outcome.TAKEN)
            )
        self._parts.replies.tell()
        return Verdict(Outcome.TAKEN)

    def _make(self, connection: Connection, target: str, notice: CaseNotice, kind: Violation, now: datetime) -> None:
        place = self._place(notice)
        told_by = f"{notice.origin} {notice.number or ''}".strip()
        where = notice.address or (told_by if place is None else "")
        tale = Tale(kind, Source.DEPARTMENT, min(notice.first_seen_at, now), place, where, told_by)
        who = Operator(target, frozenset({Role.PLATFORM}))
        self._parts.hands.open_in(connection, tale, who, notice.case_id)
        case = case_queries.find(connection, notice.case_id)
        assert case is not None
        if case.area_code is None and notice.area_code is not None:
            cases.project(connection, replace(case, area_code=notice.area_code[:15]))
        (sheet,) = delivery_sheets.sheets_of(connection, [notice.case_id])
        deliveries.begin_shared(connection, target, sheet, now, notice.revision)

    def _place(self, notice: CaseNotice) -> Point | None:
        if notice.place is None:
            return None
        lat, lon = notice.place.lat, notice.place.lon
        if notice.place.system == "GCJ-02":
            lat, lon = to_cgcs2000(Frame.GCJ02, lat, lon)
        return self._parts.plane.to_local(lat, lon)


def _as_reply(notice: CaseNotice) -> PlatformReply:
    return PlatformReply(
        reply_id=f"case:{notice.delivery_id}",
        kind=ReplyKind.STATE,
        case_id=notice.case_id,
        revision=notice.revision,
        state=notice.state,
        version=notice.revision,
        at=notice.made_at,
        department=notice.department,
    )
