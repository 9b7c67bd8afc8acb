"""What one camera's faults do to itself and to all the others: a timetable of faults, and what came of it."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from contract.clock import SystemClock
from edge.bench.clip import street_clip
from edge.bench.facts import Moment
from edge.bench.measure import Sources, measure_node, tcp_sources
from edge.bench.report import BIG_BITS, CLIPS, SMALL_BITS, machine, node_report
from edge.bench.wanted import Say, Wanted

TIMETABLE = (("well", 20.0), ("stall", 20.0), ("well", 20.0), ("cut", 20.0), ("well", 20.0), ("slow", 20.0))
TARGETS = {"loss_seen_s": 10.0, "returned_s": 20.0, "first_frame_s": 7.0, "others_rate_change": 0.02}
"""The issue's numbers; the first frame may take 5 s and the two between key frames."""

SETTLING_S = 10.0
"""Until the node has looked at all its cameras and is being watched."""


@dataclass(frozen=True, slots=True)
class Phase:
    """From when to when the camera did what, in seconds of the machine's monotonic clock."""

    mood: str
    from_s: float
    until_s: float


def outage(wanted: Wanted, say: Say) -> dict[str, object]:
    """The report of a node with one camera more, which fails by the timetable.

    Raises:
        PermanentError: the node did not end well.
    """
    big, small = street_clip(CLIPS, 1920, 1080, BIG_BITS), street_clip(CLIPS, 640, 360, SMALL_BITS)
    load, around = replace(wanted.load, faulty=1), machine()
    with tcp_sources(big, small) as sources:
        say(f"{load.patrol} cameras and one with faults")
        phases: list[Phase] = []
        stop = threading.Event()
        acting = threading.Thread(target=_act, args=(sources, phases, stop))
        seconds = sum(length_s for _, length_s in TIMETABLE) + SETTLING_S
        acting.start()
        try:
            measured = measure_node(sources, load, seconds)
        finally:
            stop.set()
            acting.join()
        accepted_s = tuple(sources.accepted_s)
    found = [judged(phase, after, measured.life, accepted_s) for phase, after in pairwise(phases)]
    return node_report(measured, load) | {
        "faults": [fault for fault in found if fault is not None],
        "others_looks_a_second": {
            f"{n} {phase.mood}": others_rate(phase, measured.life) for n, phase in enumerate(phases)
        },
        "others_rate_change": others_change(phases, measured.life),
        "outage_targets": TARGETS,
        "machine": around,
    }


def _act(sources: Sources, phases: list[Phase], stop: threading.Event) -> None:
    """Goes through the timetable, over and over, from the camera's first connection on."""
    clock = SystemClock()
    while not sources.accepted_s and not stop.wait(0.05):
        pass
    stop.wait(SETTLING_S)
    while not stop.is_set():
        for mood, length_s in TIMETABLE:
            from_s = clock.monotonic()
            sources.tell(mood)
            stop.wait(length_s)
            if stop.is_set():
                return
            phases.append(Phase(mood, from_s, clock.monotonic()))


def judged(phase: Phase, after: Phase, life: Sequence[Moment], accepted_s: Sequence[float]) -> dict[str, object] | None:
    """When the node saw that the camera was gone, and when it was back; None of a phase in which it was not gone.

    >>> life = [Moment(at_s=s, is_live=not 9 <= s < 24, looks=min(s, 1) + (s >= 24), others_looks=0) for s in range(40)]
    >>> judged(Phase("stall", 2, 20), Phase("well", 20, 40), life, [0.0, 22.5])
    {'fault': 'stall', 'loss_seen_s': 7.0, 'returned_s': 4.0, 'first_frame_s': 1.5}
    """
    if phase.mood not in ("stall", "cut"):
        return None
    during = [moment for moment in life if phase.from_s <= moment.at_s < phase.until_s]
    later = [moment for moment in life if after.from_s <= moment.at_s < after.until_s]
    lost_s = next((moment.at_s for moment in during if not moment.is_live), None)
    back_s = next((moment.at_s for moment in later if during and moment.looks > during[-1].looks), None)
    connected_s = None if back_s is None else max([s for s in accepted_s if s <= back_s], default=None)
    return {
        "fault": phase.mood,
        "loss_seen_s": _since(phase.from_s, lost_s),
        "returned_s": _since(after.from_s, back_s),
        "first_frame_s": None if connected_s is None else _since(max(connected_s, after.from_s), back_s),
    }


def others_rate(phase: Phase, life: Sequence[Moment]) -> float | None:
    """Looks a second at all the other cameras together."""
    during = [moment for moment in life if phase.from_s <= moment.at_s < phase.until_s]
    if len(during) < 2:
        return None
    return round((during[-1].others_looks - during[0].others_looks) / (during[-1].at_s - during[0].at_s), 3)


def others_change(phases: Sequence[Phase], life: Sequence[Moment]) -> float | None:
    """By which share the others' rate in the worst faulty phase lay below that of all phases without a fault."""
    rates = [(phase.mood, others_rate(phase, life)) for phase in phases]
    well = [rate for mood, rate in rates if mood == "well" and rate is not None]
    faulty = [rate for mood, rate in rates if mood != "well" and rate is not None]
    return round(1 - min(faulty) * len(well) / sum(well), 4) if well and faulty else None


def _since(from_s: float, at_s: float | None) -> float | None:
    return None if at_s is None else round(at_s - from_s, 2)
