"""Everything over HTTP: the JSON API and the console, put together from the service's parts."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from central.api.access import Access, DenialLog
from central.api.assessment import assessment_router
from central.api.bulk import BulkDesks, bulk_router
from central.api.cases import cases_router
from central.api.casework import Casework, casework_router
from central.api.errors import Complaint, show_errors_with
from central.api.evidence import evidence_router
from central.api.health import health_router
from central.api.http import make_http_app
from central.api.ingest import ingest_router
from central.api.overview import overview_router
from central.api.people import me_router, people_router
from central.api.proofs import proofs_router
from central.api.public import public_router
from central.api.registers import registers_router
from central.api.rejudging import rejudging_router
from central.api.stream import stream_router
from central.cartography import MapMeans, maps
from central.console.board import Board
from central.console.casepage import case_router
from central.console.desk import Site, desk_pages
from central.console.error_pages import SaysWhy
from central.console.feed import feed_router
from central.console.figures_pages import figures_pages
from central.console.handover_pages import handover_pages
from central.console.live import live_router
from central.console.pages import STATIC_DIR, Pages
from central.console.registers import registers_pages
from central.console.signing_in import add_sign_in_answers, signing_in_router
from central.console.thumbs import Thumbs, thumbs_router
from central.console.words import Language
from central.domain.law import Law
from central.engineering import Workshop, engineers_pages
from central.flowrules import packaged_keeper
from central.foundation import ground_of, lawbook, surroundings
from central.scorebook import AssessmentSettings, load_scorebook
from central.services.actions import CaseDesk
from central.services.admission import Admission
from central.services.assessment_parts import assessment_of
from central.services.assigning import AssignDesk
from central.services.byhand import HandDesk
from central.services.casefile import CaseFiles
from central.services.claiming import ClaimDesk
from central.services.curves import curves
from central.services.evidence import EvidenceDesk, ObjectStore
from central.services.feed import LiveFeed
from central.services.handover import HandoverDesk
from central.services.hashing import Hasher
from central.services.joining import JoinDesk
from central.services.own_account import OwnAccount
from central.services.people import PeopleDesk
from central.services.reading import Reader
from central.services.registers import RegisterBook
from central.services.registers_desk import RegisterDesk
from central.services.registers_shelf import ReportShelf
from central.services.rejudging import Rejudger
from central.services.silencing import SilenceDesk
from central.services.steps import Stepper
from central.services.storms import Storms
from central.services.submitting import EventDesk
from central.services.terrain import UNSURVEYED, Terrain
from central.services.timekeeping import Timekeeper
from central.services.views import CaseSummary, Health
from central.site import SiteSettings
from central.store.database import Database
from contract.clock import Clock
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
    workshop: Workshop | None = None
    map_folder: Path | None = None
    reports_folder: Path | None = None


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
    assign_desk = AssignDesk(parts.database, parts.clock, parts.feed.notify)
    routers = [
        cases_router(reader, case_desk, join_desk, access),
        casework_router(casework, access),
        bulk_router(BulkDesks(reader, case_desk, join_desk, assign_desk), access),
        evidence_router(evidence_desk, access),
        proofs_router(reader, evidence_desk, access),
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
    files = CaseFiles(parts.database, reader, parts.clock)
    storms = Storms(reader, parts.clock)
    http.include_router(feed_router(reader, storms, access, pages, parts.clock))
    http.include_router(case_router(reader, files, case_desk, access, pages))
    http.include_router(live_router(_board(parts, reader, pages, storms), reader, access))
    http.include_router(thumbs_router(reader, Thumbs(parts.objects.find), access))
    http.include_router(signing_in_router(own, access, pages))
    shelf = ReportShelf(parts.reports_folder, parts.clock)
    for router in registers_pages(registers, shelf, access, pages, parts.site.to_origin()):
        http.include_router(router)
    where = Site(parts.site.to_origin(), parts.law.timezone)
    http.include_router(desk_pages(casework.hands, casework.silences, reader, access, pages, where))
    means = MapMeans(parts.database, laws, parts.site, reader, parts.clock, parts.map_folder, parts.is_public)
    layers, map_routers = maps(means, access, pages)
    http.include_router(layers, prefix="/api/v1")
    for router in map_routers:
        http.include_router(router)
    http.include_router(figures_pages(figures, partial(curves, parts.database, figures.desk), reader, access, pages))
    handovers = HandoverDesk(parts.database, parts.clock, reader.violation_name)
    http.include_router(handover_pages(handovers, access, pages))
    if parts.workshop is not None:
        for router in engineers_pages(parts.workshop, parts.database, access, pages):
            http.include_router(router)
    _explain(http, pages)
    add_sign_in_answers(http, access, pages)
    http.add_middleware(DenialLog, log=access.doors)
    http.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC_DIR)))
    return http


def _explain(http: FastAPI, pages: Pages) -> None:
    says = SaysWhy(pages)

    def page(request: Request, said: Complaint) -> Response:
        return says.draw(request, said.status, said.sentence, tuple(said.open_actions or ()))

    show_errors_with(http, page)


def registers_desk(parts: Outside) -> RegisterDesk:
    """The desk of the registers; what the site's files say holds where the database has nothing."""
    book = RegisterBook(parts.site.to_origin(), parts.law.registers)
    return RegisterDesk(parts.database, book, parts.clock, parts.site.timezone, parts.wake)


def _board(parts: Outside, reader: Reader, pages: Pages, storms: Storms) -> Board:
    def draw(language: Language, case: CaseSummary) -> str:
        return pages.fragment(language, "card_only.html", case=case, now=parts.clock.now())

    return Board(
        reader,
        parts.feed,
        draw,
        lambda language: pages.fragment(language, "nodes_only.html", nodes=reader.nodes()),
        lambda: storms.known,
        storms.now,
    )


def _casework(parts: Outside) -> Casework:
    database, clock, tell = parts.database, parts.clock, parts.feed.notify
    stepper = Stepper(parts.keeper, parts.terrain)
    return Casework(
        HandDesk(database, parts.law, stepper, clock, tell, parts.terrain),
        ClaimDesk(database, clock, parts.keeper, tell),
        SilenceDesk(database, clock, tell, lawbook(parts.law, parts.site)),
        parts.site.to_origin(),
    )


def _tell(parts: Outside) -> None:
    parts.wake()
    parts.feed.notify()
