"""The composition root: settings → database, broker link, services, HTTP. The only place that knows them all."""

import hashlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

from central.api.access import Access, DenialLog, Tokens
from central.api.assessment import assessment_router
from central.api.cases import cases_router
from central.api.casework import Casework, casework_router
from central.api.evidence import evidence_router
from central.api.fleet import artifacts_router, fleet_router
from central.api.health import health_router
from central.api.http import make_http_app
from central.api.ingest import ingest_router
from central.api.originals import originals_router
from central.api.overview import overview_router
from central.api.package import package_router
from central.api.people import me_router, people_router
from central.api.public import public_router
from central.api.registers import registers_router
from central.api.rejudging import rejudging_router
from central.api.stream import stream_router
from central.artifacts import Artifacts
from central.catalogue import load_catalogue, make_law
from central.console.desk import Site, desk_pages
from central.console.pages import STATIC_DIR, Pages, console_router
from central.console.registers import registers_pages
from central.console.signing_in import add_sign_in_answers, signing_in_router
from central.dispatching import Dispatching, Means, picture_links
from central.domain.districts import THE_REST, District
from central.domain.law import Law
from central.domain.rules import AssociationRules
from central.evidence.folder import FolderStore
from central.flowrules import load_workflow, make_keeper, packaged_keeper
from central.gateways.speaking import load_speaker
from central.ingest.address import parse_address
from central.ingest.fleet import MqttFleetLink
from central.ingest.mqtt import LinkPlan, MqttLink
from central.keys import central_keys, unseal_keys
from central.open311 import Reporting, ReportMeans, load_open311
from central.package.exporting import Exporter
from central.package.gathering import Gatherer
from central.retention import Retention
from central.rulebook import at_site, load_rules
from central.scorebook import AssessmentSettings, load_scorebook
from central.services.actions import CaseDesk
from central.services.admission import Admission, Point, nobody_watches
from central.services.assessment_parts import Ground, assessment_of
from central.services.association import Bench
from central.services.byhand import HandDesk
from central.services.camerabook import FleetCameras
from central.services.claiming import ClaimDesk
from central.services.districts import DistrictAssociators
from central.services.doors import Doors
from central.services.evidence import EvidenceDesk, ObjectStore
from central.services.feed import LiveFeed
from central.services.fleet import FleetDesk
from central.services.fleet_watch import FleetWatch
from central.services.hashing import Hasher
from central.services.intake import Intake
from central.services.joining import JoinDesk
from central.services.lawbook import LawBook
from central.services.noticing import ListedCameras, Surroundings
from central.services.originals import OPENINGS_FILE
from central.services.own_account import OwnAccount
from central.services.people import PeopleDesk
from central.services.reading import Reader
from central.services.registers import RegisterBook
from central.services.registers_desk import RegisterDesk
from central.services.rejudging import Rejudger
from central.services.revealing import RevealDesk, Vault
from central.services.sealing import Sealer
from central.services.sight import Sight
from central.services.silencing import SilenceDesk
from central.services.steps import Stepper
from central.services.submitting import EventDesk
from central.services.surveying import Survey
from central.services.telling import NoticeSender, Silent
from central.services.terrain import UNSURVEYED, Surveyed, Terrain
from central.services.timekeeping import Timekeeper
from central.services.timers import Timers
from central.services.views import CalibrationView, Health
from central.services.worker import Worker
from central.settings import CentralSettings, Role
from central.site import SiteSettings, load_site
from central.store import camera_errors, dead_letters, inbox
from central.store.database import Database
from central.targets import load_targets
from central.timelimits import load_time_limits
from contract.clock import Clock
from contract.errors import UsageError
from contract.ids import uuid7
from contract.topics import Topics


@dataclass(frozen=True, slots=True)
class Outside:
    """What everything over HTTP is made of."""

    database: Database
    objects: ObjectStore
    law: Law
    site: SiteSettings
    feed: LiveFeed
    clock: Clock
    wake: Callable[[], None] = lambda: None
    """Tells the associator that there is work."""
    topics: Topics = field(default_factory=Topics)
    fleet: tuple[APIRouter, ...] = ()
    hasher: Hasher = field(default_factory=Hasher)
    figures: AssessmentSettings = field(default_factory=load_scorebook)
    is_public: bool = False
    """Whether statistics and map are for everybody."""
    keeper: Timekeeper = field(default_factory=packaged_keeper)
    terrain: Terrain = UNSURVEYED


def make_http(
    parts: Outside,
    access: Access,
    health: Callable[[], Health],
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """The JSON API and the console on `parts`."""
    laws = lawbook(parts.law, parts.site)
    reader = Reader(parts.database, parts.law, parts.site.to_origin(), laws)
    rejudger = Rejudger(parts.database, laws, parts.clock, parts.feed.notify)
    case_desk = CaseDesk(parts.database, parts.clock, parts.feed.notify, parts.keeper, parts.terrain)
    join_desk = JoinDesk(parts.database, parts.clock, parts.wake, parts.site.to_districts())
    admission = Admission(
        parts.database, parts.topics, parts.clock, surroundings(parts.site, parts.database, parts.clock)
    )
    event_desk = EventDesk(parts.database, admission, parts.topics)
    evidence_desk = EvidenceDesk(parts.database, parts.objects, parts.clock, parts.feed.notify)
    figures = assessment_of(parts.database, parts.figures, ground_of(parts.site), parts.clock)
    registers = registers_desk(parts)
    people_desk = PeopleDesk(parts.database, parts.hasher, parts.clock)
    own = OwnAccount(people_desk, access.doors)
    casework = _casework(parts)
    routers = [
        cases_router(reader, case_desk, join_desk, access),
        casework_router(casework, access),
        evidence_router(evidence_desk, access),
        ingest_router(event_desk, lambda: _tell(parts), access),
        overview_router(reader, access),
        health_router(health),
        stream_router(reader, parts.feed, access),
        assessment_router(figures, access),
        public_router(figures, access, is_open=parts.is_public),
        me_router(own, access),
        people_router(people_desk, access),
        registers_router(registers, access),
        rejudging_router(rejudger, access, parts.clock),
        *parts.fleet,
    ]
    http = make_http_app(routers, lifespan)
    site = reader.site(parts.site.name.to_names(), parts.site.demo, tuple(parts.site.legal_dwell_s))
    pages = Pages(site, parts.law.timezone)
    http.include_router(console_router(reader, case_desk, access, pages, parts.clock))
    http.include_router(signing_in_router(own, access, pages))
    http.include_router(registers_pages(registers, access, pages))
    where = Site(parts.site.to_origin(), parts.law.timezone)
    http.include_router(desk_pages(casework.hands, casework.silences, reader, access, pages, where))
    add_sign_in_answers(http, access, pages)
    http.add_middleware(DenialLog, log=access.doors)
    http.mount("/static", StaticFiles(directory=STATIC_DIR))
    return http


def registers_desk(parts: Outside) -> RegisterDesk:
    """The desk of the registers; what the site's files say holds where the database has nothing."""
    book = RegisterBook(parts.site.to_origin(), parts.law.registers)
    return RegisterDesk(parts.database, book, parts.clock, parts.site.timezone, parts.wake)


def ground_of(site: SiteSettings) -> Ground:
    """Where the site lies, and its registers as they stand."""
    origin = site.to_origin()
    return Ground(RegisterBook(origin).current, origin, ZoneInfo(site.timezone))


def lawbook(law: Law, site: SiteSettings) -> LawBook:
    """`law` with the database's registers, where it has any, in place of the site file's."""
    return LawBook(law, RegisterBook(site.to_origin(), law.registers))


def _casework(parts: Outside) -> Casework:
    database, clock, tell = parts.database, parts.clock, parts.feed.notify
    stepper = Stepper(parts.keeper, parts.terrain)
    return Casework(
        HandDesk(database, parts.law, stepper, clock, tell, parts.terrain),
        ClaimDesk(database, clock, parts.keeper, tell),
        SilenceDesk(database, clock, tell),
        parts.site.to_origin(),
    )


def _tell(parts: Outside) -> None:
    parts.wake()
    parts.feed.notify()


class Central:
    """Everything, wired. `start` and `stop` are called by the HTTP application's lifespan."""

    def __init__(
        self,
        settings: CentralSettings,
        tokens: Tokens,
        clock: Clock,
        reached: Callable[[Point], None] = nobody_watches,
    ) -> None:
        """Builds all parts and makes the tables and folders; `reached` is told where a batch of events stands.

        Raises:
            UsageError: a setting is wrong; the message names it.
        """
        self.roles = settings.roles
        address = parse_address(settings.mqtt_url)
        self.site = load_site(settings.site)
        law = make_law(load_catalogue(settings.violations), self.site)
        self.database = Database(settings.database_url)
        self.database.create()
        objects = FolderStore(settings.evidence_dir)
        objects.create()

        self.feed = LiveFeed()
        self.link = MqttLink(address, plan_link(settings))
        refuse_unknown(settings.own_districts, self.site)
        laws = lawbook(law, self.site)
        bench = Bench(make_rules(self.site, settings.association), law, self.site.to_origin(), laws=laws)
        self.associators = DistrictAssociators(
            self.database, bench, clock, self.feed.notify, uuid7(clock.now()), settings.own_districts
        )
        survey = Survey(self.database, bench.rules, clock, self.associators.wake)
        self.survey_worker = Worker("survey", survey.step, survey.recover, idle_s=60.0)
        keys = central_keys(settings.keys_folder)
        sealer = Sealer(self.database, keys.signing, clock)
        self.sealing_worker = Worker("sealing", sealer.step, sealer.recover)
        retention = Retention(self.database, objects, settings.retention, clock)
        self.retention_worker = Worker("retention", retention.step, retention.recover, idle_s=600.0)
        figures = load_scorebook(settings.assessment)
        freezing = assessment_of(self.database, figures, ground_of(self.site), clock).freezing
        self.assessment_worker = Worker("assessment", freezing.step, freezing.recover, idle_s=60.0)
        keeper = make_keeper(
            load_workflow(settings.workflow), load_time_limits(settings.deadlines), lambda: laws.newest
        )
        terrain = Surveyed(laws)
        timers = Timers(self.database, keeper, Stepper(keeper, terrain), clock, self.feed.notify, terrain)
        self.timer_worker = Worker("timers", timers.step, timers.recover)
        speaker = load_speaker(settings.notices) if settings.notices else Silent()
        sender = NoticeSender(self.database, speaker, clock, uuid7(clock.now()))
        self.notice_worker = Worker("notices", sender.step, sender.recover)
        topics = Topics(address.prefix)
        admission = Admission(self.database, topics, clock, surroundings(self.site, self.database, clock), reached)
        self.intake = Intake(admission, self.link, topics, clock, self.associators.wake, self.feed.notify, reached)
        self.intake_worker = Worker("intake", self.intake.step, self.intake.recover, idle_s=0.0)

        self.fleet_link = MqttFleetLink(address, f"{plan_link(settings).client_id}-fleet", settings.mqtt_protocol)
        watch = FleetWatch(self.database, self.fleet_link, topics, clock, self.feed.notify)
        self.fleet_worker = Worker("fleet", watch.step, watch.recover, idle_s=0.0)
        hasher = Hasher()
        self.people = PeopleDesk(self.database, hasher, clock)
        access = Access(tokens, Doors(self.database, hasher, clock), Sight(self.database))
        artifacts = Artifacts(settings.artifacts_folder)
        fleet_desk = FleetDesk(self.database, lambda: keys, clock)
        folder = settings.keys_folder
        vault = Vault(artifacts.find, lambda: unseal_keys(folder), folder / OPENINGS_FILE)
        originals = originals_router(RevealDesk(self.database, fleet_desk, vault, clock), access)
        fleet = (originals, fleet_router(fleet_desk, artifacts, keys, access), artifacts_router(artifacts, access))
        targets = load_targets(settings.targets)
        means = Means(
            database=self.database,
            clock=clock,
            law=law,
            plane=self.site.to_origin(),
            broker=address,
            stepper=Stepper(keeper, terrain),
            worker=settings.worker,
            links=picture_links(targets, keys.signing),
            terrain=terrain,
            on_change=self.feed.notify,
        )
        self.dispatching = Dispatching(targets, means)
        self.dispatches = Role.DISPATCH in settings.roles and settings.targets is not None
        delivery = self.dispatching.routers(access, objects)

        stepper = Stepper(keeper, terrain)
        told = ReportMeans(
            database=self.database,
            laws=laws,
            around=surroundings(self.site, self.database, clock),
            hands=HandDesk(self.database, law, stepper, clock, self.feed.notify, terrain),
            stepper=stepper,
            clock=clock,
            wake=self.associators.wake,
            on_change=self.feed.notify,
        )
        self.reporting = Reporting(load_open311(settings.open311), told)

        reader = Reader(self.database, law, self.site.to_origin())
        gatherer = Gatherer(self.database, objects, reader, sealer, settings.keys_folder)
        packages = package_router(Exporter(self.database, gatherer, keys.signing, clock), reader, access)
        outside = Outside(
            self.database,
            objects,
            law,
            self.site,
            self.feed,
            clock,
            self.associators.wake,
            topics,
            (*fleet, *delivery, packages, self.reporting.inside(access)),
            hasher,
            figures,
            settings.public,
            keeper=keeper,
            terrain=terrain,
        )
        if Role.API in settings.roles:
            self.http = make_http(outside, access, self.health, self._lifespan)
            self.http.include_router(self.reporting.public)
        else:
            self.http = make_http_app([health_router(self.health)], self._lifespan)

    def start(self) -> None:
        """Starts what this process's roles ask for."""
        if Role.ASSOCIATE in self.roles:
            self.associators.start()
            self.survey_worker.start()
            self.sealing_worker.start()
            self.retention_worker.start()
            self.timer_worker.start()
            self.notice_worker.start()
            self.assessment_worker.start()
            self.reporting.worker.start()
        if Role.INGEST in self.roles:
            self.intake_worker.start()
            self.link.start()
            self.fleet_worker.start()
            self.fleet_link.start()
        if self.dispatches:
            self.dispatching.start()

    def stop(self) -> None:
        """Takes no more, finishes what is under way, closes the database."""
        self.feed.close()
        if self.dispatches:
            self.dispatching.stop()
        if Role.INGEST in self.roles:
            self.link.stop()
            self.fleet_link.stop()
        self.intake_worker.stop()
        self.fleet_worker.stop()
        self.survey_worker.stop()
        self.associators.stop()
        self.sealing_worker.stop()
        self.retention_worker.stop()
        self.timer_worker.stop()
        self.notice_worker.stop()
        self.assessment_worker.stop()
        self.reporting.worker.stop()
        self.database.close()

    def health(self) -> Health:
        roles: dict[Role, Worker | DistrictAssociators] = {
            Role.ASSOCIATE: self.associators,
            Role.INGEST: self.intake_worker,
        }
        workers = [worker for role, worker in roles.items() if role in self.roles]
        counts = self.intake.counts
        with self.database.read() as connection:
            waiting, letters = inbox.count_waiting(connection), dead_letters.count(connection)
            learnt = camera_errors.newest(connection)
        return Health(
            ok=(self.link.is_connected or Role.INGEST not in self.roles) and all(worker.is_alive for worker in workers),
            broker_connected=self.link.is_connected,
            broker_problem=self.link.problem,
            events_taken=counts.taken,
            events_repeated=counts.repeated,
            messages_refused=counts.refused,
            events_marked=counts.marked,
            conflicts=counts.conflicts,
            inbox_waiting=waiting,
            dead_letters=letters,
            step_failures=sum(worker.failures for worker in workers),
            is_associating=bool(self.associators.active),
            associating=self.associators.active,
            calibration_alarms=tuple(CalibrationView(**asdict(alarm)) for alarm in (learnt.alarms if learnt else ())),
        )

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        self.start()
        try:
            yield
        finally:
            self.stop()


def end_cleanly() -> None:
    """Makes SIGTERM and SIGINT end the program with exit code 0; uvicorn raises them again after its own shutdown."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


class Server(uvicorn.Server):
    """uvicorn that lets the live feed's listeners go as soon as it is told to end; it would wait for them otherwise."""

    def __init__(self, central: Central) -> None:
        config = uvicorn.Config(
            central.http, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5
        )
        super().__init__(config)
        self._before_exit: Callable[[], None] = central.feed.close

    def handle_exit(self, sig: int, frame: object) -> None:
        self._before_exit()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]  # uvicorn asks for a FrameType that it doesn't use


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        UsageError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise UsageError(
            f"{host}:{port}: can't listen there ({error.strerror}); choose another with --port, 0 takes a free one"
        ) from error
    return sock


def make_rules(site: SiteSettings, path: Path | None = None) -> AssociationRules:
    """The rules of joining in the file at `path`, or the packaged ones, with the site's camera overlaps.

    Raises:
        UsageError: the file is wrong.
    """
    return at_site(load_rules(path), site)


def refuse_unknown(own: Collection[District] | None, site: SiteSettings) -> None:
    """Raises:
    UsageError: the process is meant for a district that the site file doesn't name.
    """
    names = site.to_districts().names
    unknown = sorted(set(own or ()) - set(names))
    if unknown:
        known = ", ".join((*names[:-1], THE_REST))
        raise UsageError(f"districts: the site file names no {', '.join(unknown)}; it knows {known}")


def surroundings(site: SiteSettings, database: Database, clock: Clock) -> Surroundings:
    """What events are compared with as they come: the site's outline, and the cameras of the fleet and the site."""
    around = site.to_surroundings()
    return replace(around, book=FleetCameras(database, ListedCameras(site.cameras), clock))


def plan_link(settings: CentralSettings) -> LinkPlan:
    """Who this process is to the broker. Of a group each member needs a name of its own.

    Raises:
        UsageError: a group over SQLite, which knows one writer.
    """
    client_id = f"xunjie-central-{_short_hash(settings.database_url)}"
    if settings.ingest_group is None:
        name = client_id if settings.worker == "1" else f"{client_id}-{settings.worker}"
        return LinkPlan(name, settings.mqtt_protocol)
    if settings.database_url.startswith("sqlite"):
        raise UsageError("ingest_group: several ingesters need PostgreSQL; leave it out with SQLite")
    return LinkPlan(f"{client_id}-{settings.worker}", settings.mqtt_protocol, settings.ingest_group)


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
