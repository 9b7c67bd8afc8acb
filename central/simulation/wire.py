"""Tracks → the events a node would publish, and the truth about them."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.random import Generator

from central.simulation.optics import box_of, range_m
from central.simulation.watch import Stretch, Track, gone_after_s, present_after_s
from central.simulation.world import ORIGIN, START, Camera, City, Conditions
from contract.events import ClockState, Confidence, Event, GroundPoint, IncidentEvent, IncidentState, ModelRef, wrap
from contract.ids import IncidentId, derived_entropy, uuid7
from contract.plane import Point
from contract.taxonomy import GROUP_BY_SEEN, KindGroup, Seen

UPDATE_EVERY_S = 60.0
ATTENDED = frozenset({Seen.STALL, Seen.CART, Seen.PARASOL, Seen.TABLE, Seen.GRILL})
MODEL = ModelRef(name="simulated", version="1", sha256=hashlib.sha256(b"simulated").hexdigest())


@dataclass(frozen=True, slots=True)
class TruthSpan:
    """From `start` to `end` (the node's own time) the incident showed the real incident `real_id`."""

    incident_id: IncidentId
    camera_id: str
    seen: Seen
    real_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One event, when it happened (true seconds from the start), and whose it is; the stream's number comes later."""

    at_s: float
    camera: Camera
    data: IncidentEvent


@dataclass(frozen=True, slots=True)
class _Look:
    at_s: float
    state: IncidentState
    revision: int


def incident_id_of(track: Track, seed: int) -> IncidentId:
    entropy = derived_entropy("simulated", str(seed), track.camera.camera_id, str(track.number))
    return IncidentId(uuid7(_node_time(track.camera, track.start_s), entropy))


def truth_of(track: Track, seed: int) -> Iterator[TruthSpan]:
    """One span per stretch."""
    for stretch in track.stretches:
        start, end = _node_time(track.camera, stretch.start_s), _node_time(track.camera, stretch.end_s)
        incident_id = incident_id_of(track, seed)
        yield TruthSpan(incident_id, track.camera.camera_id, track.seen, stretch.thing.real_id, start, end)


def tell(track: Track, city: City, seed: int) -> Iterator[Told]:
    """The track's events: opened when it is present, updated once a minute, closed when it is gone."""
    rng = np.random.default_rng([seed, 3, int.from_bytes(derived_entropy(track.camera.camera_id)[:4]), track.number])
    steady = rng.normal(0, 1, 2)
    incident_id = incident_id_of(track, seed)
    looks = _looks(track, city.length_s)
    for look in looks:
        seen_at_s = min(look.at_s, track.end_s)
        stretch = _stretch_at(track, seen_at_s)
        place, sigmas = _placed(rng, steady, stretch, track.camera, city.conditions)
        offset = [entry for entry in track.camera.offsets if entry.from_s <= seen_at_s][-1]
        claimed = Point(place.east_m + offset.east_m, place.north_m + offset.north_m)
        has_ground = track.camera.has_pose and GROUP_BY_SEEN[track.seen] is not KindGroup.SIGNAGE
        data = IncidentEvent(
            node_id=track.camera.node_id,
            stream_id=uuid7(START, derived_entropy("stream", str(seed), track.camera.node_id)),
            seq=1,
            boot_id=uuid7(START, derived_entropy("boot", str(seed), track.camera.node_id)),
            incident_id=incident_id,
            revision=look.revision,
            state=look.state,
            seen=track.seen,
            camera_id=track.camera.camera_id,
            track_id=track.number,
            first_seen_at=_node_time(track.camera, track.start_s),
            last_seen_at=_node_time(track.camera, seen_at_s),
            box=box_of(track.camera, place, stretch.thing.size_m),
            ground=_ground(claimed, track.camera, sigmas, city.conditions) if has_ground else None,
            confidence=_confidence(rng, seen_at_s - track.start_s),
            model=MODEL,
            config_version="simulated",
            clock_state=ClockState.SYNCHRONISED if abs(track.camera.skew_s) < 10 else ClockState.UNSYNCHRONISED,
            attended_s=_attended_s(track, stretch, seen_at_s),
        )
        yield Told(look.at_s, track.camera, data)


def _attended_s(track: Track, stretch: Stretch, at_s: float) -> float | None:
    """Of things beside which nodes look for people."""
    if track.seen not in ATTENDED:
        return None
    return round(at_s - track.start_s, 1) if stretch.thing.is_attended else 0.0


def number(told: Told, seq: int) -> Event:
    """The event as it is published, with its place in the node's stream."""
    data = told.data.model_copy(update={"seq": seq})
    at = _node_time(told.camera, told.at_s)
    return wrap(data, uuid7(at, derived_entropy("event", data.stream_id, str(seq))), at)


def _looks(track: Track, length_s: float) -> list[_Look]:
    at_s = track.start_s + present_after_s(track.seen)
    times = [at_s]
    while (at_s := at_s + UPDATE_EVERY_S) < track.end_s:
        times.append(at_s)
    looks = [
        _Look(at_s, IncidentState.UPDATED if index else IncidentState.OPENED, index + 1)
        for index, at_s in enumerate(times)
    ]
    closed_at_s = track.end_s + gone_after_s(track.seen)
    if closed_at_s < length_s:
        looks.append(_Look(closed_at_s, IncidentState.CLOSED, len(looks) + 1))
    return looks


def _stretch_at(track: Track, at_s: float) -> Stretch:
    return next((stretch for stretch in track.stretches if at_s <= stretch.end_s), track.stretches[-1])


def _placed(
    rng: Generator, steady: np.ndarray, stretch: Stretch, camera: Camera, conditions: Conditions
) -> tuple[Point, tuple[float, float]]:
    """Where the look puts the thing before the camera's bias, and the noise's sigmas (along the look, across it)."""
    along_m = conditions.noise_m + conditions.noise_share * range_m(camera, stretch.thing.place)
    across_m = 0.4 * along_m if conditions.is_oblique else along_m
    parts = (conditions.steady_share**0.5) * steady + ((1 - conditions.steady_share) ** 0.5) * rng.normal(0, 1, 2)
    away = math.atan2(
        stretch.thing.place.east_m - camera.place.east_m, stretch.thing.place.north_m - camera.place.north_m
    )
    along, across = along_m * float(parts[0]), across_m * float(parts[1])
    drift = rng.normal(0, stretch.thing.drift_m, 2) if stretch.thing.drift_m else np.zeros(2)
    east_m = stretch.thing.place.east_m + along * math.sin(away) + across * math.cos(away) + float(drift[0])
    north_m = stretch.thing.place.north_m + along * math.cos(away) - across * math.sin(away) + float(drift[1])
    return Point(east_m, north_m), (along_m, across_m)


def _ground(place: Point, camera: Camera, sigmas: tuple[float, float], conditions: Conditions) -> GroundPoint:
    lat, lon = ORIGIN.to_degrees(place)
    away = math.atan2(place.east_m - camera.place.east_m, place.north_m - camera.place.north_m)
    along, across = ((conditions.claim_scale * sigma) ** 2 for sigma in sigmas)
    sin, cos = math.sin(away), math.cos(away)
    return GroundPoint(
        lat=round(lat, 8),
        lon=round(lon, 8),
        ee_m2=round(along * sin**2 + across * cos**2, 4),
        en_m2=round((along - across) * sin * cos, 4),
        nn_m2=round(along * cos**2 + across * sin**2, 4),
    )


def _confidence(rng: Generator, age_s: float) -> Confidence:
    looks = max(1, int(age_s / 5))
    mean = float(np.clip(rng.normal(0.65, 0.08), 0.3, 0.95))
    return Confidence(
        latest=round(mean, 3),
        mean=round(mean, 3),
        peak=round(min(1.0, mean + 0.15), 3),
        looks=looks,
        positive_looks=max(1, int(0.85 * looks)),
    )


def _node_time(camera: Camera, at_s: float) -> datetime:
    return START + timedelta(seconds=round(at_s + camera.skew_s, 3))
