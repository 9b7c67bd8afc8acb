"""How often a well camera is called sick, and how long a sick one goes unnoticed, on streets of chance.

False rates come from healthy cameras: every second in which a condition is said counts against it, except fog in fog
and glare in a low sun. Delays come from making each camera sick in ways whose beginning is known.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.events import CameraCondition
from contract.ids import CameraId
from edge.health.watch import Patient
from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.chance_streets import random_street
from edge.scene.render import Renderer
from edge.scene.world import World
from edge.values import Frame

START = datetime(2026, 7, 1, tzinfo=UTC)
SICK_S = 300.0
"""The longest that a sickness is watched: the least strict of the promises."""
FIRST_SEED = 5000
"""The seeds below set the thresholds and are not reported."""
RIGHT = {(CameraCondition.FOG, "fog"), (CameraCondition.FOG, "haze"), (CameraCondition.GLARE, "glare")}

Picture = NDArray[np.uint8]


@dataclass(slots=True)
class Rates:
    """Seconds watched by "light weather", seconds and times said by (condition, "light weather"), delays by ailment.

    `called` counts what an ailment that was not recognised was called most of the time.
    """

    watched_s: Counter[str] = field(default_factory=Counter)
    said_s: Counter[tuple[CameraCondition, str]] = field(default_factory=Counter)
    onsets: Counter[tuple[CameraCondition, str]] = field(default_factory=Counter)
    delays_s: dict[str, list[float | None]] = field(default_factory=dict)
    called: dict[str, Counter[str]] = field(default_factory=dict)
    streets: int = 0


@dataclass(frozen=True, slots=True)
class Ailment:
    """A way of being sick: what the picture becomes, and what it should be called."""

    name: str
    condition: CameraCondition
    spoil: Callable[[Picture, np.random.Generator], Picture] | None = None
    turn_deg: float = 0.0
    tilt_deg: float = 0.0


def _covered(picture: Picture, random: np.random.Generator) -> Picture:
    shade = np.linspace(60, 120, picture.shape[1])[None, :, None]
    return _noisy(np.broadcast_to(shade, picture.shape), random)


def _mostly_covered(picture: Picture, random: np.random.Generator) -> Picture:
    covered = picture.astype(np.float64)
    covered[:, : int(picture.shape[1] * 0.9)] = 60
    return _noisy(covered, random)


def _blurred(picture: Picture, random: np.random.Generator) -> Picture:
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 100), np.uint8)
    return _noisy(soft, random)


def _fogged(picture: Picture, random: np.random.Generator) -> Picture:
    return _noisy(picture * 0.35 + 120, random)


def _dazzled(picture: Picture, random: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    away = np.hypot(x - width / 2, y - height / 4) / width
    return _noisy(picture + (300 * np.exp(-away * 3) + 400 * np.exp(-((away / 0.1) ** 2)))[..., None], random)


def _noisy(values: NDArray[np.floating] | Picture, random: np.random.Generator) -> Picture:
    return np.clip(values + random.normal(0, 2, values.shape), 0, 255).astype(np.uint8)


AILMENTS = (
    Ailment("black", CameraCondition.BLACK, lambda picture, random: _noisy(picture * 0.0, random)),
    Ailment("covered", CameraCondition.COVERED, _covered),
    Ailment("covered by nine tenths", CameraCondition.COVERED, _mostly_covered),
    Ailment("blurred, 6 px at 640", CameraCondition.BLURRED, _blurred),
    Ailment("fogged", CameraCondition.FOG, _fogged),
    Ailment("dazzled", CameraCondition.GLARE, _dazzled),
    Ailment("frozen", CameraCondition.FROZEN, lambda picture, _random: picture),
    Ailment("moved by 3°", CameraCondition.MOVED, turn_deg=3.0),
    Ailment("moved by 10°", CameraCondition.MOVED, turn_deg=10.0),
    Ailment("moved by 40°", CameraCondition.MOVED, turn_deg=40.0, tilt_deg=5.0),
)


def measure_rates(hours: float, every_s: float, minutes_a_street: float, tell: Callable[[float], None]) -> Rates:
    """Watches streets from `FIRST_SEED` on until `hours` of healthy camera time are through.

    Args:
        hours: of camera time.
        every_s: between two looks; a patrolling camera gives one every 2 s.
        minutes_a_street: how long each street is watched before it falls sick.
        tell: is told the healthy hours done so far.
    """
    rates = Rates()
    while sum(rates.watched_s.values()) < hours * 3600:
        street = random_street(FIRST_SEED + rates.streets)
        _watch(street.world, street.cameras[0], every_s, minutes_a_street * 60, FIRST_SEED + rates.streets, rates)
        rates.streets += 1
        tell(sum(rates.watched_s.values()) / 3600)
    return rates


def _watch(world: World, camera: PinholeCamera, every_s: float, length_s: float, seed: int, rates: Rates) -> None:
    slice_name = f"{world.conditions.light} {world.conditions.weather}"
    random = generator("health", seed)
    patient, renderer = Patient(), Renderer(world, camera)
    said = CameraCondition.CLEAR
    for t_s in _times(0.0, length_s, every_s):
        condition = _look(patient, renderer.frame(t_s), t_s)
        rates.watched_s[slice_name] += round(every_s)
        if condition is not CameraCondition.CLEAR and (condition, world.conditions.weather) not in RIGHT:
            rates.said_s[condition, slice_name] += round(every_s)
            rates.onsets[condition, slice_name] += int(condition is not said)
        said = condition
    if said is not CameraCondition.CLEAR:
        return
    for ailment in AILMENTS:
        turned = replace(camera, yaw_deg=camera.yaw_deg + ailment.turn_deg, tilt_deg=camera.tilt_deg + ailment.tilt_deg)
        sick = Renderer(world, turned) if ailment.turn_deg else renderer
        _fall_sick(ailment, sick, deepcopy(patient), length_s, every_s, random, rates)


def _fall_sick(
    ailment: Ailment,
    renderer: Renderer,
    patient: Patient,
    began_s: float,
    every_s: float,
    random: np.random.Generator,
    rates: Rates,
) -> None:
    still = renderer.frame(began_s) if ailment.condition is CameraCondition.FROZEN else None
    delay_s: float | None = None
    called = Counter[str]()
    for t_s in _times(began_s + every_s, began_s + SICK_S, every_s):
        picture = renderer.frame(t_s) if still is None else still
        condition = _look(patient, picture if ailment.spoil is None else ailment.spoil(picture, random), t_s)
        called[condition.value] += 1
        if condition is ailment.condition:
            delay_s = t_s - began_s
            break
    rates.delays_s.setdefault(ailment.name, []).append(delay_s)
    if delay_s is None:
        rates.called.setdefault(ailment.name, Counter())[called.most_common(1)[0][0]] += 1


def _look(patient: Patient, picture: Picture, t_s: float) -> CameraCondition:
    return patient.look(Frame(CameraId("cam-1"), picture, START + timedelta(seconds=t_s), 0)).condition


def _times(from_s: float, until_s: float, every_s: float) -> Iterator[float]:
    t_s = from_s
    while t_s <= until_s:
        yield t_s
        t_s += every_s
