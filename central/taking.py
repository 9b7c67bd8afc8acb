"""What one process takes from the broker, a session and a thread each: the nodes' events, and the fleet's messages."""

import hashlib
from collections.abc import Callable

from central.foundation import Foundation
from central.ingest.fleet import MqttFleetLink
from central.ingest.mqtt import LinkPlan, MqttLink
from central.services.admission import Admission, Point
from central.services.fleet_watch import FleetWatch
from central.services.intake import Intake
from central.services.worker import Worker
from central.settings import CentralSettings
from contract.errors import UsageError


class Taking:
    """Both, started and stopped together."""

    def __init__(self, base: Foundation, wake: Callable[[int], None], reached: Callable[[Point], None]) -> None:
        """Opens nothing; `wake` is told how many events were taken, `reached` where a batch of events stands.

        Raises:
            UsageError: a group of ingesters over SQLite.
        """
        plan, clock, tell = plan_link(base.settings), base.clock, base.feed.notify
        self.link = MqttLink(base.address, plan)
        admission = Admission(base.database, base.topics, clock, base.around(), reached)
        self.intake = Intake(admission, self.link, base.topics, clock, wake, tell, reached)
        self.worker = Worker("intake", self.intake.step, self.intake.recover, idle_s=0.0)
        self.fleet_link = MqttFleetLink(base.address, f"{plan.client_id}-fleet", plan.protocol)
        watch = FleetWatch(base.database, self.fleet_link, base.topics, clock, tell)
        self._fleet_worker = Worker("fleet", watch.step, watch.recover, idle_s=0.0)

    def start(self) -> None:
        self.worker.start()
        self.link.start()
        self._fleet_worker.start()
        self.fleet_link.start()

    def stop(self) -> None:
        """Takes no more, and finishes the batches under way."""
        self.link.stop()
        self.fleet_link.stop()
        self.worker.stop()
        self._fleet_worker.stop()


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
