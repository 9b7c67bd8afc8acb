"""The node's composition root: settings → objects → threads, top to bottom. What needs a page of its own to wire lies
in `edge.node`: what it begins with, sees with, keeps and looks by, the links to central, what moves, what it says."""

import os
import signal
import threading
from datetime import datetime
from types import FrameType

import structlog

from contract.clock import Clock, SystemClock
from contract.errors import PermanentError
from contract.ids import CameraId, uuid7
from contract.status import NodeState, NodeStatus
from edge.desired.keeper import Parts
from edge.desired.live import LiveNode
from edge.events import Sender
from edge.heap import Sweep, settle_heap
from edge.look_loop import NoteLook, unnoted
from edge.node.beginning import Beginning, begin
from edge.node.ending import leave
from edge.node.keeping import open_keeping
from edge.node.links import Inside, Links
from edge.node.looking import open_looking
from edge.node.page import status_page
from edge.node.pulse import Moving
from edge.node.seeing import Seeing, open_seeing
from edge.node.telling import SOFTWARE, Counts, Telling
from edge.node.threads import Threads
from edge.settings import NodeSettings, settings_version
from edge.software.launcher import RESTART_CODE
from edge.status_page.facts import NodeFacts
from edge.watchdog.loop import WatchdogLoop
from edge.watchdog.systemd import Systemd
from edge.watchdog.vitals import Watchdog

_log = structlog.get_logger(__name__)


class Node:
    """All parts of a running node. `start` and `stop` in that order, once."""

    def __init__(self, settings: NodeSettings, clock: Clock, note_look: NoteLook = unnoted) -> None:
        """Reads the model and opens the outbox; starts nothing. `note_look` is told of every look that is done.

        Raises:
            UsageError: model, policies, secrets or state folder are wrong; the message says which.
            PermanentError: no variant of the model works on this machine.
        """
        beginning = begin(settings, clock)
        settings, policies = beginning.settings, beginning.policies
        self._settings, self._clock, self._stop = settings, clock, threading.Event()
        self._threads = Threads(clock)
        self._sweep = Sweep(clock.monotonic)
        self.wants_restart = False
        settle_heap()

        seeing = self._seeing = open_seeing(settings, policies, clock)
        sender = _sender(beginning, seeing, clock)
        keeping = self._keeping = open_keeping(settings, beginning.keys, seeing, clock, self._stop)
        looking = self._looking = open_looking(
            settings, policies, seeing, keeping, sender, clock, self._stop, note_look
        )
        telling = self._telling = Telling(settings, clock, sender, looking.pipeline.report_as, seeing, keeping, looking)
        links = self._links = Links(self._inside(beginning))
        live = LiveNode(settings, policies, looking.eyes, looking.pipeline, looking.looks.between_looks)
        beginning.keeper.attach(
            Parts(live, telling.use_version, SOFTWARE, links.models, links.software, cameras=telling.camera_ids)
        )
        self._moving = Moving(self._threads, keeping, looking, links, self._retain, bool(settings.evidence.clips_of))
        self._watchdog = Watchdog(self._moving.vitals)
        self._page = status_page(settings.http, self.facts, seeing.health, telling)

    def start(self, systemd: Systemd | None = None) -> None:
        """Starts one thread per camera, one for looks, one for events, one for evidence and one that watches them."""
        systemd, run = systemd or Systemd({}), self._threads.run
        watching = WatchdogLoop(self._watchdog, systemd, self._do_chores, self.ask_to_stop, self._clock, self._stop)
        eyes, looks = self._looking.eyes, self._looking.looks
        eyes.start()
        looks.between_looks(self._end_unwatched)
        for number in range(self._settings.threads):
            run(f"looks-{number}", looks.run)
        run("events", self._keeping.scribe.run)
        run("retention", self._retain)
        if self._settings.evidence.clips_of:
            run("films", self._keeping.films.run)
        self._links.start(self._threads)
        run("watchdog", watching.run)
        if self._page is not None:
            self._page.start()
        systemd.ready(f"{len(eyes.all())} cameras")
        _log.info(
            "node started",
            node_id=self._settings.node_id,
            cameras=len(eyes.all()),
            engine=self._seeing.engine.swap.engine,
        )

    def stop(self) -> None:
        """Stops all threads; what was found stays in the outbox."""
        self._stop.set()
        self._seeing.slots.close()
        self._links.stop()
        self._looking.eyes.stop()
        self._threads.join()
        if self._page is not None:
            self._page.stop()
        waiting = self._keeping.close()
        _log.info("node stopped", node_id=self._settings.node_id, events_waiting=waiting)

    @property
    def hopeless(self) -> str | None:
        """What stayed dead however often it was started anew; the program should end and be started again."""
        return self._watchdog.hopeless

    def want_attention(self, camera_id: CameraId, until: datetime) -> None:
        """Wishes that a camera be watched closely until then; any thread."""
        looking = self._looking
        looking.looks.between_looks(lambda: looking.schedule.want_attention(camera_id, until))

    def wait(self, seconds: float) -> bool:
        """Blocks up to `seconds`; True once the node is asked to stop."""
        return self._stop.wait(seconds)

    def ask_to_stop(self) -> None:
        """Ends `wait`; safe in a signal handler."""
        self._stop.set()

    def status(self, state: NodeState) -> NodeStatus:
        """The node as it is now."""
        return self._telling.status(state)

    def facts(self) -> NodeFacts:
        """The node as its own page shows it."""
        return self._telling.facts(Counts(self._links.broker(), self._watchdog.revivals))

    def _inside(self, beginning: Beginning) -> Inside:
        return Inside(
            settings=self._settings,
            central=beginning.keys.central,
            clock=self._clock,
            stop=self._stop,
            outbox=self._keeping.outbox,
            evidence=self._keeping.evidence,
            engine=self._seeing.engine,
            looks=self._looking.looks,
            telling=self._telling,
            keeper=beginning.keeper,
            photographer=self._looking.photographer,
            restart=self._restart,
        )

    def _do_chores(self) -> None:
        """On the watchdog's thread, every few seconds."""
        self._seeing.around.refresh()
        self._sweep()

    def _restart(self) -> None:
        """Ends the program so that its launcher starts it anew."""
        self.wants_restart = True
        self.ask_to_stop()

    def _end_unwatched(self) -> None:
        """Incidents of cameras that left the configuration while the node was down."""
        self._looking.pipeline.end_unwatched(self._seeing.around.steady.now())

    def _retain(self) -> None:
        self._keeping.evidence.retention.run(self._stop)


def _sender(beginning: Beginning, seeing: Seeing, clock: Clock) -> Sender:
    return Sender(
        node_id=beginning.settings.id,
        boot_id=uuid7(clock.now()),
        model=seeing.detector.manifest.ref(seeing.detector.engine),
        config_version=settings_version(beginning.settings, beginning.policies),
        clock_state=seeing.around.clock_reading().state,
        around=seeing.around,
    )


def run_node(settings: NodeSettings) -> None:
    """Runs a node until Ctrl-C or SIGTERM.

    Raises:
        PermanentError: a part of it stayed dead; systemd starts the program again.
        SystemExit: 75, new software is to be started by the launcher.
    """
    systemd = Systemd(os.environ)
    node = Node(settings, SystemClock())

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        node.ask_to_stop()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    node.start(systemd)
    while not node.wait(3600):
        pass
    systemd.stopping()
    node.stop()
    if node.hopeless is not None:
        why = f"{node.hopeless}: stood still and could not be revived; the node must be started again"
        leave(1, why)
        raise PermanentError(why)
    leave(RESTART_CODE if node.wants_restart else 0)
    if node.wants_restart:
        raise SystemExit(RESTART_CODE)
