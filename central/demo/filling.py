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
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from central.catalogue import load_catalogue, make_law
from central.demo import story
from central.demo.ground import DISTRICT, Corner, Ground, make_ground
from central.demo.staff import DEPARTMENTS, Member, password_of, staff
from central.demo.story import Deed, Finding, Told
from central.demo.told import Message, Nodes
from central.dispatching import Dispatching
from central.domain.assessment.periods import PeriodKind, period_around
from central.domain.byhand import Tale
from central.domain.law import Law
from central.domain.people import SERVICE, Operator, Refusal
from central.domain.silence import Silence
from central.domain.workflow import Action, CaseState, RefusedAction, Role
from central.domain.workflow_words import Source
from central.flowrules import load_workflow, make_keeper
from central.rulebook import at_site, load_rules
from central.scorebook import load_scorebook
from central.services.actions import CaseDesk, UnknownCase
from central.services.admission import Admission
from central.services.assessment_parts import Ground as AssessedGround
from central.services.assessment_parts import assessment_of
from central.services.association import Association, Bench
from central.services.byhand import HandDesk
from central.services.delivery_sending import Sender
from central.services.fleet_watch import note_standings
from central.services.hashing import Hasher
from central.services.lawbook import LawBook
from central.services.people import By, PeopleDesk, Rights
from central.services.registers import RegisterBook
from central.services.registers_import import ImportDesk, Order
from central.services.silencing import SilenceDesk
from central.services.steps import OperatorAction, Stepper
from central.services.timers import Timers
from central.site import SiteSettings, load_site
from central.store import case_queries, nodes
from central.store.cases import CASES
from central.store.database import Database
from central.timelimits import load_time_limits
from contract.clock import Clock, VirtualClock
from contract.errors import UsageError
from contract.events import IncidentState
from contract.plane import Point
from contract.status import NodeStatus
from contract.topics import Topics

TIMERS_EVERY = timedelta(minutes=10)
SENDS_EVERY = timedelta(hours=1)
OUTAGES_A_DAY = 3
Tick = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Around:
    """What telling platforms needs to know of the story."""

    database: Database
    clock: Clock
    law: Law
    stepper: Stepper


Telling = Callable[[Around], Dispatching]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is lived through, until when. The same plan tells the same story."""

    seed: int
    until: datetime
    days: int = 30
    a_day: int = 24
    site: Path | None = None
    telling: Telling | None = None
    with_accounts: bool = False


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
    rows = living.put_ground()
    people, passwords = living.put_people()
    living.live()
    living.finish()
    return Filled(_states(database), rows, people, passwords)


class _Living:
    """One month. What is to come lies in a heap by time."""

    def __init__(self, database: Database, plan: Plan, tick: Tick) -> None:
        self._database, self._plan, self._tick = database, plan, tick
        site = load_site(plan.site)
        self._zone = ZoneInfo(site.timezone)
        self._today = plan.until.astimezone(self._zone).date()
        self._first = self._today - timedelta(days=plan.days - 1)
        start = datetime.combine(self._first, datetime.min.time(), self._zone)
        self.clock = VirtualClock(start - timedelta(days=1))
        self._start = start
        self._origin = site.to_origin()
        self._ground: Ground = make_ground(plan.seed, self._origin, self._today)
        self._nodes = Nodes(plan.seed, self._origin, Topics(), start)
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._called: set[str] = set()
        self._away: dict[str, list[tuple[datetime, datetime, str]]] = {}
        self._rng = random.Random(f"deeds/{plan.seed}")
        self._build(site)

    def _build(self, site: SiteSettings) -> None:
        law = make_law(load_catalogue(None), site)
        book = RegisterBook(self._origin, law.registers)
        laws = LawBook(law, book)
        keeper = make_keeper(load_workflow(None), load_time_limits(None), law)

        def area_of(connection: Connection, point: Point) -> str | None:
            grid = laws.current(connection).registers.grid_at(point)
            return None if grid is None else grid.code

        stepper = Stepper(keeper, area_of)
        database, clock = self._database, self.clock
        self._reminded = frozenset(keeper.rules.grace)
        self._admission = Admission(database, self._nodes.topics, clock, site.to_surroundings())
        bench = Bench(at_site(load_rules(None), site), law, self._origin, laws=laws)
        self._association = Association(database, bench, clock, _nothing)
        self._desk = CaseDesk(database, clock, _nothing, keeper, area_of)
        self._hand = HandDesk(database, law, stepper, clock, _nothing, area_of)
        self._timers = Timers(database, keeper, stepper, clock, _nothing, area_of)
        self._silences = SilenceDesk(database, clock, _nothing)
        ground = AssessedGround(book.current, self._origin, self._zone)
        self._assessment = assessment_of(database, load_scorebook(), ground, clock)
        make = self._plan.telling
        self._dispatching = None if make is None else make(Around(database, clock, law, stepper))

    def put_ground(self) -> dict[str, int]:
        """Every register, through the import that checks them."""
        desk, put = ImportDesk(self._database, self.clock, self._zone.key), {}
        for number, (register, rows) in enumerate(self._ground.rows):
            self._tick(f"register {register}", number / len(self._ground.rows))
            report = desk.put(Order(register, "demo", b"", "demo", "demonstration"), rows)
            if report.is_refused:
                problem = next(finding for finding in report.findings if finding.level == "error")
                raise UsageError(f"register {register}: {problem}")
            put[register.value] = len(rows)
        return put

    def put_people(self) -> tuple[int, dict[str, str]]:
        """Accounts, if they were asked for; names alone stand in the histories otherwise."""
        if not self._plan.with_accounts:
            return len(staff()), {}
        desk, passwords = PeopleDesk(self._database, Hasher(), self.clock), {}
        for number, member in enumerate(staff()):
            self._tick("accounts", number / len(staff()))
            password = password_of(member, self._plan.seed)
            rights = Rights(frozenset({member.role}), DISTRICT)
            try:
                desk.add(member.name, password, rights, By("demo"), must_change=False)
            except UsageError:
                continue  # it is there from an earlier demonstration
            passwords[member.name] = password
        return len(staff()), passwords

    def live(self) -> None:
        """Everything, in the order of time, until the plan's end."""
        if self._dispatching is not None:
            self._dispatching.register()
            for route in self._dispatching.routes.values():
                route.gateway.start()
        self.clock.move_to(self._start)
        self._lay_out()
        whole = (self._plan.until - self._start).total_seconds()
        while self._queue and self._queue[0][0] <= self._plan.until:
            at, _, act = heapq.heappop(self._queue)
            self.clock.move_to(max(at, self.clock.now()))
            act()
            self._tick(f"{at.astimezone(self._zone):%m-%d}", (at - self._start).total_seconds() / whole)
        self.clock.move_to(max(self._plan.until, self.clock.now()))

    def finish(self) -> None:
        """Timers, journal and figures as they stand at the end; months that are over are frozen."""
        self._timers.step()
        self._send()
        if self._dispatching is not None:
            for route in self._dispatching.routes.values():
                route.gateway.stop()
        self._assessment.counting.catch_up()
        for kind, day in ((PeriodKind.MONTH, self._first), (PeriodKind.WEEK, self._today - timedelta(days=7))):
            period = period_around(kind, day)
            if period.last < self._today:
                self._assessment.freezing.freeze(period, "demo.leader.1")

    def _lay_out(self) -> None:
        """Puts the whole month's outside world onto the heap; what people do follows from it."""
        numbers = count()
        for offset in range(self._plan.days):
            day = self._first + timedelta(days=offset)
            for finding in story.findings(self._plan.seed, self._ground, day, self._plan.a_day, self._zone):
                self._expect_finding(next(numbers), finding)
            for told in story.tales(self._plan.seed, self._ground, day, max(1, self._plan.a_day // 6), self._zone):
                self._at(told.at, lambda told=told: self._hear(told))  # type: ignore[misc]
            for at, node in self._outages(day):
                self._at(at, lambda node=node: self._say(node))  # type: ignore[misc]
            if offset % 5 == 0:
                noon = datetime.combine(day, datetime.min.time(), self._zone) + timedelta(hours=12)
                self._at(noon, self._silence)
        self._every(TIMERS_EVERY, lambda: self._timers.step())
        self._every(SENDS_EVERY, self._send)

    def _expect_finding(self, number: int, finding: Finding) -> None:
        for revision, (at, state) in enumerate(self._nodes.moments(finding), start=1):

            def tell(at: datetime = at, revision: int = revision, state: IncidentState = state) -> None:
                self._take(self._nodes.event(number, finding, at, revision, state))
                self._call_reviewer(number, finding)

            self._at(at, tell)

    def _take(self, message: Message) -> None:
        self._admission.take([message])
        while self._association.step():
            pass

    def _call_reviewer(self, number: int, finding: Finding) -> None:
        """The first time that a finding's case waits for a reviewer, somebody looks at it some minutes later."""
        with self._database.read() as connection:
            found = case_queries.cases_of(connection, [self._nodes.incident_of(number, finding)])
            case = case_queries.find(connection, min(found)) if found else None
        if case is None or case.state is not CaseState.PENDING_REVIEW or case.case_id in self._called:
            return
        self._called.add(case.case_id)
        verdict = story.review(self._rng, is_real=finding.is_real)
        may_remind = case.kind in self._reminded
        deeds = [verdict]
        if verdict.action is Action.CONFIRM:
            deeds += story.after_confirming(self._rng, may_remind=may_remind)
        self._follow(case.case_id, deeds)

    def _hear(self, told: Told) -> None:
        """Somebody tells of something: an inspector's word is reported at once, a citizen's is looked at first."""
        is_reviewed = told.source is not Source.CITIZEN
        tale = Tale(told.kind, told.source, self.clock.now(), told.point, "示例路（虚构）", "示例来件", is_reviewed)
        opened = self._hand.open(tale, self._who(Role.ACCEPTANCE_OPERATOR))
        if opened.state is CaseState.REPORTED:
            self._follow(opened.case_id, list(story.after_reporting(self._rng)))
        else:
            verdict = story.review(self._rng, is_real=self._rng.random() < 0.8)
            rest = story.after_confirming(self._rng, may_remind=told.kind in self._reminded)
            self._follow(opened.case_id, [verdict, *(rest if verdict.action is Action.CONFIRM else ())])

    def _follow(self, case_id: str, deeds: list[Deed]) -> None:
        """Lets people take one step after the other, by day and by night; the first that is refused ends it."""
        if not deeds:
            return
        first, *rest = deeds

        def act() -> None:
            if self._do(case_id, first):
                self._follow(case_id, rest)

        self._at(self.clock.now() + first.after, act)

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
            self._desk.act(case_id, wanted)
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
        ends = self.clock.now() + timedelta(hours=8)
        self._silences.make(Silence(0, "道路施工（示例）", ends, camera_id=corner.camera_id), SERVICE)

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
        now = self.clock.now()
        away = frozenset(camera for begin, end, camera in self._away.get(node, ()) if begin <= now < end)
        status: NodeStatus = self._nodes.status(node, self._by_node()[node], now, away)
        with self._database.write() as connection:
            nodes.remember(connection, status, now)
            note_standings(connection, status)

    def _by_node(self) -> dict[str, list[Corner]]:
        found: dict[str, list[Corner]] = {}
        for corner in self._ground.corners:
            found.setdefault(corner.node_id, []).append(corner)
        return found

    def _send(self) -> None:
        if self._dispatching is None:
            return
        for route in self._dispatching.routes.values():
            sender = Sender(self._database, route, self.clock, "demo", self._rng.random)
            while sender.step():
                pass

    def _at(self, instant: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (instant, next(self._order), act))

    def _every(self, step: timedelta, act: Callable[[], object]) -> None:
        def again() -> None:
            act()
            self._at(self.clock.now() + step, again)

        self._at(self._start + step, again)


def is_empty(database: Database) -> bool:
    """Whether no case and no area is there yet."""
    with database.read() as connection:
        has_cases = connection.execute(select(CASES.c.id).limit(1)).first() is not None
        return not has_cases and not RegisterBook(load_site(None).to_origin()).current(connection).version


def _states(database: Database) -> dict[str, int]:
    with database.read() as connection:
        query = select(CASES.c.state, func.count().label("number")).where(CASES.c.merged_into.is_(None))
        rows = connection.execute(query.group_by(CASES.c.state).order_by(CASES.c.state))
        return {row.state: int(row.number) for row in rows}


def _nothing() -> None:
    pass
