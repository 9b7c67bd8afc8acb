"""The node's composition root: settings → objects → threads, top to bottom. Nothing else in the edge wires anything."""

import os
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType

import structlog

from contract.clock import Clock, SystemClock
from contract.errors import PermanentError, UsageError
from contract.ids import CameraId, uuid7
from contract.keys import PublicKeys
from contract.status import CameraState, NodeState, NodeStatus
from edge.baseline.memory import BoardMemory
from edge.baseline.shelf import Shelf
from edge.capture.choose import open_camera
from edge.capture.port import CodedSource
from edge.capture.slot import FrameSlots
from edge.capture.streams import Streams
from edge.desired.keeper import Keeper, Parts
from edge.desired.last_good import LastGood
from edge.desired.link import DesiredLink, Ears
from edge.desired.live import LiveNode
from edge.desired.models import ModelDesk, Supply, read_in_force, write_in_force
from edge.desired.secrets_at_hand import take_file
from edge.desired.swap import SwappableDetector
from edge.detect.choose import open_detector
from edge.detect.faint import open_beside
from edge.detect.port import Detector
from edge.detect.shared import SharedDetector
from edge.events import RandomIds, Sender
from edge.evidence.assemble import Signer, open_evidence
from edge.evidence.film import FilmBudget
from edge.evidence.filming import FilmDesk
from edge.evidence.people import PeopleFinder
from edge.evidence.pictures import FindPeople
from edge.eyes import Eye, Eyes
from edge.health.watch import HealthWatch
from edge.heap import settle_heap
from edge.keys import node_keys
from edge.look_loop import LookLoop, NoteLook, unnoted
from edge.metrics import exposition
from edge.outbox.sqlite import Outbox
from edge.outbox.story import StoryBook
from edge.pipeline import Pipeline
from edge.plume.judge import PlumeJudge
from edge.requests.desk import HttpUpload, RequestDesk
from edge.requests.photographer import Photographer
from edge.schedule import LookSchedule
from edge.scribe import BusyScribe
from edge.settings import NodeSettings, load_policies, secret_value, settings_version
from edge.software.desk import SoftwareDesk
from edge.software.launcher import HEALTHY_VARIABLE, RESTART_CODE
from edge.status_page.facts import BrokerFacts, NodeFacts
from edge.status_page.server import Sources, StatusServer
from edge.surroundings import Surroundings, time_source
from edge.turn import Turn
from edge.uplink.evidence import EvidenceUpload
from edge.uplink.mqtt import Uplink
from edge.values import Frame
from edge.watchdog.loop import WatchdogLoop
from edge.watchdog.systemd import Systemd
from edge.watchdog.vitals import Vital, Watchdog

SOFTWARE = "xunjie-edge 0.1.0"
MODELS_DIR = "models"
STOP_TIMEOUT_S = 10.0

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
        self._keeper = Keeper(settings, keys, LastGood(settings.state_dir), clock, os.environ)
        wanted = self._keeper.at_start()
        policies = load_policies(settings.policies) if wanted is None else wanted.policies
        settings = settings if wanted is None else wanted.settings
        self._settings = settings
        self._clock = clock
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        settle_heap()
        self._gates = policies.gates()
        turn = Turn()
        self._model = settings.model
        self._swap = SwappableDetector(self._open_engine(settings), clock)
        self._detector = SharedDetector(self._swap, turn)
        self._outbox = Outbox(settings.state_dir / "outbox.sqlite3", settings.node_id, clock)
        self._book = StoryBook(self._outbox)
        self._slots = FrameSlots()
        health = HealthWatch(settings.state_dir / "health")
        self._around = Surroundings(clock, time_source(settings.clock), health)
        self._sender = Sender(
            node_id=settings.id,
            boot_id=uuid7(clock.now()),
            model=self._detector.manifest.ref(self._detector.engine),
            config_version=settings_version(settings, policies),
            clock_state=self._around.clock_reading().state,
            around=self._around,
        )
        find_people = self._open_people_finder()
        self._evidence = open_evidence(
            settings.state_dir / "evidence",
            settings.evidence,
            Signer(settings.node_id, keys.own, None if keys.central is None else keys.central.seal_key),
            clock,
            find_people,
            lambda: self._around.clock_reading().state,
            self._around.to_wall,
        )
        self.streams = Streams()
        self._films = self._make_film_desk(settings)
        self._scribe = BusyScribe(self._stop, clock)
        schedule = self._schedule = LookSchedule({}, clock.monotonic(), settings.attention_cameras)
        pipeline = self._pipeline = Pipeline(
            self._detector,
            policies,
            [],
            settings.evidence,
            self._evidence.locker,
            self._book,
            self._sender,
            RandomIds(),
            PlumeJudge(),
            schedule.heed,
            BoardMemory(Shelf(settings.state_dir)),
            self._book,
            self._films,
            self._scribe,
        )
        photographer = Photographer(self._detector, find_people, settings.evidence)

        def note(frame: Frame, age_s: float) -> None:
            health.look(frame)
            photographer.note(frame, age_s)
            note_look(frame, age_s)

        self._look_loop = LookLoop(
            self._slots, schedule, pipeline, self._around.steady, self._stop, turn, self.streams.set_mode, note
        )
        opening = partial(open_camera, streams=self.streams)
        self._eyes = Eyes(opening, self._slots, schedule, pipeline, self._around.steady, health.admit)
        for camera in settings.cameras:
            self._eyes.put(self._eyes.open(camera))
        live = LiveNode(settings, policies, self._eyes, pipeline, self._look_loop.between_looks)
        self._uplink_stop = threading.Event()
        self._uplink = self._make_uplink()
        self._watchdog = Watchdog(self._vitals)
        self._requests = self._make_request_desk(keys.central, photographer)
        self._desired = self._make_desired()
        self._models = self._make_model_desk()
        self.wants_restart = False
        self._software = self._make_software_desk(os.environ.get(HEALTHY_VARIABLE))
        self._keeper.attach(
            Parts(live, self._use_version, SOFTWARE, self._models, self._software, cameras=self._camera_ids)
        )
        self._upload = self._make_upload()
        self._started_at = clock.now()
        self._page = self._make_page()

    def start(self, systemd: Systemd | None = None) -> None:
        """Starts one thread per camera, one for looks, one for events, one for evidence and one that watches them."""
        systemd = systemd or Systemd({})
        watching = WatchdogLoop(
            self._watchdog, systemd, self._around.refresh, self.ask_to_stop, self._clock, self._stop
        )
        self._eyes.start()
        self._look_loop.between_looks(self._end_unwatched)
        for number in range(self._settings.threads):
            self._run(f"looks-{number}", self._look_loop.run)
        self._run("events", self._scribe.run)
        self._run("retention", self._retain)
        if self._settings.evidence.clips_of:
            self._run("films", self._films.run)
        if self._uplink is not None:
            self._run("uplink", self._uplink.run)
        if self._desired is not None:
            self._run("desired", self._desired.run)
            self._run("models", self._models.run)
            self._run("requests", self._requests.run)
        self._run("software", self._software.run)
        if self._upload is not None:
            self._run("evidence", self._upload.run)
        self._run("watchdog", watching.run)
        if self._page is not None:
            self._page.start()
        systemd.ready(f"{len(self._eyes.all())} cameras")
        _log.info(
            "node started", node_id=self._settings.node_id, cameras=len(self._eyes.all()), engine=self._detector.engine
        )

    def stop(self) -> None:
        """Stops all threads; what was found stays in the outbox."""
        self._stop.set()
        self._uplink_stop.set()
        self._slots.close()
        if self._uplink is not None:
            self._uplink.wake()
        self._eyes.stop()
        for thread in self._threads:
            thread.join(STOP_TIMEOUT_S)
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
        self._look_loop.between_looks(lambda: self._schedule.want_attention(camera_id, until))

    def wait(self, seconds: float) -> bool:
        """Blocks up to `seconds`; True once the node is asked to stop."""
        return self._stop.wait(seconds)

    def ask_to_stop(self) -> None:
        """Ends `wait`; safe in a signal handler."""
        self._stop.set()

    def status(self, state: NodeState) -> NodeStatus:
        """The node as it is now."""
        return NodeStatus(
            node_id=self._settings.node_id,
            boot_id=self._sender.boot_id,
            state=state,
            at=self._clock.now(),
            software=SOFTWARE,
            config_version=self._sender.config_version,
            clock_state=self._around.clock_reading().state,
            clock_offset_ms=self._around.clock_reading().offset_ms,
            model=self._sender.model,
            outbox_depth=self._outbox.depth(),
            evidence_waiting=self._outbox.evidence_depth(),
            evidence_problem=self._evidence.problem[:300],
            cameras=tuple(
                self._around.told(told, eye.view.look_every_s)
                for told, eye in zip(self._eyes.statuses(), self._eyes.all(), strict=False)
            ),
        )

    def facts(self) -> NodeFacts:
        """The node as its own page shows it."""
        disk = shutil.disk_usage(self._settings.state_dir)
        outbox = self._outbox
        link = None if self._uplink is None else self._uplink.link
        return NodeFacts(
            status=self.status(NodeState.ONLINE),
            started_at=self._started_at,
            broker=None if link is None else BrokerFacts(link.is_connected, link.since, link.reason),
            disk_free_bytes=disk.free,
            disk_total_bytes=disk.total,
            outbox_bytes=outbox.size_bytes(),
            coalesced=outbox.coalesced,
            owed=self._book.owed,
            set_aside="" if outbox.set_aside is None else str(outbox.set_aside),
            revivals=self._watchdog.revivals,
            clock_steps=self._around.steady.steps,
            look_failures=self._look_loop.failures + self._scribe.failures,
        )

    def _end_unwatched(self) -> None:
        """Incidents of cameras that left the configuration while the node was down."""
        self._pipeline.end_unwatched(self._around.steady.now())

    def _make_page(self) -> StatusServer | None:
        if self._settings.http is None:
            return None
        health = self._around.health
        sources = Sources(
            facts=self.facts,
            thumbnail=lambda name: health.thumbnail_jpeg(CameraId(name)),
            metrics=lambda: exposition(self.facts),
            accept=self._accept_view,
        )
        return StatusServer(self._settings.http, sources)

    def _accept_view(self, camera_id: str) -> bool:
        known = CameraId(camera_id) in self._camera_ids()
        if known:
            self._around.health.accept(CameraId(camera_id))
            _log.info("a camera's new view was accepted", camera_id=camera_id)
        return known

    def _make_uplink(self) -> Uplink | None:
        uplink = self._settings.uplink
        if uplink.mqtt_url is None:
            _log.warning("no uplink.mqtt_url: findings stay in the outbox", node_id=self._settings.node_id)
            return None
        password = None if uplink.password_secret is None else secret_value(uplink.password_secret)
        return Uplink(self._outbox, uplink, self._settings.id, self.status, self._clock, self._uplink_stop, password)

    def _vitals(self) -> list[Vital]:
        """What must move, and how it is started anew."""
        vitals = [
            Vital(f"capture {eye.settings.camera_id}", partial(_moves_of, eye), 90.0, partial(self._revive_eye, eye))
            for eye in self._eyes.all()
            if eye.loop.health.state is not CameraState.ENDED
        ]
        # A look takes 30 ms, a wait for one half a second: a minute without either is an engine that hangs.
        vitals.append(Vital("looks", lambda: self._look_loop.looks, 60.0, self._revive_looks))
        vitals.append(Vital("events", lambda: self._scribe.rounds, 60.0, lambda: self._run("events", self._scribe.run)))
        if self._uplink is not None:
            vitals.append(Vital("uplink", lambda: self._uplink_rounds(), 150.0, self._revive_uplink))
        retention, films, upload, desired = self._evidence.retention, self._films, self._upload, self._desired
        vitals.append(Vital("retention", lambda: retention.rounds, 600.0, self._again("retention", self._retain)))
        if self._settings.evidence.clips_of:
            vitals.append(Vital("films", lambda: films.rounds, 300.0, self._again("films", films.run)))
        if upload is not None:  # eight pictures of twenty seconds at most, and a wait of a minute
            vitals.append(Vital("evidence", lambda: upload.rounds, 300.0, self._again("evidence", upload.run)))
        if desired is not None:  # two under one name would throw each other out of the broker: it ends the program
            vitals.append(Vital("desired", lambda: desired.rounds, 300.0, lambda: None))
        return vitals

    def _again(self, name: str, target: Callable[[], None]) -> Callable[[], None]:
        """A second thread beside one that stands still: what these do, done twice, does no harm."""
        return lambda: self._run(f"{name}-revived", target)

    def _retain(self) -> None:
        self._evidence.retention.run(self._stop)

    def _revive_eye(self, eye: Eye) -> None:
        self._look_loop.between_looks(lambda: self._eyes.revive(eye.view.camera_id))

    def _revive_looks(self) -> None:
        self._run("looks-revived", self._look_loop.run)

    def _uplink_rounds(self) -> int:
        return 0 if self._uplink is None else self._uplink.rounds

    def _revive_uplink(self) -> None:
        self._uplink_stop.set()
        self._uplink_stop = threading.Event()
        self._uplink = self._make_uplink()
        if self._uplink is not None:
            self._run("uplink-revived", self._uplink.run)

    def _make_desired(self) -> DesiredLink | None:
        uplink = self._settings.uplink
        if uplink.mqtt_url is None:
            return None
        password = None if uplink.password_secret is None else secret_value(uplink.password_secret)
        ears = Ears(self._keeper.offer, self._requests.hear, lambda: self._keeper.reported().to_wire())
        return DesiredLink(uplink, self._settings.id, password, ears, self._stop)

    def _open_engine(self, settings: NodeSettings) -> Detector:
        """The model that was rolled out last, or the node's own if there is none or it does not work any more."""
        folder = settings.state_dir / MODELS_DIR
        rolled_out = read_in_force(folder)
        if rolled_out is not None:
            try:
                found = open_detector(
                    folder / rolled_out,
                    settings.engine,
                    settings.threads,
                    streams=settings.threads,
                    gates=self._gates,
                    backend=settings.backend,
                )
            except (UsageError, PermanentError) as error:
                _log.error("the rolled-out model does not open; the node's own is used", reason=str(error))
                write_in_force(folder, None)
            else:
                self._model = folder / rolled_out
                return found
        return open_detector(
            settings.model,
            settings.engine,
            settings.threads,
            streams=settings.threads,
            gates=self._gates,
            backend=settings.backend,
        )

    def _make_request_desk(self, central: PublicKeys | None, photographer: Photographer) -> RequestDesk:
        uplink = self._settings.uplink
        upload = None
        if uplink.central_url is not None:
            upload = HttpUpload(uplink.central_url, secret_value(uplink.node_token_secret))
        return RequestDesk(
            self._settings.node_id,
            central,
            self._camera_ids,
            photographer,
            self._evidence.originals,
            upload,
            lambda reply: None if self._desired is None else self._desired.send_reply(reply),
            self._clock,
            self._stop,
        )

    def _make_software_desk(self, healthy_file: str | None) -> SoftwareDesk:
        """`healthy_file` lies beside the slots; None where no launcher started this node."""
        uplink = self._settings.uplink
        token = None if uplink.central_url is None else secret_value(uplink.node_token_secret)
        healthy = None if healthy_file is None else Path(healthy_file)
        return SoftwareDesk(
            self._settings.state_dir / "software" if healthy is None else healthy.parent,
            Supply(uplink.central_url, token),
            self._restart,
            lambda: None if self._desired is None else self._desired.report_soon(),
            self._stop,
            healthy,
            self._is_well,
        )

    def _restart(self) -> None:
        """Ends the program so that its launcher starts it anew."""
        self.wants_restart = True
        self.ask_to_stop()

    def _is_well(self) -> bool:
        """Software that looks and reaches the broker can be repaired from afar; one that does not must go."""
        return self._look_loop.looks > 0 and (self._uplink is None or self._uplink.link.is_connected)

    def _make_model_desk(self) -> ModelDesk:
        settings, uplink = self._settings, self._settings.uplink
        token = None if uplink.central_url is None else secret_value(uplink.node_token_secret)
        return ModelDesk(
            settings.state_dir / MODELS_DIR,
            self._swap,
            partial(
                open_detector,
                engine=settings.engine,
                threads=settings.threads,
                streams=settings.threads,
                gates=self._gates,
                backend=settings.backend,
            ),
            Supply(uplink.central_url, token),
            self._look_loop.between_looks,
            self._use_model,
            lambda: None if self._desired is None else self._desired.report_soon(),
            self._clock,
            self._stop,
        )

    def _use_model(self) -> None:
        """Events name from now on the model that runs now. Between two looks."""
        self._sender = replace(self._sender, model=self._swap.manifest.ref(self._swap.engine))
        self._pipeline.report_as(self._sender)

    def _use_version(self, config_version: str) -> None:
        """Events say from now on that they were made under this configuration. On the look thread."""
        self._sender = replace(self._sender, config_version=config_version)
        self._pipeline.report_as(self._sender)

    def _camera_ids(self) -> tuple[CameraId, ...]:
        return tuple(eye.view.camera_id for eye in self._eyes.all())

    def _open_people_finder(self) -> FindPeople:
        if not self._settings.evidence.redact_finely:
            return lambda _image: ()
        return PeopleFinder(open_beside(self._swap.inner, self._model, 1))

    def _make_film_desk(self, settings: NodeSettings) -> FilmDesk:
        """Its search for people is its own: it may not hold up looks, and a film is searched whatever the settings."""

        def source_of(camera_id: CameraId) -> CodedSource | None:
            state = self.streams.of(camera_id)
            return None if state is None else state.evidence

        def open_finder() -> FindPeople:
            return PeopleFinder(open_beside(self._swap.inner, self._model, 1))

        budget = FilmBudget(settings.evidence.clip_pictures, settings.evidence.clip_work_s)
        return FilmDesk(source_of, open_finder, budget, self._clock, self._stop)

    def _make_upload(self) -> EvidenceUpload | None:
        uplink = self._settings.uplink
        if uplink.central_url is None:
            return None
        token = secret_value(uplink.node_token_secret)
        return EvidenceUpload(self._outbox, self._evidence, uplink.central_url, token, self._stop)

    def _run(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)


def _moves_of(eye: Eye) -> int:
    """Grows while the camera's thread works: with each frame, and with each try to get one."""
    return eye.loop.frames + eye.loop.tries


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
        raise PermanentError(f"{node.hopeless}: stood still and could not be revived; the node must be started again")
    if node.wants_restart:
        raise SystemExit(RESTART_CODE)


def check_node(settings: NodeSettings) -> dict[str, object]:
    """What a node with these settings would be; reads everything, starts nothing, connects to nothing."""
    clock = SystemClock()
    policies = load_policies(settings.policies)
    for camera in settings.cameras:
        open_camera(camera, clock, clock.now())
    if settings.uplink.central_url is not None:
        secret_value(settings.uplink.node_token_secret)
    if settings.uplink.mqtt_url is not None and settings.uplink.password_secret is not None:
        secret_value(settings.uplink.password_secret)
    detector = open_detector(
        settings.model, settings.engine, settings.threads, gates=policies.gates(), backend=settings.backend
    )
    return {
        "node_id": settings.node_id,
        "cameras": [camera.camera_id for camera in settings.cameras],
        "reports": [seen.value for seen in policies.presence],
        "model": f"{detector.manifest.name} {detector.manifest.version}",
        "engine": detector.engine.value,
        "config_version": settings_version(settings, policies),
    }
