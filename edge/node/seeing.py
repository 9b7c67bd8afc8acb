"""What a node looks with: the model in force, shared by the look threads, and the frames that wait for them."""

from dataclasses import dataclass

from contract.clock import Clock
from edge.capture.slot import FrameSlots
from edge.capture.streams import Streams
from edge.courtesy import Courtesy
from edge.detect.shared import SharedDetector
from edge.evidence.pictures import FindPeople
from edge.health.watch import HealthWatch
from edge.node.engine import ModelInForce
from edge.rules.policy import Policies
from edge.settings import NodeSettings
from edge.surroundings import Surroundings, time_source
from edge.turn import Turn
from edge.values import Box


@dataclass(frozen=True, slots=True)
class Seeing:
    """`find_people` searches at once, `find_people_later` when looks leave room; both find nobody where the settings
    want no search."""

    engine: ModelInForce
    detector: SharedDetector
    turn: Turn
    courtesy: Courtesy
    slots: FrameSlots
    streams: Streams
    health: HealthWatch
    around: Surroundings
    find_people: FindPeople
    find_people_later: FindPeople


def open_seeing(settings: NodeSettings, policies: Policies, clock: Clock) -> Seeing:
    """Loads the model.

    Raises:
        UsageError: the model's folder is wrong.
        PermanentError: no variant of the model works on this machine.
    """
    turn, courtesy = Turn(), Courtesy()
    engine = ModelInForce(settings, policies.gates(), clock)
    health = HealthWatch(settings.state_dir / "health")
    at_once: FindPeople = _nobody
    later: FindPeople = _nobody
    if settings.evidence.redact_finely:
        finder = engine.people_finder()
        at_once, later = finder, finder.after(courtesy.wait)
    return Seeing(
        engine=engine,
        detector=SharedDetector(engine.swap, turn),
        turn=turn,
        courtesy=courtesy,
        slots=FrameSlots(),
        streams=Streams(),
        health=health,
        around=Surroundings(clock, time_source(settings.clock), health),
        find_people=at_once,
        find_people_later=later,
    )


def _nobody(_image: object) -> tuple[Box, ...]:
    return ()
