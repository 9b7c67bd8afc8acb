"""From frame to event: schedule, pipeline, look loop, and the cameras themselves."""

import threading
from dataclasses import dataclass
from functools import partial

from contract.clock import Clock
from edge.baseline.memory import BoardMemory
from edge.baseline.shelf import Shelf
from edge.capture.choose import open_camera
from edge.events import RandomIds, Sender
from edge.eyes import Eyes
from edge.look_loop import LookLoop, NoteLook
from edge.node.keeping import Keeping
from edge.node.seeing import Seeing
from edge.pipeline import Pipeline
from edge.plume.judge import PlumeJudge
from edge.requests.photographer import Photographer
from edge.rules.policy import Policies
from edge.schedule import LookSchedule
from edge.settings import NodeSettings
from edge.values import Frame


@dataclass(frozen=True, slots=True)
class Looking:
    """The parts that look; the schedule belongs to the look loop."""

    schedule: LookSchedule
    pipeline: Pipeline
    looks: LookLoop
    eyes: Eyes
    photographer: Photographer


def open_looking(
    settings: NodeSettings,
    policies: Policies,
    seeing: Seeing,
    keeping: Keeping,
    sender: Sender,
    clock: Clock,
    stop: threading.Event,
    note_look: NoteLook,
) -> Looking:
    """All cameras opened and none started.

    Raises:
        UsageError: a camera's source or secret is wrong.
    """
    schedule = LookSchedule({}, clock.monotonic(), settings.attention_cameras)
    pipeline = _pipeline(settings, policies, seeing, keeping, sender, schedule)
    photographer = Photographer(seeing.detector, seeing.find_people, settings.evidence)

    def note(frame: Frame, age_s: float) -> None:
        seeing.health.look(frame)
        photographer.note(frame, age_s)
        note_look(frame, age_s)

    steady = seeing.around.steady
    looks = LookLoop(
        seeing.slots, schedule, pipeline, steady, stop, seeing.turn, seeing.streams.set_mode, note, seeing.courtesy
    )
    opening = partial(open_camera, streams=seeing.streams)
    eyes = Eyes(opening, seeing.slots, schedule, pipeline, steady, seeing.health.admit)
    for camera in settings.cameras:
        eyes.put(eyes.open(camera))
    return Looking(schedule, pipeline, looks, eyes, photographer)


def _pipeline(
    settings: NodeSettings,
    policies: Policies,
    seeing: Seeing,
    keeping: Keeping,
    sender: Sender,
    schedule: LookSchedule,
) -> Pipeline:
    return Pipeline(
        seeing.detector,
        policies,
        [],
        settings.evidence,
        keeping.evidence.locker,
        keeping.book,
        sender,
        RandomIds(),
        judge=PlumeJudge(),
        wish=schedule.heed,
        boards=BoardMemory(Shelf(settings.state_dir)),
        stories=keeping.book,
        films=keeping.films,
        scribe=keeping.scribe,
    )
