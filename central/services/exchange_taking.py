"""One end of an exchange: the other's case becomes a case here, once, and then follows what the other says of it.

Both keep it under the id of whoever brought it. What is done to it here goes back through the outbox of the target of
that name: a standing, written with the case, says that this target is to be told of it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from central.domain.byhand import Tale
from central.domain.exchange import TO_HANDLE, Side
from central.domain.people import Operator
from central.domain.registers.frames import Frame, to_cgcs2000
from central.domain.workflow import FINAL, CaseState, Role
from central.domain.workflow_words import Source
from central.services.byhand import HandDesk
from central.services.delivery_hearing import Outcome, ReplyDesk, Verdict
from central.services.exchange_lengthening import lengthen
from central.store import case_queries, cases, deliveries, delivery_sheets, shared_pictures
from central.store.database import Database
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
            UsageError: nobody shares cases under that name, or the notice can't become a case.
            TransientError: the database is away; nothing was stored.
        """
        side = self._parts.sides.get(target)
        if side is None:
            raise UsageError(f"{target} shares no cases with us; see `kind: exchange` in the targets file")
        opened = self._open(target, side, notice)
        if opened is Outcome.KNOWN:
            return Verdict(Outcome.KNOWN, "it was over before it came here")
        followed = self._parts.replies.take(target, _as_reply(notice))
        longer = self._lengthen(target, side, notice)
        if longer is not None:
            return longer
        return Verdict(Outcome.TAKEN) if opened is Outcome.TAKEN else followed

    def _lengthen(self, target: str, side: Side, notice: CaseNotice) -> Verdict | None:
        """None: it was lengthened by nothing that is not known here."""
        if not notice.extensions:
            return None
        with self._parts.database.write() as connection:
            stepper, now = self._parts.replies.stepper, self._parts.clock.now()
            found = lengthen(connection, stepper, target, side, notice, now)
        if found is not None:
            self._parts.replies.tell()
        return found

    def _open(self, target: str, side: Side, notice: CaseNotice) -> Outcome | None:
        """None: it is known already. `KNOWN`: it was over before anybody here heard of it."""
        now = self._parts.clock.now()
        with self._parts.database.write() as connection:
            opened = None
            if case_queries.find(connection, notice.case_id) is not None:
                if deliveries.standing(connection, notice.case_id, target) is None:
                    raise UsageError(f"case_id: {notice.case_id} is a case of ours that {target} does not share")
            elif notice.state in FINAL:
                return Outcome.KNOWN
            else:
                self._make(connection, target, notice, _kind_of_new(side, notice), now)
                opened = Outcome.TAKEN
            shared_pictures.await_all(connection, notice.case_id, target, notice.pictures, now)
        if opened is not None:
            self._parts.replies.tell()
        return opened

    def _make(self, connection: Connection, target: str, notice: CaseNotice, kind: Violation, now: datetime) -> None:
        place = self._place(notice)
        told_by = f"{notice.origin} {notice.number or ''}".strip()
        where = notice.address or (told_by if place is None else "")
        source = _source_of(notice)
        tale = Tale(kind, source, min(notice.first_seen_at, now), place, where, told_by)
        who = Operator(target, frozenset({Role.PLATFORM}))
        self._parts.hands.open_in(connection, tale, who, notice.case_id)
        case = case_queries.find(connection, notice.case_id)
        assert case is not None
        if case.area_code is None and notice.area_code is not None:
            cases.project(connection, replace(case, area_code=notice.area_code[:15]))
        (sheet,) = delivery_sheets.sheets_of(connection, [notice.case_id])
        deliveries.begin_shared(connection, target, sheet, now, notice.revision - 1)

    def _place(self, notice: CaseNotice) -> Point | None:
        if notice.place is None:
            return None
        lat, lon = notice.place.lat, notice.place.lon
        if notice.place.system == "GCJ-02":
            lat, lon = to_cgcs2000(Frame.GCJ02, lat, lon)
        return self._parts.plane.to_local(lat, lon)


def _kind_of_new(side: Side, notice: CaseNotice) -> Violation:
    """A district's case comes when it is reported, a city's when it is the district's turn to handle it.

    Raises:
        UsageError: it comes at another time, or says no kind.
    """
    begins = frozenset({CaseState.REPORTED}) if side is Side.DISTRICT else TO_HANDLE
    if notice.kind is None or notice.merged_into is not None or notice.state not in begins:
        words = ", ".join(sorted(begins))
        raise UsageError(f"state, kind: a {side}'s case comes here with its kind, and when it is {words}")
    return notice.kind


def _source_of(notice: CaseNotice) -> Source:
    """Who brought it there, where people did; another's camera is no camera of ours."""
    try:
        source = Source(notice.source or "")
    except ValueError:
        return Source.DEPARTMENT
    return Source.DEPARTMENT if source is Source.VIDEO_AI else source


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
