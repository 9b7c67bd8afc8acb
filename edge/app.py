"""The node's composition root: settings → objects → threads, top to bottom. What needs a page of its own to wire lies
in `edge.node`: the model in force, the links to central, what must move, what the node says of itself."""

import os
import signal
import threading
from datetime import datetime
from functools import partial
from types import FrameType

import structlog

from contract.clock import Clock, SystemClock
from contract.errors import PermanentError
from contract.ids import CameraId, uuid7
from contract.status import NodeState, NodeStatus
from edge.baseline.memory import BoardMemory
from edge.baseline.shelf import Shelf
from edge.capture.choose import open_camera
from edge.capture.slot import FrameSlots
from edge.capture.streams import Streams
from edge.courtesy import Courtesy
from edge.desired.keeper import Keeper, Parts
from edge.desired.last_good import LastGood
from edge.desired.live import LiveNode
from edge.desired.secrets_at_hand import take_file
from edge.detect.shared import SharedDetector
from edge.events import RandomIds, Sender
from edge.evidence.assemble import Signer, open_evidence
from edge.eyes import Eyes
from edge.health.watch import HealthWatch
from edge.heap import settle_heap
from edge.keys import node_keys
from edge.look_loop import LookLoop, NoteLook, unnoted
from edge.node.ending import leave
from edge.node.engine import ModelInForce
from edge.node.films import film_desk
from edge.node.links import Inside, Links
from edge.node.page import status_page
from edge.node.pulse import Moving
from edge.node.telling import SOFTWARE, Counts, Telling
from edge.node.threads import Threads
from edge.outbox.sqlite import Outbox
from edge.outbox.story import StoryBook
from edge.pipeline import Pipeline
from edge.plume.judge import PlumeJudge
from edge.requests.photographer import Photographer
from edge.schedule import LookSchedule
from edge.scribe import BusyScribe
from edge.settings import NodeSettings, load_policies, settings_version
from edge.software.launcher import RESTART_CODE
from edge.status_page.facts import NodeFacts
from edge.surroundings import Surroundings, time_source
from edge.turn import Turn
from edge.values import Frame
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
        keys = node_keys(settings.state_dir)
        take_file(settings.state_dir, os.environ)
        keeper = Keeper(settings, keys, LastGood(settings.state_dir), clock, os.environ)
        wanted = keeper.at_start()
        policies = load_policies(settings.policies) if wanted is None else wanted.policies
        settings = self._settings = settings if wanted is None else wanted.settings
        stop = self._stop = threading.Event()
        self._clock = clock
        self._threads = Threads(clock)
        self.wants_restart = False
        settle_heap()

        # What looks: model, cameras' slots, what is known of time and of the cameras' health.
        turn, slots = Turn(), FrameSlots()
        self._engine = engine = ModelInForce(settings, policies.gates(), clock)
        detector = SharedDetector(engine.swap, turn)
        health = HealthWatch(settings.state_dir / "health")
        around = self._around = Surroundings(clock, time_source(settings.clock), health)
        sender = Sender(
            node_id=settings.id,
            boot_id=uuid7(clock.now()),
            model=detector.manifest.ref(detector.engine),
            config_version=settings_version(settings, policies),
            clock_state=around.clock_reading().state,
            around=around,
        )

        # What keeps: events, evidence, films.
        outbox = self._outbox = Outbox(settings.state_dir / "outbox.sqlite3", settings.node_id, clock)
        book = StoryBook(outbox)
        finder = engine.people_finder() if settings.evidence.redact_finely else None
        courtesy = Courtesy()
        evidence = self._evidence = open_evidence(
            settings.state_dir / "evidence",
            settings.evidence,
            Signer(settings.node_id, keys.own, None if keys.central is None else keys.central.seal_key),
            clock,
            finder.after(courtesy.wait) if finder else lambda _image: (),
            lambda: around.clock_reading().state,
            around.to_wall,
        )
        self.streams = Streams()
        films = self._films = film_desk(settings.evidence, self.streams, engine, clock, stop)
        scribe = self._scribe = BusyScribe(stop, clock, courtesy)

        # From look to event.
        schedule = self._schedule = LookSchedule({}, clock.monotonic(), settings.attention_cameras)
        pipeline = self._pipeline = Pipeline(
            detector,
            policies,
            [],
            settings.evidence,
            evidence.locker,
            book,
            sender,
            RandomIds(),
            PlumeJudge(),
            schedule.heed,
            BoardMemory(Shelf(settings.state_dir)),
            book,
            films,
            scribe,
        )
        photographer = Photographer(detector, finder or (lambda _image: ()), settings.evidence)

        def note(frame: Frame, age_s: float) -> None:
            health.look(frame)
            photographer.note(frame, age_s)
            note_look(frame, age_s)

        looks = self._looks = LookLoop(
            slots, schedule, pipeline, around.steady, stop, turn, self.streams.set_mode, note, courtesy
        )
        opening = partial(open_camera, streams=self.streams)
        eyes = self._eyes = Eyes(opening, slots, schedule, pipeline, around.steady, health.admit)
        for camera in settings.cameras:
            eyes.put(eyes.open(camera))
        self._slots = slots

        # What central and people hear, and what they may change.
        telling = self._telling = Telling(
            settings, clock, sender, pipeline.report_as, around, outbox, book, evidence, eyes
        )
        links = self._links = Links(
            Inside(
                settings,
                keys.central,
                clock,
                stop,
                outbox,
                evidence,
                engine,
                looks,
                telling,
                keeper,
                photographer,
                self._restart,
            )
        )
        live = LiveNode(settings, policies, eyes, pipeline, looks.between_looks)
        keeper.attach(
            Parts(live, telling.use_version, SOFTWARE, links.models, links.software, cameras=telling.camera_ids)
        )
        made_films = films if settings.evidence.clips_of else None
        self._moving = Moving(self._threads, eyes, looks, scribe, evidence.retention, self._retain, made_films, links)
        self._watchdog = Watchdog(self._moving.vitals)
        self._counts = Counts(
            links.broker,
            lambda: self._watchdog.revivals,
            lambda: looks.failures + scribe.failures,
            lambda: scribe.waiting,
            lambda: scribe.left_out,
        )
        self._page = status_page(settings.http, self.facts, health, telling)

    def start(self, systemd: Systemd | None = None) -> None:
        """Starts one thread per camera, one for looks, one for events, one for evidence and one that watches them."""
        systemd, run = systemd or Systemd({}), self._threads.run
        watching = WatchdogLoop(
            self._watchdog, systemd, self._around.refresh, self.ask_to_stop, self._clock, self._stop
        )
        self._eyes.start()
        self._looks.between_looks(self._end_unwatched)
        for number in range(self._settings.threads):
            run(f"looks-{number}", self._looks.run)
        run("events", self._scribe.run)
        run("retention", self._retain)
        if self._settings.evidence.clips_of:
            run("films", self._films.run)
        self._links.start(self._threads)
        run("watchdog", watching.run)
        if self._page is not None:
            self._page.start()
        systemd.ready(f"{len(self._eyes.all())} cameras")
        _log.info(
            "node started",
            node_id=self._settings.node_id,
            cameras=len(self._eyes.all()),
            engine=self._engine.swap.engine,
        )

    def stop(self) -> None:
        """Stops all threads; what was found stays in the outbox."""
        self._stop.set()
        self._slots.close()
        self._links.stop()
        self._eyes.stop()
        self._threads.join()
        if self._page is not None:
            self._page.stop()
        waiting = self._outbox.depth()
        self._outbox.close()
        self._evidence.ledger.close()
        _log.info("node stopped", node_id=self._settings.node_id, events_waiting=waiting)

    @property
    def hopeless(self) -> str | None:
        """What stayed dead however often it was started anew; the program should end and be started again."""
        return self._watchdog.hopeless

    def want_attention(self, camera_id: CameraId, until: datetime) -> None:
        """Wishes that a camera be watched closely until then; any thread."""
        self._looks.between_looks(lambda: self._schedule.want_attention(camera_id, until))

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
        return self._telling.facts(self._counts)

    def _restart(self) -> None:
        """Ends the program so that its launcher starts it anew."""
        self.wants_restart = True
        self.ask_to_stop()

    def _end_unwatched(self) -> None:
        """Incidents of cameras that left the configuration while the node was down."""
        self._pipeline.end_unwatched(self._around.steady.now())

    def _retain(self) -> None:
        self._evidence.retention.run(self._stop)


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
