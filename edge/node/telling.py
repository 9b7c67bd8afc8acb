"""What the node says of itself: its status to central, its facts to its own page, the sender's name on every event."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace

from contract.clock import Clock
from contract.ids import CameraId
from contract.status import NodeState, NodeStatus
from edge.desired.swap import SwappableDetector
from edge.events import Sender
from edge.node.keeping import Keeping
from edge.node.looking import Looking
from edge.node.seeing import Seeing
from edge.settings import NodeSettings
from edge.status_page.facts import BrokerFacts, NodeFacts

SOFTWARE = "xunjie-edge 0.1.0"


@dataclass(frozen=True, slots=True)
class Counts:
    """What only other parts know."""

    broker: BrokerFacts | None
    revivals: int


class Telling:
    """Any thread may ask; the sender changes between two looks."""

    def __init__(
        self,
        settings: NodeSettings,
        clock: Clock,
        sender: Sender,
        report_as: Callable[[Sender], None],
        seeing: Seeing,
        keeping: Keeping,
        looking: Looking,
    ) -> None:
        """`report_as` is told who sends from now on."""
        self._settings = settings
        self._clock = clock
        self._sender = sender
        self._report_as = report_as
        self._around = seeing.around
        self._keeping = keeping
        self._looking = looking
        self._started_at = clock.now()

    def status(self, state: NodeState) -> NodeStatus:
        """The node as it is now."""
        clock, eyes = self._around.clock_reading(), self._looking.eyes
        return NodeStatus(
            node_id=self._settings.node_id,
            boot_id=self._sender.boot_id,
            state=state,
            at=self._clock.now(),
            software=SOFTWARE,
            config_version=self._sender.config_version,
            clock_state=clock.state,
            clock_offset_ms=clock.offset_ms,
            model=self._sender.model,
            outbox_depth=self._keeping.outbox.depth(),
            evidence_waiting=self._keeping.outbox.evidence_depth(),
            evidence_problem=self._keeping.evidence.problem[:300],
            cameras=tuple(
                self._around.told(told, eye.view.look_every_s)
                for told, eye in zip(eyes.statuses(), eyes.all(), strict=False)
            ),
        )

    def facts(self, counts: Counts) -> NodeFacts:
        """The node as its own page shows it."""
        disk = shutil.disk_usage(self._settings.state_dir)
        outbox, scribe = self._keeping.outbox, self._keeping.scribe
        return NodeFacts(
            status=self.status(NodeState.ONLINE),
            started_at=self._started_at,
            broker=counts.broker,
            disk_free_bytes=disk.free,
            disk_total_bytes=disk.total,
            outbox_bytes=outbox.size_bytes(),
            coalesced=outbox.coalesced,
            owed=self._keeping.book.owed,
            set_aside="" if outbox.set_aside is None else str(outbox.set_aside),
            revivals=counts.revivals,
            clock_steps=self._around.steady.steps,
            look_failures=self._looking.looks.failures + scribe.failures,
            findings_waiting=scribe.waiting,
            updates_left_out=scribe.left_out,
        )

    def camera_ids(self) -> tuple[CameraId, ...]:
        """The cameras that are watched."""
        return tuple(eye.view.camera_id for eye in self._looking.eyes.all())

    def use_model(self, swap: SwappableDetector) -> None:
        """Events name from now on the model that runs now. Between two looks."""
        self._send_as(replace(self._sender, model=swap.manifest.ref(swap.engine)))

    def use_version(self, config_version: str) -> None:
        """Events say from now on that they were made under this configuration. On the look thread."""
        self._send_as(replace(self._sender, config_version=config_version))

    def _send_as(self, sender: Sender) -> None:
        self._sender = sender
        self._report_as(sender)
