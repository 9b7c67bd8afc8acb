"""The product's own services around a simulated clock, and what is put down before the story begins."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from central.catalogue import load_catalogue, make_law
from central.demo.ground import Row
from central.demo.lattice import DISTRICT
from central.demo.pictures import Rendered
from central.demo.staff import password_of, staff
from central.demo.told import Message
from central.dispatching import Dispatching
from central.domain.law import Law
from central.flowrules import load_workflow, make_keeper
from central.rulebook import at_site, load_rules
from central.scorebook import load_scorebook
from central.services.actions import CaseDesk
from central.services.admission import Admission
from central.services.assessment_parts import Ground, assessment_of
from central.services.association import Association
from central.services.byhand import HandDesk
from central.services.delivery_sending import Sender
from central.services.evidence import EvidenceDesk, ObjectStore
from central.services.fleet_watch import note_standings
from central.services.hashing import Hasher
from central.services.lawbook import LawBook
from central.services.people import By, PeopleDesk, Rights
from central.services.posts import Post
from central.services.registers import RegisterBook
from central.services.registers_base import Register
from central.services.registers_import import ImportDesk
from central.services.registers_orders import Order
from central.services.silencing import SilenceDesk
from central.services.steps import Stepper
from central.services.terrain import Surveyed
from central.services.timers import Timers
from central.services.workingset import Bench
from central.site import SiteSettings
from central.store import nodes
from central.store.database import Database
from central.timelimits import load_time_limits
from contract.clock import Clock, VirtualClock
from contract.errors import UsageError
from contract.status import NodeStatus
from contract.topics import Topics

LEAPS = timedelta(days=2)
"""Between two events simulated hours may pass; the associator must not take itself for dead meanwhile."""
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
    objects: ObjectStore | None = None
    """Where the pictures go; without it there are none."""


class Parts:
    """Everything that acts in the story, on one thread."""

    def __init__(self, database: Database, site: SiteSettings, clock: VirtualClock, plan: Plan) -> None:
        self.database, self.clock = database, clock
        self.zone, self.origin = ZoneInfo(site.timezone), site.to_origin()
        law = make_law(load_catalogue(None), site)
        book = RegisterBook(self.origin, law.registers)
        laws = LawBook(law, book)
        keeper = make_keeper(load_workflow(None), load_time_limits(None), law)

        terrain = Surveyed(laws)
        stepper = Stepper(keeper, terrain)
        self.reminded = frozenset(keeper.rules.grace)
        """Kinds whose doers are reminded first."""
        self.desk = CaseDesk(database, clock, _nothing, keeper, terrain)
        self.hand = HandDesk(database, law, stepper, clock, _nothing, terrain)
        self.timers = Timers(database, keeper, stepper, clock, _nothing, terrain)
        self.silences = SilenceDesk(database, clock, _nothing)
        self.assessment = assessment_of(database, load_scorebook(), Ground(book.current, self.origin, self.zone), clock)
        self._admission = Admission(database, Topics(), clock, site.to_surroundings())
        bench = Bench(at_site(load_rules(None), site), law, self.origin, laws=laws)
        self._association = Association(database, bench, clock, _nothing, Post("demo", lasts=LEAPS))
        telling = plan.telling
        self._dispatching = None if telling is None else telling(Around(database, clock, law, stepper))
        self._evidence = None if plan.objects is None else EvidenceDesk(database, plan.objects, clock, _nothing)
        self._shown: set[str] = set()

    def put_registers(self, registers: tuple[tuple[Register, tuple[Row, ...]], ...], tick: Tick) -> dict[str, int]:
        """Every register, through the import that checks it.

        Raises:
            UsageError: a row is wrong.
        """
        desk = ImportDesk(self.database, self.clock, self.zone.key)
        for number, (register, rows) in enumerate(registers):
            tick(f"register {register}", number / len(registers))
            report = desk.put(Order(register, "demo", b"", "demo", "demonstration"), rows)
            if report.is_refused:
                problem = next(finding for finding in report.findings if finding.level == "error")
                raise UsageError(f"register {register}: {problem}")
        return {register.value: len(rows) for register, rows in registers}

    def put_people(self, seed: int, tick: Tick) -> dict[str, str]:
        """Accounts for everybody; those of an earlier demonstration stay. Gives the new ones' passwords."""
        desk, passwords = PeopleDesk(self.database, Hasher(), self.clock), {}
        for number, member in enumerate(staff()):
            tick("accounts", number / len(staff()))
            password = password_of(member, seed)
            rights = Rights(frozenset({member.role}), DISTRICT)
            try:
                desk.add(member.name, password, rights, By("demo"), must_change=False)
            except UsageError:
                continue
            passwords[member.name] = password
        return passwords

    def take(self, message: Message) -> None:
        """A node's event arrives and is worked off."""
        self._admission.take([message])
        while self._association.step():
            pass

    def show(self, picture: Rendered) -> None:
        """The node brings the picture that it announced; the first time of each, for they come again and again."""
        if self._evidence is None or picture.sha256 in self._shown:
            return
        self._shown.add(picture.sha256)
        upload = self._evidence.objects.begin()
        try:
            upload.write(picture.content)
            self._evidence.accept(upload, picture.sha256, len(picture.content))
        finally:
            upload.discard()

    def hear_status(self, status: NodeStatus) -> None:
        """A node says how it and its cameras stand."""
        with self.database.write() as connection:
            nodes.remember(connection, status, self.clock.now())
            note_standings(connection, status)

    def start_telling(self) -> None:
        """Makes the targets known and opens their gateways."""
        if self._dispatching is not None:
            self._dispatching.register()
            for route in self._dispatching.routes.values():
                route.gateway.start()

    def send(self, draw: Callable[[], float]) -> None:
        """Tells the targets everything that waits."""
        for route in () if self._dispatching is None else self._dispatching.routes.values():
            sender = Sender(self.database, route, self.clock, "demo", draw)
            while sender.step():
                pass

    def stop(self) -> None:
        """What `serve` needs is free again."""
        self._association.release()
        for route in () if self._dispatching is None else self._dispatching.routes.values():
            route.gateway.stop()


def _nothing() -> None:
    """Nobody watches live."""
