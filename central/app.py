"""The composition root: settings → database, broker link, services, HTTP. The only place that knows them all."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

from fastapi import APIRouter, FastAPI

from central.api.access import Access, Tokens
from central.api.fleet import artifacts_router, fleet_router
from central.api.health import health_router
from central.api.http import make_http_app
from central.api.looks import looks_router
from central.api.originals import originals_router
from central.api.package import package_router
from central.back import BACK_ROLES, Back, BackWork
from central.backroom import Backroom, Order
from central.console.libraries import require_libraries
from central.dispatching import Dispatching, Means, picture_links
from central.engineering import Workshop, workshop_of
from central.foundation import Foundation, lay_foundation
from central.keys import unseal_keys
from central.open311 import Reporting, ReportMeans, load_open311
from central.package.exporting import Exporter
from central.package.gathering import Gatherer
from central.services.admission import Point, nobody_watches
from central.services.byhand import HandDesk
from central.services.doors import Doors
from central.services.looking import LookDesk
from central.services.originals import OPENINGS_FILE
from central.services.people import PeopleDesk
from central.services.reading import Reader
from central.services.revealing import RevealDesk, Vault
from central.services.sight import Sight
from central.services.views import CalibrationView, Health
from central.settings import CentralSettings, Role
from central.store import camera_errors, dead_letters, inbox
from central.targets import load_targets
from central.web import Outside, make_http
from contract.clock import Clock
from contract.ids import uuid7


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
        base = lay_foundation(settings, clock)
        self.roles, self.site, self.database, self.feed = settings.roles, base.site, base.database, base.feed
        self.back = _back(base, reached)
        self.reporting = _reporting(base, self.back.wake)
        self.dispatching = _dispatching(base)
        self.dispatches = Role.DISPATCH in settings.roles and settings.targets is not None
        self.people = PeopleDesk(self.database, base.hasher, clock)
        self.http = self._make_http(base, tokens)

    def start(self) -> None:
        """Starts what this process's roles ask for."""
        self.back.start()
        if Role.ASSOCIATE in self.roles:
            self.reporting.worker.start()
        if self.dispatches:
            self.dispatching.start()

    def stop(self) -> None:
        """Takes no more, finishes what is under way, closes the database."""
        self.feed.close()
        if self.dispatches:
            self.dispatching.stop()
        if Role.ASSOCIATE in self.roles:
            self.reporting.worker.stop()
        self.back.stop()
        self.database.close()

    def health(self) -> Health:
        state = self.back.state()
        with self.database.read() as connection:
            waiting, letters = inbox.count_waiting(connection), dead_letters.count(connection)
            learnt = camera_errors.newest(connection)
        return Health(
            ok=state.is_alive and (state.broker_connected or Role.INGEST not in self.roles),
            is_associating=bool(state.associating),
            inbox_waiting=waiting,
            dead_letters=letters,
            calibration_alarms=tuple(CalibrationView(**asdict(alarm)) for alarm in (learnt.alarms if learnt else ())),
            **state.model_dump(exclude={"is_alive"}),
        )

    def _make_http(self, base: Foundation, tokens: Tokens) -> FastAPI:
        """The whole API and console, or no more than the health page where this process has another role."""
        if Role.API not in self.roles:
            return make_http_app([health_router(self.health)], self._lifespan)
        require_libraries()
        access = Access(tokens, Doors(base.database, base.hasher, base.clock), Sight(base.database))
        workshop = workshop_of(base)
        more = (
            *_fleet_routers(base, workshop, access),
            *self.dispatching.routers(access, base.objects),
            _package_router(base, access),
            self.reporting.inside(access),
        )
        outside = Outside(
            base.database,
            base.objects,
            base.law,
            base.site,
            base.feed,
            base.clock,
            self.back.wake,
            base.topics,
            more,
            base.hasher,
            base.figures,
            base.settings.public,
            keeper=base.keeper,
            terrain=base.terrain,
            workshop=workshop,
            map_folder=base.settings.map_folder,
            reports_folder=base.settings.reports_folder,
        )
        http = make_http(outside, access, self.health, self._lifespan)
        http.include_router(self.reporting.public)
        return http

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        self.start()
        try:
            yield
        finally:
            self.stop()


def _back(base: Foundation, reached: Callable[[Point], None]) -> BackWork:
    """In a process of its own where this one serves consoles, which would wait for it at every line.

    It is made here all the same: a file that is wrong is told at the start.
    """
    here = Back(base, reached=reached)
    settings, clock = base.settings, base.clock
    mine = [role for role in settings.roles if role in BACK_ROLES]
    if not settings.backroom or Role.API not in settings.roles or not mine:
        return here
    theirs = settings.model_copy(update={"roles": tuple(mine)})
    return Backroom(Order(settings=theirs, holder=uuid7(clock.now())), clock, base.feed.notify)


def _dispatching(base: Foundation) -> Dispatching:
    targets = load_targets(base.settings.targets)
    means = Means(
        database=base.database,
        clock=base.clock,
        law=base.law,
        plane=base.plane,
        broker=base.address,
        stepper=base.stepper,
        worker=base.settings.worker,
        links=picture_links(targets, base.keys.signing),
        objects=base.objects,
        terrain=base.terrain,
        on_change=base.feed.notify,
    )
    return Dispatching(targets, means)


def _reporting(base: Foundation, wake: Callable[[], None]) -> Reporting:
    stepper = base.stepper
    means = ReportMeans(
        database=base.database,
        laws=base.laws,
        around=base.around(),
        hands=HandDesk(base.database, base.law, stepper, base.clock, base.feed.notify, base.terrain),
        stepper=stepper,
        clock=base.clock,
        wake=wake,
        on_change=base.feed.notify,
    )
    return Reporting(load_open311(base.settings.open311), means)


def _fleet_routers(base: Foundation, workshop: Workshop, access: Access) -> tuple[APIRouter, ...]:
    """The fleet for operators, the files for nodes, and the originals that nodes bring sealed."""
    desk, artifacts, keys, folder = workshop.desk, workshop.artifacts, base.keys, base.settings.keys_folder
    vault = Vault(artifacts.find, lambda: unseal_keys(folder), folder / OPENINGS_FILE)
    originals = originals_router(RevealDesk(base.database, desk, vault, base.clock, workshop.photographs), access)
    looks = looks_router(LookDesk(base.database, desk, artifacts), access)
    return originals, looks, fleet_router(desk, artifacts, keys, access), artifacts_router(artifacts, access)


def _package_router(base: Foundation, access: Access) -> APIRouter:
    reader = Reader(base.database, base.law, base.plane, base.laws)
    gatherer = Gatherer(base.database, base.objects, reader, base.sealer, base.settings.keys_folder)
    return package_router(Exporter(base.database, gatherer, base.keys.signing, base.clock), reader, access)
