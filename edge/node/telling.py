"""What the node says of itself: its status to central, its facts to its own page, the sender's name on every event."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace

from contract.clock import Clock
from contract.ids import CameraId
from contract.status import NodeState, NodeStatus
from edge.desired.swap import SwappableDetector
from edge.events import Sender
from edge.evidence.assemble import EvidenceParts
from edge.eyes import Eyes
from edge.outbox.sqlite import Outbox
from edge.outbox.story import StoryBook
from edge.settings import NodeSettings
from edge.status_page.facts import BrokerFacts, NodeFacts
from edge.surroundings import Surroundings

SOFTWARE = "xunjie-edge 0.1.0"


@dataclass(frozen=True, slots=True)
class Counts:
    """What only other parts count, when asked."""

    broker: Callable[[], BrokerFacts | None]
    revivals: Callable[[], int]
    look_failures: Callable[[], int]
    findings_waiting: Callable[[], int]
    updates_left_out: Callable[[], int]


class Telling:
    """Any thread may ask; the sender changes between two looks."""

    def __init__(
        self,
        settings: NodeSettings,
        clock: Clock,
        sender: Sender,
        report_as: Callable[[Sender], None],
        around: Surroundings,
        outbox: Outbox,
        book: StoryBook,
        evidence: EvidenceParts,
        eyes: Eyes,
    ) -> None:
        """`report_as` is told who sends from now on."""
        self._settings = settings
        self._clock = clock
        self._sender = sender
        self._report_as = report_as
        self._around = around
        self._outbox = outbox
        self._book = book
        self._evidence = evidence
        self._eyes = eyes
        self._started_at = clock.now()

    def status(self, state: NodeState) -> NodeStatus:
        """The node as it is now."""
        clock = self._around.clock_reading()
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
            outbox_depth=self._outbox.depth(),
            evidence_waiting=self._outbox.evidence_depth(),
            evidence_problem=self._evidence.problem[:300],
            cameras=tuple(
                self._around.told(told, eye.view.look_every_s)
                for told, eye in zip(self._eyes.statuses(), self._eyes.all(), strict=False)
            ),
        )

    def facts(self, counts: Counts) -> NodeFacts:
        """The node as its own page shows it."""
        disk = shutil.disk_usage(self._settings.state_dir)
        outbox = self._outbox
        return NodeFacts(
            status=self.status(NodeState.ONLINE),
            started_at=self._started_at,
            broker=counts.broker(),
            disk_free_bytes=disk.free,
            disk_total_bytes=disk.total,
            outbox_bytes=outbox.size_bytes(),
            coalesced=outbox.coalesced,
            owed=self._book.owed,
            set_aside="" if outbox.set_aside is None else str(outbox.set_aside),
            revivals=counts.revivals(),
            clock_steps=self._around.steady.steps,
            look_failures=counts.look_failures(),
            findings_waiting=counts.findings_waiting(),
            updates_left_out=counts.updates_left_out(),
        )

    def camera_ids(self) -> tuple[CameraId, ...]:
        """The cameras that are watched."""
        return tuple(eye.view.camera_id for eye in self._eyes.all())

    def use_model(self, swap: SwappableDetector) -> None:
        """Events name from now on the model that runs now. Between two looks."""
        self._send_as(replace(self._sender, model=swap.manifest.ref(swap.engine)))

    def use_version(self, config_version: str) -> None:
        """Events say from now on that they were made under this configuration. On the look thread."""
        self._send_as(replace(self._sender, config_version=config_version))

    def _send_as(self, sender: Sender) -> None:
        self._sender = sender
        self._report_as(sender)
