"""The node's ties to central: events and evidence go out, bundles, models, software and requests come in."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from contract.clock import Clock
from contract.ids import CameraId
from contract.keys import PublicKeys
from contract.status import NodeState, NodeStatus
from edge.desired.keeper import Keeper
from edge.desired.link import DesiredLink, Ears
from edge.desired.models import ModelDesk, Supply
from edge.evidence.assemble import EvidenceParts
from edge.look_loop import LookLoop
from edge.node.engine import ModelInForce
from edge.node.telling import Telling
from edge.node.threads import Threads
from edge.outbox.sqlite import Outbox
from edge.requests.desk import HttpUpload, RequestDesk
from edge.requests.photographer import Photographer
from edge.settings import NodeSettings, secret_value
from edge.software.desk import SoftwareDesk
from edge.software.launcher import HEALTHY_VARIABLE
from edge.status_page.facts import BrokerFacts
from edge.uplink.evidence import EvidenceUpload
from edge.uplink.mqtt import Uplink

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Inside:
    """The parts of the node that central hears of or may change."""

    settings: NodeSettings
    central: PublicKeys | None
    clock: Clock
    stop: threading.Event
    outbox: Outbox
    evidence: EvidenceParts
    engine: ModelInForce
    looks: LookLoop
    telling: Telling
    keeper: Keeper
    photographer: Photographer
    restart: Callable[[], None]


class Links:
    """Everything that speaks with central; what has no address is None and says so once."""

    def __init__(self, inside: Inside) -> None:
        """Connects to nothing.

        Raises:
            UsageError: a secret that is named is not set.
        """
        self._inside = inside
        self._uplink_stop = threading.Event()
        self.uplink = self._make_uplink()
        self.requests = self._make_request_desk()
        self.desired = self._make_desired()
        self.models = self._make_model_desk()
        self.software = self._make_software_desk(os.environ.get(HEALTHY_VARIABLE))
        self.upload = self._make_upload()

    def start(self, threads: Threads) -> None:
        """One thread each."""
        if self.uplink is not None:
            threads.run("uplink", self.uplink.run)
        if self.desired is not None:
            threads.run("desired", self.desired.run)
            threads.run("models", self.models.run)
            threads.run("requests", self.requests.run)
        threads.run("software", self.software.run)
        if self.upload is not None:
            threads.run("evidence", self.upload.run)

    def stop(self) -> None:
        """Asks the uplink to end; the others wait on the node's own stop."""
        self._uplink_stop.set()
        if self.uplink is not None:
            self.uplink.wake()

    def revive_uplink(self, threads: Threads) -> None:
        """A new connection of its own; the old one ends when it moves again."""
        self._uplink_stop.set()
        self._uplink_stop = threading.Event()
        self.uplink = self._make_uplink()
        if self.uplink is not None:
            threads.run("uplink-revived", self.uplink.run)

    @property
    def uplink_rounds(self) -> int:
        return 0 if self.uplink is None else self.uplink.rounds

    def broker(self) -> BrokerFacts | None:
        """How the connection stands; None without a broker."""
        if self.uplink is None:
            return None
        link = self.uplink.link
        return BrokerFacts(link.is_connected, link.since, link.reason)

    def camera_ids(self) -> tuple[CameraId, ...]:
        return self._inside.telling.camera_ids()

    def _status(self, state: NodeState) -> NodeStatus:
        return self._inside.telling.status(state)

    def _make_uplink(self) -> Uplink | None:
        inside, uplink = self._inside, self._inside.settings.uplink
        if uplink.mqtt_url is None:
            _log.warning("no uplink.mqtt_url: findings stay in the outbox", node_id=inside.settings.node_id)
            return None
        password = None if uplink.password_secret is None else secret_value(uplink.password_secret)
        return Uplink(
            inside.outbox, uplink, inside.settings.id, self._status, inside.clock, self._uplink_stop, password
        )

    def _make_desired(self) -> DesiredLink | None:
        inside, uplink = self._inside, self._inside.settings.uplink
        if uplink.mqtt_url is None:
            return None
        password = None if uplink.password_secret is None else secret_value(uplink.password_secret)
        ears = Ears(inside.keeper.offer, self.requests.hear, lambda: inside.keeper.reported().to_wire())
        return DesiredLink(uplink, inside.settings.id, password, ears, inside.stop)

    def _make_request_desk(self) -> RequestDesk:
        inside, uplink = self._inside, self._inside.settings.uplink
        upload = None
        if uplink.central_url is not None:
            upload = HttpUpload(uplink.central_url, secret_value(uplink.node_token_secret))
        return RequestDesk(
            inside.settings.node_id,
            inside.central,
            self.camera_ids,
            inside.photographer,
            inside.evidence.originals,
            upload,
            lambda reply: None if self.desired is None else self.desired.send_reply(reply),
            inside.clock,
            inside.stop,
        )

    def _make_model_desk(self) -> ModelDesk:
        inside = self._inside
        return ModelDesk(
            inside.engine.folder,
            inside.engine.swap,
            inside.engine.open,
            self._supply(),
            inside.looks.between_looks,
            lambda: inside.telling.use_model(inside.engine.swap),
            self._report_soon,
            inside.clock,
            inside.stop,
        )

    def _make_software_desk(self, healthy_file: str | None) -> SoftwareDesk:
        """`healthy_file` lies beside the slots; None where no launcher started this node."""
        inside = self._inside
        healthy = None if healthy_file is None else Path(healthy_file)
        return SoftwareDesk(
            inside.settings.state_dir / "software" if healthy is None else healthy.parent,
            self._supply(),
            inside.restart,
            self._report_soon,
            inside.stop,
            healthy,
            self._is_well,
        )

    def _make_upload(self) -> EvidenceUpload | None:
        inside, uplink = self._inside, self._inside.settings.uplink
        if uplink.central_url is None:
            return None
        token = secret_value(uplink.node_token_secret)
        return EvidenceUpload(inside.outbox, inside.evidence, uplink.central_url, token, inside.stop)

    def _supply(self) -> Supply:
        uplink = self._inside.settings.uplink
        return Supply(
            uplink.central_url, None if uplink.central_url is None else secret_value(uplink.node_token_secret)
        )

    def _report_soon(self) -> None:
        if self.desired is not None:
            self.desired.report_soon()

    def _is_well(self) -> bool:
        """Software that looks and reaches the broker can be repaired from afar; one that does not must go."""
        return self._inside.looks.looks > 0 and (self.uplink is None or self.uplink.link.is_connected)
