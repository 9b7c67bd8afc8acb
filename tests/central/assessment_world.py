"""Random lives of cases as raw rows, walked along the workflow's table, and an independent count over such rows.

`recount` is written from the definitions (DOMAIN §5) alone: it shares nothing with the code that it checks.
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from central.domain.workflow import FIRST_STATE, STAGE_BY_STATE, TABLE, Action, CaseState, Role
from central.store.cases import CASES, HISTORY
from central.store.database import Database
from central.store.stages import STAGES
from tests.central.builders import uuid_of

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 6, 20, tzinfo=UTC)
AREAS = ("370303001001001", "370303001001002", "370303001002001", "370303002001001", "370302001001001")
LIMITS_MIN = {"review": 60, "accept": 15, "verify": 30, "dispatch": 15, "handle": 120, "check": 30}
"""The other stages have none here."""
LIKELY = (Action.CONFIRM, Action.REPORT, Action.ACCEPT, Action.REGISTER, Action.DISPATCH, Action.START, Action.FINISH)
KINDS = ("open_bbq", "road_occupation", "exposed_garbage")
Row = dict[str, Any]


@dataclass
class World:
    """Cases with their stages and history as rows; `grow` gives them more steps."""

    seed: int
    cases: dict[str, Row] = field(default_factory=dict)
    stages: dict[str, list[Row]] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    clocks: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def open(self, number: int) -> list[str]:
        made = [uuid_of("assessed", str(self.seed), str(len(self.cases) + index)) for index in range(number)]
        for case_id in made:
            at = START + timedelta(minutes=self._rng.uniform(0, 20 * 24 * 60))
            self.clocks[case_id] = at
            self.stages[case_id] = []
            self.cases[case_id] = {
                "id": case_id,
                "group": "trade",
                "state": FIRST_STATE.value,
                "kind": self._rng.choice(KINDS),
                "seen": "stall",
                "severity": 1,
                "is_prominent": True,
                "first_seen_at": at,
                "last_seen_at": at,
                "judgement": "{}",
                "source": self._rng.choice(["video_ai", "12319"]),
                "area_code": self._rng.choice([*AREAS, None]),
            }
        return made

    def grow(self, case_ids: Iterable[str], most: int) -> None:
        for case_id in case_ids:
            for _ in range(self._rng.randint(1, most)):
                self._step(case_id)

    def store(self, database: Database) -> None:
        """Replaces everything in the database by what stands here now, history only growing."""
        with database.write() as connection:
            connection.execute(STAGES.delete())
            known = set(connection.execute(select(CASES.c.id)).scalars())
            for case_id, case in self.cases.items():
                if case_id in known:
                    connection.execute(CASES.update().where(CASES.c.id == case_id).values(case))
                else:
                    connection.execute(insert(CASES).values(case))
            rows = [row for own in self.stages.values() for row in own]
            if rows:
                connection.execute(insert(STAGES), rows)
            told = len(connection.execute(select(HISTORY.c.id)).all())
            if self.history[told:]:
                connection.execute(insert(HISTORY), self.history[told:])

    def _step(self, case_id: str) -> None:
        case = self.cases[case_id]
        state = CaseState(case["state"])
        ways = [action for at, action in TABLE if at is state and action is not Action.COMMENT]
        if not ways:
            return
        weights = [4 if action in LIKELY else 1 for action in ways]
        action = self._rng.choices(ways, weights)[0]
        self.clocks[case_id] += timedelta(minutes=self._rng.choice([1, 5, 20, 45, 90, 300]))
        now, after = self.clocks[case_id], TABLE[state, action].to
        facts = {"reason": self._rng.randint(1, 5)} if action is Action.REJECT else {}
        self._tell(case_id, action, state, after, now, facts)
        case["state"] = after.value
        if action is Action.DISPATCH:
            case["department"] = self._rng.choice(["dept-a", "dept-b"])
        self._follow(case_id, action, after, now)

    def _tell(
        self, case_id: str, action: Action, before: CaseState, after: CaseState, now: datetime, facts: Row
    ) -> None:
        self.history.append(
            {
                "case_id": case_id,
                "at": now,
                "what": "action",
                "action": action.value,
                "role": Role.ADMIN.value,
                "actor": "somebody",
                "from_state": before.value,
                "to_state": after.value,
                "facts": json.dumps(facts),
            }
        )

    def _follow(self, case_id: str, action: Action, after: CaseState, now: datetime) -> None:
        rows = self.stages[case_id]
        current = rows[-1] if rows and rows[-1]["left_at"] is None else None
        target = STAGE_BY_STATE.get(after)
        if current is not None and current["stage"] == target and after is not CaseState.REWORK:
            current["department"] = self.cases[case_id].get("department")
            if action is Action.EXTEND and current["due_at"] is not None:
                current["due_at"] += timedelta(hours=4)
            if action is Action.SUSPEND:
                current["paused_s"] += 600.0
            return
        if current is not None:
            post = self._rng.choice(["shift_leader", "inspector"])
            current.update(left_at=now, outcome=action.value, person=self._rng.choice(["wang", "li"]), post=post)
        if target is not None:
            rows.append(self._begun(case_id, len(rows) + 1, target.value, now))

    def _begun(self, case_id: str, number: int, stage: str, now: datetime) -> Row:
        limit = LIMITS_MIN.get(stage)
        return {
            "case_id": case_id,
            "number": number,
            "stage": stage,
            "entered_at": now,
            "due_at": None if limit is None else now + timedelta(minutes=limit),
            "paused_s": 0.0,
            "left_at": None,
            "outcome": None,
            "person": None,
            "post": None,
            "department": self.cases[case_id].get("department"),
            "area_code": self.cases[case_id]["area_code"],
            "kind": self.cases[case_id]["kind"],
            "source": self.cases[case_id]["source"],
        }


@dataclass(frozen=True)
class Asked:
    """Whose figures the independent count is asked for; local days, both included."""

    first: date
    last: date
    now: datetime
    area: str = ""
    department: str | None = None
    person: str | None = None


def recount(cases: Sequence[Row], stages: Sequence[Row], history: Sequence[Row], asked: Asked) -> dict[str, int]:
    """Every set's size, by plain loops over the rows."""
    found: dict[str, int] = {}
    by_case: dict[str, list[Row]] = {}
    for row in sorted(stages, key=lambda row: (row["case_id"], row["number"])):
        by_case.setdefault(row["case_id"], []).append(row)
    for case in cases:
        rows = by_case.get(case["id"], [])
        said = [entry for entry in history if entry["case_id"] == case["id"]]
        for name, row, owner in [*_by_doing(rows, said), *_by_deadline(rows, said), *_by_closing(rows)]:
            moment = row["due_at"] if name in _DEADLINES else row["left_at"]
            is_mine = (
                (row["area_code"] or case["area_code"] or "").startswith(asked.area)
                and (asked.department is None or (owner["department"] or "") == asked.department)
                and (asked.person is None or (owner["person"] or "") == asked.person)
            )
            is_then = asked.first <= moment.astimezone(ZONE).date() <= asked.last
            if is_mine and is_then and (name not in _DEADLINES or moment <= asked.now):
                found[name] = found.get(name, 0) + 1
    return found


_DEADLINES = frozenset(
    {
        *("due_to_dispatch", "dispatched_in_time", "dispatched_rightly"),
        *("due_to_handle", "handled", "handled_in_time", "handled_late", "overdue", "extended"),
        *("due_to_check", "checked_in_time"),
        *("due_to_close", "closed", "closed_in_time", "reworked", "closed_by_force"),
    }
)


def _by_doing(rows: list[Row], said: list[Row]) -> Iterable[tuple[str, Row, Row]]:
    """What counts on the day it was done: name, the row that gives the day, the row that names who."""
    for index, row in enumerate(rows):
        later = rows[index + 1 :]
        if row["stage"] == "review" and row["outcome"] in ("confirm", "reject"):
            if later and (later[0]["stage"] == "review" or later[0]["outcome"] == "reopen"):
                continue  # the verdict was taken back
            yield "reviewed", row, row
            if row["outcome"] == "confirm":
                yield "confirmed", row, row
            else:
                yield "rejected", row, row
                reasons = [
                    json.loads(entry["facts"]).get("reason")
                    for entry in said
                    if entry["action"] == "reject" and entry["at"] <= row["left_at"]
                ]
                if reasons and reasons[-1] in (1, 2):
                    yield "false_sightings", row, row
        if row["outcome"] == "remind":
            yield "reminded", row, row
            if later and later[0]["outcome"] == "self_correct":
                yield "self_corrected", row, row
        yield from _sent(row, later)


def _sent(row: Row, later: list[Row]) -> Iterable[tuple[str, Row, Row]]:
    if row["outcome"] not in ("report", "accept", "register"):
        return
    fate = set()
    for after in later:
        if after["outcome"] == row["outcome"]:
            break
        fate.add(after["outcome"])
    if row["outcome"] == "report":
        yield "reported", row, row
        if "register" in fate:
            yield "reported_and_filed", row, row
            if "cancel" not in fate:
                yield "reported_valid", row, row
    elif row["outcome"] == "accept":
        yield "accepted", row, row
        if "register" in fate:
            yield "accepted_and_filed", row, row
    else:
        yield "filed", row, row
        if "cancel" not in fate:
            yield "filed_rightly", row, row


def _by_deadline(rows: list[Row], said: list[Row]) -> Iterable[tuple[str, Row, Row]]:
    """Dispatching, handling and checking, on the day it was due. Who returned or saw it cancelled owes nothing."""
    for index, row in enumerate(rows):
        if row["due_at"] is None or row["outcome"] in ("return", "cancel"):
            continue
        in_time = row["left_at"] is not None and row["left_at"] <= row["due_at"]
        if row["stage"] == "dispatch":
            yield "due_to_dispatch", row, row
            handlings = [after for after in rows[index + 1 :] if after["stage"] == "handle"]
            if row["outcome"] == "dispatch":
                if in_time:
                    yield "dispatched_in_time", row, row
                if not handlings or handlings[0]["outcome"] != "return":
                    yield "dispatched_rightly", row, row
        elif row["stage"] == "handle":
            yield "due_to_handle", row, row
            if row["outcome"] == "finish":
                yield "handled", row, row
                yield ("handled_in_time" if in_time else "handled_late"), row, row
            elif row["outcome"] != "force_close":
                yield "overdue", row, row
            end = row["left_at"] or datetime.max.replace(tzinfo=UTC)
            if any(entry["action"] == "extend" and row["entered_at"] <= entry["at"] <= end for entry in said):
                yield "extended", row, row
        elif row["stage"] == "check":
            yield "due_to_check", row, row
            if row["outcome"] in ("close", "send_back") and in_time:
                yield "checked_in_time", row, row


def _by_closing(rows: list[Row]) -> Iterable[tuple[str, Row, Row]]:
    """Each time a case is filed, or opened again after it was closed, it has to be closed once."""
    lives: list[list[Row]] = []
    is_new = False
    for row in rows:
        if is_new:
            lives.append([])
        if lives:
            lives[-1].append(row)
        is_new = row["outcome"] in ("register", "close", "force_close", "cancel")
    for life in lives:
        checks = [row for row in life if row["stage"] == "check"]
        handlings = [row for row in life if row["stage"] == "handle"]
        if life[-1]["outcome"] == "cancel" or not (checks or handlings):
            continue
        due_at = (checks[0] if checks else handlings[-1])["due_at"]
        last = life[-1] if life[-1]["outcome"] in ("close", "force_close") else None
        day = {"due_at": due_at, "area_code": life[-1]["area_code"]}
        who = {
            "department": handlings[-1]["department"] if handlings else None,
            "person": last["person"] if last is not None else None,
        }
        yield "due_to_close", day, who
        if last is not None:
            yield "closed", day, who
            if last["left_at"] <= due_at:
                yield "closed_in_time", day, who
            if last["outcome"] == "force_close":
                yield "closed_by_force", day, who
        if any(row["outcome"] == "send_back" for row in life):
            yield "reworked", day, who


def raw_rows(database: Database) -> tuple[list[Row], list[Row], list[Row]]:
    """Cases, stages and history as they stand in the database."""
    with database.read() as connection:
        tables = (CASES, STAGES, HISTORY)
        cases, stages, history = (
            [dict(row) for row in connection.execute(select(table)).mappings()] for table in tables
        )
    return cases, stages, history


RATIOS: Mapping[str, tuple[str, str]] = {
    "handling_rate": ("handled", "due_to_handle"),
    "handling_in_time_rate": ("handled_in_time", "due_to_handle"),
    "overdue_rate": ("overdue", "due_to_handle"),
    "extension_rate": ("extended", "due_to_handle"),
    "closing_rate": ("closed", "due_to_close"),
    "closing_in_time_rate": ("closed_in_time", "due_to_close"),
    "rework_rate": ("reworked", "due_to_close"),
    "filing_rate": ("accepted_and_filed", "accepted"),
    "filing_accuracy": ("filed_rightly", "filed"),
    "dispatch_in_time_rate": ("dispatched_in_time", "due_to_dispatch"),
    "dispatch_accuracy": ("dispatched_rightly", "due_to_dispatch"),
    "valid_report_rate": ("reported_valid", "reported"),
    "checking_in_time_rate": ("checked_in_time", "due_to_check"),
    "confirmation_rate": ("confirmed", "reviewed"),
    "self_correction_rate": ("self_corrected", "reminded"),
}
"""As the sources define them."""


def district_score(found: Callable[[str], int]) -> float | None:
    """30·处置率 + 20·按期处置率 + 20·(1−返工率) + 20·(1−超期待处置率) + 10·(1−延期率)."""
    due, closing = found("due_to_handle"), found("due_to_close")
    if not due or not closing:
        return None
    return (
        30 * found("handled") / due
        + 20 * found("handled_in_time") / due
        + 20 * (1 - found("reworked") / closing)
        + 20 * (1 - found("overdue") / due)
        + 10 * (1 - found("extended") / due)
    )
