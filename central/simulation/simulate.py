"""A seed → events in the order they reach central, and the truth about them. The simulator's readable page."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from central.simulation.build import build_city
from central.simulation.watch import watch
from central.simulation.wire import Told, TruthSpan, number, tell, truth_of
from central.simulation.world import WORLDS, City, Conditions
from contract.events import Event

LATE_S = 26 * 3600.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """`events` in arrival order, duplicates and all."""

    city: City
    events: tuple[Event, ...]
    truth: tuple[TruthSpan, ...]


def simulate(
    seed: int,
    districts: int = 1,
    hours: float = 2.0,
    conditions: Conditions = WORLDS["city"],
    on_camera: Callable[[], None] = lambda: None,
) -> Simulation:
    """The same arguments give the same events to the byte. `on_camera` is called once for every camera."""
    city = build_city(seed, districts, hours, conditions)
    told: list[Told] = []
    truth: list[TruthSpan] = []
    camera_id = None
    for track in watch(city, seed):
        if track.camera.camera_id != camera_id:
            camera_id = track.camera.camera_id
            on_camera()
        told += tell(track, city, seed)
        truth += truth_of(track, seed)
    return Simulation(city, tuple(_delivered(told, city, seed)), tuple(truth))


def _delivered(told: Iterable[Told], city: City, seed: int) -> Iterator[Event]:
    """Numbered in each node's own order, then sent late, again and out of order."""
    rng = np.random.default_rng([seed, 4])
    conditions = city.conditions
    arrivals: list[tuple[float, int, Event]] = []
    seqs: dict[str, int] = defaultdict(int)
    ordered = sorted(told, key=lambda entry: (entry.at_s, entry.data.incident_id, entry.data.revision))
    for entry in ordered:
        seqs[entry.camera.node_id] += 1
        event = number(entry, seqs[entry.camera.node_id])
        at_s = entry.at_s + float(rng.lognormal(0, 0.5))
        if rng.random() < conditions.reorder_share:
            at_s += float(rng.exponential(20))
        if entry.camera.outage and entry.camera.outage[0] <= entry.at_s < entry.camera.outage[1]:
            at_s = entry.camera.outage[1] + (entry.at_s - entry.camera.outage[0]) / 10
        if rng.random() < conditions.late_share:
            at_s += LATE_S
        arrivals.append((at_s, len(arrivals), event))
        if rng.random() < conditions.duplicate_share:
            arrivals.append((at_s + float(rng.exponential(60)), len(arrivals), event))
    for _, _, event in sorted(arrivals, key=lambda entry: entry[:2]):
        yield event
