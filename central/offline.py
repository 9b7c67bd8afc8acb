"""Delivery as a command sees it: the same targets and rules as the service's, nothing of it running."""

from central.catalogue import load_catalogue, make_law
from central.dispatching import Dispatching, Means
from central.flowrules import load_workflow, make_keeper
from central.ingest.address import parse_address
from central.services.steps import Stepper
from central.settings import CentralSettings
from central.site import load_site
from central.store.database import Database
from central.targets import TargetsSettings
from central.timelimits import load_time_limits
from contract.clock import SystemClock


def dispatching_of(settings: CentralSettings, targets: TargetsSettings, database: Database, job: str) -> Dispatching:
    """`job` names who works beside the service.

    Raises:
        UsageError: a file is wrong, or a secret is not set.
    """
    site = load_site(settings.site)
    law = make_law(load_catalogue(settings.violations), site)
    keeper = make_keeper(load_workflow(settings.workflow), load_time_limits(settings.deadlines), law)
    around = Means(
        database=database,
        clock=SystemClock(),
        law=law,
        plane=site.to_origin(),
        broker=parse_address(settings.mqtt_url),
        stepper=Stepper(keeper),
        worker=f"{settings.worker}-{job}",
    )
    return Dispatching(targets, around)
