"""What every part of a central process stands on, made from its settings: database, folders, law, keys, calendar."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from central.catalogue import load_catalogue, make_law
from central.domain.law import Law
from central.evidence.folder import FolderStore
from central.flowrules import load_workflow, make_keeper
from central.ingest.address import BrokerAddress, parse_address
from central.keys import central_keys
from central.scorebook import AssessmentSettings, load_scorebook
from central.services.assessment_parts import Ground
from central.services.camerabook import FleetCameras
from central.services.feed import LiveFeed
from central.services.hashing import Hasher
from central.services.lawbook import LawBook
from central.services.noticing import ListedCameras, Surroundings
from central.services.registers import RegisterBook
from central.services.sealing import Sealer
from central.services.steps import Stepper
from central.services.terrain import Surveyed, Terrain
from central.services.timekeeping import Timekeeper
from central.settings import CentralSettings
from central.site import SiteSettings, load_site
from central.store.database import Database
from central.timelimits import load_time_limits
from contract.clock import Clock
from contract.keys import KeyPairs
from contract.plane import Origin
from contract.topics import Topics


@dataclass(frozen=True, slots=True)
class Foundation:
    """One process's ground. `laws` is `law` with the database's registers, where it has any, in place of the site's."""

    settings: CentralSettings
    clock: Clock
    site: SiteSettings
    law: Law
    laws: LawBook
    database: Database
    objects: FolderStore
    feed: LiveFeed
    keys: KeyPairs
    sealer: Sealer
    hasher: Hasher
    figures: AssessmentSettings
    keeper: Timekeeper
    terrain: Terrain
    address: BrokerAddress
    topics: Topics

    @property
    def plane(self) -> Origin:
        """Where the site's metres begin."""
        return self.site.to_origin()

    @property
    def stepper(self) -> Stepper:
        """Takes steps of the workflow."""
        return Stepper(self.keeper, self.terrain)

    def around(self) -> Surroundings:
        """What events are compared with as they come."""
        return surroundings(self.site, self.database, self.clock)


def lay_foundation(settings: CentralSettings, clock: Clock, feed: LiveFeed | None = None) -> Foundation:
    """Reads the files that the settings name, and makes the tables, folders and keys that are not there yet.

    `feed` is told of changes; a new one unless given.

    Raises:
        UsageError: a setting or a file is wrong; the message names it.
    """
    address = parse_address(settings.mqtt_url)
    site = load_site(settings.site)
    law = make_law(load_catalogue(settings.violations), site)
    figures = load_scorebook(settings.assessment)
    laws = lawbook(law, site)
    flow, limits = load_workflow(settings.workflow), load_time_limits(settings.deadlines)
    database = Database(settings.database_url)
    database.create()
    objects = FolderStore(settings.evidence_dir)
    objects.create()
    keys = central_keys(settings.keys_folder)
    return Foundation(
        settings=settings,
        clock=clock,
        site=site,
        law=law,
        laws=laws,
        database=database,
        objects=objects,
        feed=feed or LiveFeed(),
        keys=keys,
        sealer=Sealer(database, keys.signing, clock),
        hasher=Hasher(),
        figures=figures,
        keeper=make_keeper(flow, limits, lambda: laws.newest),
        terrain=Surveyed(laws),
        address=address,
        topics=Topics(address.prefix),
    )


def lawbook(law: Law, site: SiteSettings) -> LawBook:
    """`law` with the database's registers, where it has any, in place of the site file's."""
    return LawBook(law, RegisterBook(site.to_origin(), law.registers))


def surroundings(site: SiteSettings, database: Database, clock: Clock) -> Surroundings:
    """What events are compared with: the site's outline, and the cameras of the fleet and the site."""
    return replace(site.to_surroundings(), book=FleetCameras(database, ListedCameras(site.cameras), clock))


def ground_of(site: SiteSettings) -> Ground:
    """Where the site lies, and its registers as they stand."""
    origin = site.to_origin()
    return Ground(RegisterBook(origin).current, origin, ZoneInfo(site.timezone))
