"""Fills a database with the invented district and lives its month through: the product's own services do everything.

The clock is simulated: whatever is due next happens next. Cameras tell, rules judge, timers run, people take their
steps by the workflow's table, the journal is told.
"""

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count

from sqlalchemy import func, select

from central.demo import story
from central.demo.ground import make_ground
from central.demo.lattice import DISTRICT, Corner
from central.demo.parts import Parts, Plan, Tick
from central.demo.pictures import picture_of
from central.demo.staff import DEPARTMENTS, Member, staff
from central.demo.story import Deed, Finding, Told
from central.demo.told import Nodes
from central.domain.assessment.periods import PeriodKind, period_around
from central.domain.byhand import Tale
from central.domain.people import SERVICE, Operator, Refusal
from central.domain.silence import Silence
from central.domain.workflow import Action, CaseState, RefusedAction, Role
from central.domain.workflow_words import Source
from central.services.actions import UnknownCase
from central.services.steps import OperatorAction
from central.site import load_site
from central.store import case_queries, registers
from central.store.cases import CASES
from central.store.database import Database
from contract.clock import VirtualClock
from contract.errors import UsageError
from contract.events import IncidentState
from contract.topics import Topics

TIMERS_EVERY = timedelta(minutes=10)
SENDS_EVERY = timedelta(hours=1)
OUTAGES_A_DAY = 3
LATELY = timedelta(hours=4)
"""Of what came in so late, much still waits for somebody: every screen then has work in every stage."""
LEFT_LYING = 0.35
JUST_NOW = timedelta(minutes=100)
UNSEEN = 0.8
"""Of what was raised just now, so much nobody has looked at: the live list is not empty."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What is there now. `passwords`: account → password, if accounts were asked for."""

    cases: dict[str, int]
    register_rows: dict[str, int]
    people: int
    passwords: dict[str, str] = field(default_factory=dict)


def fill(database: Database, plan: Plan, tick: Tick) -> Filled:
    """Fills `database`, which may hold other things already.

    Raises:
        UsageError: a register refuses a row, or the site's file is wrong.
    """
    living = _Living(database, plan, tick)
    rows, passwords = living.prepare()
    living.live()
    living.finish()
    return Filled(_states(database), rows, len(staff()), passwords)


def is_empty(database: Database) -> bool:
    """Whether no case and no register's row is there yet."""
    with database.read() as connection:
        has_cases = connection.execute(select(CASES.c.id).limit(1)).first() is not None
        return not has_cases and not registers.newest_version(connection)


def _states(database: Database) -> dict[str, int]:
    with database.read() as connection:
        query = select(CASES.c.state, func.count().label("number")).where(CASES.c.merged_into.is_(None))
        rows = connection.execute(query.group_by(CASES.c.state).order_by(CASES.c.state))
        return {row.state: int(row.number) for row in rows}


class _Living:
    """One month. What is to come lies in a heap by time."""

    def __init__(self, database: Database, plan: Plan, tick: Tick) -> None:
        site = load_site(plan.site)
        self._plan, self._tick = plan, tick
        clock = VirtualClock(plan.until - timedelta(days=plan.days + 1))
        self._parts = Parts(database, site, clock, plan)
        self._clock, self._zone = clock, self._parts.zone
        self._today = plan.until.astimezone(self._zone).date()
        self._first = self._today - timedelta(days=plan.days - 1)
        self._start = datetime.combine(self._first, datetime.min.time(), self._zone)
        self._ground = make_ground(plan.seed, self._parts.origin, self._today)
        self._nodes = Nodes(plan.seed, self._parts.origin, Topics(), self._start)
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._called: set[str] = set()
        self._away: dict[str, list[tuple[datetime, datetime, str]]] = {}
        self._rng = random.Random(f"deeds/{plan.seed}")

    def prepare(self) -> tuple[dict[str, int], dict[str, str]]:
        """Registers and people: rows by register, passwords by account."""
        rows = self._parts.put_registers(self._ground.rows, self._tick)
        return rows, self._parts.put_people(self._plan.seed, self._tick) if self._plan.with_accounts else {}

    def live(self) -> None:
        """Everything, in the order of time, until the plan's end."""
        self._parts.start_telling()
        self._clock.move_to(max(self._start, self._clock.now()))
        self._lay_out()
        whole = (self._plan.until - self._start).total_seconds()
        while self._queue and self._queue[0][0] <= self._plan.until:
            at, _, act = heapq.heappop(self._queue)
            self._clock.move_to(max(at, self._clock.now()))
            act()
            self._tick(f"{at.astimezone(self._zone):%m-%d}", (at - self._start).total_seconds() / whole)
        self._clock.move_to(max(self._plan.until, self._clock.now()))

    def finish(self) -> None:
        """Timers, journal and figures as they stand at the end; a month and a week that are over are frozen."""
        self._parts.timers.step()
        self._send()
        self._parts.stop()
        self._parts.assessment.counting.catch_up()
        for kind, day in ((PeriodKind.MONTH, self._first), (PeriodKind.WEEK, self._today - timedelta(days=7))):
            period = period_around(kind, day)
            if period.last < self._today:
                self._parts.assessment.freezing.freeze(period, "demo.leader.1")

    def _lay_out(self) -> None:
        """Puts the whole month's outside world onto the heap; what people do follows from it."""
        numbers = count()
        for offset in range(self._plan.days):
            day = self._first + timedelta(days=offset)
            for finding in story.findings(self._plan.seed, self._ground, day, self._plan.a_day, self._zone):
                self._expect_finding(next(numbers), finding)
            for board in story.boards(self._plan.seed, self._ground, day, self._zone):
                self._expect_finding(next(numbers), board)
            for told in story.tales(self._plan.seed, self._ground, day, max(1, self._plan.a_day // 6), self._zone):
                self._at(told.at, lambda told=told: self._hear(told))  # type: ignore[misc]
            for at, node in self._outages(day):
                self._at(at, lambda node=node: self._say(node))  # type: ignore[misc]
            if offset % 5 == 0:
                noon = datetime.combine(day, datetime.min.time(), self._zone) + timedelta(hours=12)
                self._at(noon, self._silence)
        for finding in story.lately(self._plan.seed, self._ground, self._plan.until):
            self._expect_finding(next(numbers), finding)
        self._every(TIMERS_EVERY, lambda: self._parts.timers.step())
        self._every(SENDS_EVERY, self._send)

    def _expect_finding(self, number: int, finding: Finding) -> None:
        for revision, (at, state) in enumerate(self._nodes.moments(finding), start=1):

            def tell(at: datetime = at, revision: int = revision, state: IncidentState = state) -> None:
                self._parts.take(self._nodes.event(number, finding, at, revision, state))
                self._parts.show(picture_of(finding.seen, number))
                self._call_reviewer(number, finding)

            self._at(at, tell)

    def _call_reviewer(self, number: int, finding: Finding) -> None:
        """The first time that a finding's case waits for a reviewer, somebody looks at it some minutes later."""
        with self._parts.database.read() as connection:
            found = case_queries.cases_of(connection, [self._nodes.incident_of(number, finding)])
            case = case_queries.find(connection, min(found)) if found else None
        if case is None or case.state is not CaseState.PENDING_REVIEW or case.case_id in self._called:
            return
        self._called.add(case.case_id)
        if finding.start > self._plan.until - JUST_NOW and self._rng.random() < UNSEEN:
            return
        verdict = story.review(self._rng, is_real=finding.is_real)
        may_remind = case.kind in self._parts.reminded
        deeds = [verdict]
        if verdict.action is Action.CONFIRM:
            deeds += story.after_confirming(self._rng, may_remind=may_remind)
        self._follow(case.case_id, deeds)

    def _hear(self, told: Told) -> None:
        """Somebody tells of something: an inspector's word is reported at once, a citizen's is looked at first."""
        is_reviewed = told.source is not Source.CITIZEN
        tale = Tale(told.kind, told.source, self._clock.now(), told.point, "示例路（虚构）", "示例来件", is_reviewed)
        opened = self._parts.hand.open(tale, self._who(Role.ACCEPTANCE_OPERATOR))
        if opened.state is CaseState.REPORTED:
            self._follow(opened.case_id, list(story.after_reporting(self._rng)))
        else:
            verdict = story.review(self._rng, is_real=self._rng.random() < 0.8)
            rest = story.after_confirming(self._rng, may_remind=told.kind in self._parts.reminded)
            self._follow(opened.case_id, [verdict, *(rest if verdict.action is Action.CONFIRM else ())])

    def _follow(self, case_id: str, deeds: list[Deed]) -> None:
        """Lets people take one step after the other, by day and by night; the first that is refused ends it."""
        if not deeds:
            return
        first, *rest = deeds
        if self._clock.now() > self._plan.until - LATELY and self._rng.random() < LEFT_LYING:
            return

        def act() -> None:
            if self._do(case_id, first):
                self._follow(case_id, rest)

        self._at(self._clock.now() + first.after, act)

    def _do(self, case_id: str, deed: Deed) -> bool:
        who = self._who(deed.role)
        wanted = OperatorAction(
            deed.action,
            who.name,
            reason=deed.reason,
            note=deed.note,
            condition=deed.condition,
            limit=deed.limit,
            department=self._rng.choice(DEPARTMENTS) if deed.action is Action.DISPATCH else None,
            roles=who.roles,
            district=who.district,
        )
        try:
            self._parts.desk.act(case_id, wanted)
        except UsageError:
            return deed.action is Action.EXTEND  # a limit in work hours can't be extended in urgent ones
        except (RefusedAction, Refusal, UnknownCase):
            return False  # cameras or somebody else were quicker
        return True

    def _who(self, role: Role) -> Operator:
        member: Member = self._rng.choice([one for one in staff() if one.role is role])
        return Operator(member.name, frozenset({role}), DISTRICT)

    def _silence(self) -> None:
        corner = self._rng.choice(self._ground.corners)
        ends = self._clock.now() + timedelta(hours=8)
        self._parts.silences.make(Silence(0, "道路施工（示例）", ends, camera_id=corner.camera_id), SERVICE)

    def _outages(self, day: date) -> Iterator[tuple[datetime, str]]:
        """Moments at which a node says how its cameras stand: all of them once a day, some more when one is away."""
        rng = random.Random(f"outages/{self._plan.seed}/{day}")
        midnight = datetime.combine(day, datetime.min.time(), self._zone)
        by_node = self._by_node()
        for node in by_node:
            yield midnight + timedelta(seconds=1), node
        for _ in range(OUTAGES_A_DAY):
            node = rng.choice(sorted(by_node))
            camera = rng.choice(by_node[node]).camera_id
            begins = midnight + timedelta(minutes=rng.uniform(10, 22 * 60))
            self._away.setdefault(node, []).append((begins, begins + timedelta(minutes=rng.uniform(10, 100)), camera))
            yield begins, node
            yield self._away[node][-1][1], node

    def _say(self, node: str) -> None:
        now = self._clock.now()
        away = frozenset(camera for begin, end, camera in self._away.get(node, ()) if begin <= now < end)
        self._parts.hear_status(self._nodes.status(node, self._by_node()[node], now, away))

    def _send(self) -> None:
        self._parts.send(self._rng.random)

    def _by_node(self) -> dict[str, list[Corner]]:
        found: dict[str, list[Corner]] = {}
        for corner in self._ground.corners:
            found.setdefault(corner.node_id, []).append(corner)
        return found

    def _at(self, instant: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (instant, next(self._order), act))

    def _every(self, step: timedelta, act: Callable[[], object]) -> None:
        def again() -> None:
            act()
            self._at(self._clock.now() + step, again)

        self._at(self._start + step, again)
