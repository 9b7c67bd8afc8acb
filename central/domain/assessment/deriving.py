"""From a case's stages and steps to its counted items. Pure; the same rows always give the same items."""

import functools
import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from central.domain.assessment.items import NONE, Item, Mark, Moment

FALSE_REASONS = frozenset({1, 2})
"""Reasons of a rejection that blame the sighting: nothing there, a lookalike. The others blame law or bookkeeping."""
_OWN_END = {"dispatch": "dispatch", "handle": "finish"}
"""What ends a stage as it should; a check ends by any of its two answers."""
_DUE_MOMENT = {"dispatch": Moment.DISPATCH_DUE, "handle": Moment.HANDLE_DUE, "check": Moment.CHECK_DUE}
_CHECKED = frozenset({"close", "send_back"})
_SENT = {"report": Moment.REPORTED, "accept": Moment.ACCEPTED, "register": Moment.FILED}
_FATE = {
    "accept": Mark.ACCEPTED,
    "register": Mark.REGISTERED,
    "decline": Mark.DECLINED,
    "cancel": Mark.CANCELLED,
    "force_close": Mark.FORCED,
}
_NOT_OWED = frozenset({"cancel", "return"})
_CLOSED = frozenset({"close", "force_close"})
_BOUNDS = _CLOSED | {"register", "cancel"}


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage that a case passed or is in, as it is kept; see the table ``case_stages``."""

    number: int
    stage: str
    entered_at: datetime
    due_at: datetime | None = None
    paused_s: float = 0.0
    left_at: datetime | None = None
    outcome: str = ""
    person: str = ""
    post: str = ""
    department: str = ""
    area_code: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the history; `reason` is the rejection's number."""

    at: datetime
    action: str
    person: str = ""
    reason: int | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with its stages and steps, both in the order in which they came to be."""

    case_id: str
    kind: str = ""
    source: str = ""
    area_code: str = ""
    camera_id: str = ""
    stages: tuple[StageRow, ...] = ()
    steps: tuple[StepRow, ...] = ()


def items_of(case: CaseRow, timezone: ZoneInfo) -> tuple[Item, ...]:
    """Everything of the case that counts, in no special order. Days are local days of `timezone`."""
    deriving = _Deriving(case, timezone)
    found = (deriving.reviewed(), deriving.reminded(), deriving.sent(), deriving.due(), deriving.closing())
    return tuple(item for part in found for item in part)


class _Deriving:
    """One case's items."""

    def __init__(self, case: CaseRow, timezone: ZoneInfo) -> None:
        self._case = case
        self._timezone = timezone
        self._stages: Sequence[StageRow] = sorted(case.stages, key=lambda row: row.number)

    def reviewed(self) -> Iterator[Item]:
        for row, after in self._followed():
            is_revised = after is not None and (after.stage == "review" or after.outcome == "reopen")
            if row.stage != "review" or row.left_at is None or is_revised:
                continue
            if row.outcome == "reject":
                yield self._at(row, Moment.REVIEWED, row.left_at, self._rejection(row.left_at))
            elif row.outcome == "confirm":
                yield self._at(row, Moment.REVIEWED, row.left_at, Mark.CONFIRMED)

    def reminded(self) -> Iterator[Item]:
        for row, after in self._followed():
            if row.outcome == "remind" and row.left_at is not None:
                is_answered = after is not None and after.outcome == "self_correct"
                marks = Mark.DONE | (Mark.SELF_CORRECTED if is_answered else NONE)
                yield self._at(row, Moment.REMINDED, row.left_at, marks)

    def sent(self) -> Iterator[Item]:
        """Reported, accepted and filed, with what became of it before it was sent that way again."""
        for place, row in enumerate(self._stages):
            moment = _SENT.get(row.outcome)
            if moment is not None and row.left_at is not None:
                yield self._at(row, moment, row.left_at, Mark.DONE | self._fate(place))

    def due(self) -> Iterator[Item]:
        """What had to be done by some moment. A case sent back as not theirs is nobody's debt, nor a cancelled one."""
        for place, row in enumerate(self._stages):
            moment = _DUE_MOMENT.get(row.stage)
            if moment is None or row.due_at is None or row.outcome in _NOT_OWED:
                continue
            yield self._at(row, moment, row.due_at, self._duty(place, row))

    def closing(self) -> Iterator[Item]:
        """One per filing. Due with its first check, or its newest handling until it gets there: rework wins no time."""
        for life in self._lives():
            checks = [row for row in life if row.stage == "check"]
            handlings = [row for row in life if row.stage == "handle"]
            owing = checks[0] if checks else handlings[-1] if handlings else None
            if owing is None or owing.due_at is None or life[-1].outcome == "cancel":
                continue
            last = life[-1] if life[-1].outcome in _CLOSED else None
            yield self._closing(owing.due_at, last, life)

    def _followed(self) -> Iterator[tuple[StageRow, StageRow | None]]:
        for place, row in enumerate(self._stages, start=1):
            yield row, self._stages[place] if place < len(self._stages) else None

    def _lives(self) -> Iterator[Sequence[StageRow]]:
        """The stages from each filing, or opening again, to its end."""
        bounds = [place + 1 for place, row in enumerate(self._stages) if row.outcome in _BOUNDS]
        for start, end in itertools.pairwise([*bounds, len(self._stages)]):
            if start < end:
                yield self._stages[start:end]

    def _closing(self, due_at: datetime, last: StageRow | None, life: Sequence[StageRow]) -> Item:
        closed_at = None if last is None else last.left_at
        marks = Mark.LIMITED | _timeliness(due_at, closed_at)
        marks |= Mark.REWORKED if any(row.outcome == "send_back" for row in life) else NONE
        marks |= Mark.FORCED if last is not None and last.outcome == "force_close" else NONE
        item = self._item(Moment.CLOSE_DUE, due_at, marks, person="" if last is None else last.person, due_at=due_at)
        handling = next((row for row in reversed(life) if row.stage == "handle"), None)
        took = None if closed_at is None else closed_at - life[0].entered_at
        return replace(
            item,
            post="" if last is None else last.post,
            department=handling.department if handling else "",
            area_code=(life[-1].area_code if life else "") or self._case.area_code,
            took_s=_seconds(took, sum(row.paused_s for row in life)),
        )

    def _duty(self, place: int, row: StageRow) -> Mark:
        is_done = row.outcome in _CHECKED if row.stage == "check" else row.outcome == _OWN_END[row.stage]
        marks = Mark.LIMITED | (_timeliness(row.due_at, row.left_at) if is_done else NONE)
        marks |= Mark.FORCED if row.outcome == "force_close" else NONE
        if row.stage == "dispatch":
            handling = next((after for after in self._stages[place + 1 :] if after.stage == "handle"), None)
            return marks | (Mark.RETURNED if handling is not None and handling.outcome == "return" else NONE)
        if row.stage == "handle":
            following = next((after for after in self._stages[place + 1 :] if after.stage == "check"), None)
            is_reworked = following is not None and following.outcome == "send_back"
            marks |= Mark.REWORKED if is_reworked else NONE
            marks |= Mark.EXTENDED if self._happened("extend", row) else NONE
            marks |= Mark.SUSPENDED if row.paused_s > 0 or self._happened("suspend", row) else NONE
        return marks

    def _fate(self, place: int) -> Mark:
        sent = self._stages[place].outcome
        rest = [row.outcome for row in self._stages[place + 1 :]]
        until = rest.index(sent) if sent in rest else len(rest)
        return functools.reduce(operator.or_, (_FATE[outcome] for outcome in rest[:until] if outcome in _FATE), NONE)

    def _rejection(self, at: datetime) -> Mark:
        reasons = [step.reason for step in self._case.steps if step.action == "reject" and step.at <= at]
        is_false = bool(reasons) and reasons[-1] in FALSE_REASONS
        return Mark.REJECTED | (Mark.FALSE_SIGHTING if is_false else NONE)

    def _happened(self, action: str, row: StageRow) -> bool:
        """Whether such a step was taken while the stage lasted."""
        return any(
            step.action == action and row.entered_at <= step.at and (row.left_at is None or step.at <= row.left_at)
            for step in self._case.steps
        )

    def _at(self, row: StageRow, moment: Moment, instant: datetime, marks: Mark) -> Item:
        if moment not in _DUE_MOMENT.values() and row.due_at is not None:
            marks |= Mark.LIMITED | (_timeliness(row.due_at, row.left_at) & ~Mark.DONE)
        took = None if row.left_at is None else row.left_at - row.entered_at
        return replace(
            self._item(moment, instant, marks, person=row.person),
            due_at=row.due_at if moment in _DUE_MOMENT.values() else None,
            took_s=_seconds(took, row.paused_s),
            post=row.post,
            department=row.department,
            area_code=row.area_code or self._case.area_code,
        )

    def _item(
        self, moment: Moment, instant: datetime, marks: Mark, *, person: str = "", due_at: datetime | None = None
    ) -> Item:
        return Item(
            case_id=self._case.case_id,
            moment=moment,
            day=instant.astimezone(self._timezone).date(),
            marks=marks,
            due_at=due_at,
            kind=self._case.kind,
            source=self._case.source,
            area_code=self._case.area_code,
            person=person,
            camera_id=self._case.camera_id,
        )


def _timeliness(due_at: datetime | None, left_at: datetime | None) -> Mark:
    if left_at is None:
        return NONE
    if due_at is None:
        return Mark.DONE
    return Mark.DONE | (Mark.IN_TIME if left_at <= due_at else Mark.LATE)


def _seconds(took: timedelta | None, paused_s: float) -> int | None:
    return None if took is None else max(0, round(took.total_seconds() - paused_s))


def in_order(items: Iterable[Item]) -> list[Item]:
    """For comparing: the same items always in the same order."""
    return sorted(
        items, key=lambda item: (item.case_id, item.moment, item.day, item.marks, item.person, str(item.due_at))
    )
