"""How much every two sightings speak for being one thing, as matrices; rows and columns in the order given.

Two cameras' positions differ by noise and by both cameras' fixed errors; two tracks of one camera by noise alone, so
the same distance says far more. What came and went together is rather one thing, what came after a silence rather
another. A camera without ground points is compared within its own picture, and with others where a view was learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from central.domain.geometry import Position
from central.domain.registration import UNREGISTERED, Registration, camera_of, middle_s
from central.domain.rules import AssociationRules
from central.domain.values import Observation
from contract.taxonomy import Seen

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Vector = NDArray[np.float64]
FAR = 1e9
SURELY = 0.5
"""Standard deviations added to a distance before it is called too short for two things. At 2, a fire of several flames
fell into several cases; at 0, neighbours joined."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Over n sightings, each (n, n) and symmetric.

    `value`: 1 where two lie on top of each other, 0 at the gate, down to -`against`; 0 where nothing can be compared;
    a little more where they came or went together, a little less the longer the silence between them.
    `is_compared`: whether `value` means anything. `is_near`: compared, within gate, reach and gap: these alone can
    bring two groups together. `is_apart`: one camera saw both at once, or at two places that it knows by name.
    `is_same_place`: one camera saw both at one such place, which makes them one whatever the silence. `is_declared`:
    cameras of a declared overlap, of which at least one sighting has no ground point. `gap_s`: silence between them,
    negative by as much as they overlap. `spread_m`: one standard deviation of their distance, 0 off the ground.
    """

    value: Matrix
    sigmas: Matrix
    metres: Matrix
    spread_m: Matrix
    gap_s: Matrix
    is_compared: Mask
    is_near: Mask
    is_apart: Mask
    is_same_place: Mask
    is_declared: Mask


def compare(sightings: Sequence[Observation], rules: AssociationRules, known: Registration = UNREGISTERED) -> Likeness:
    """All pairs of `sightings`, which are of one kind group."""
    group = rules.groups[sightings[0].group]
    positions = [known.position(sighting) for sighting in sightings]
    has_ground = np.array([position is not None for position in positions])
    has_own = np.array([sighting.position is not None for sighting in sightings])
    cameras = _numbered([camera_of(sighting) for sighting in sightings])
    same_camera = cameras[:, None] == cameras[None, :]
    of_its_own = has_own[:, None] & has_own[None, :]
    both = np.where(same_camera, of_its_own, has_ground[:, None] & has_ground[None, :])
    metres, ground_sigmas, spread_m = _on_ground(sightings, positions, known, rules)
    in_picture = same_camera & ~both
    same_place, other_place = _places(sightings, same_camera)
    sigmas = np.where(both, ground_sigmas, np.where(in_picture, _in_picture(sightings, rules), FAR))
    sigmas = np.where(same_place, 0.0, sigmas)
    is_compared = both | in_picture
    boxed_twice = both & (metres + SURELY * spread_m <= group.nearest_m)
    start_s = np.array([sighting.first_seen_at.timestamp() for sighting in sightings])
    end_s = np.array([sighting.last_seen_at.timestamp() for sighting in sightings])
    gap_s = np.maximum(start_s[:, None], start_s[None, :]) - np.minimum(end_s[:, None], end_s[None, :])
    value = np.maximum(-rules.against, 1.0 - (sigmas / rules.gate) ** 2)
    value += rules.together * _ends_together(sightings, start_s, end_s, group.ends_s) * ~same_camera
    value -= rules.silence * np.clip(gap_s / max(1.0, group.gap_s), 0.0, 1.0)
    within_reach = np.where(both, metres <= group.reach_m, True)
    slack_s = np.array([sighting.clock_slack_s for sighting in sightings])
    within_gap = gap_s - np.where(same_camera, 0.0, slack_s[:, None] + slack_s[None, :]) <= group.gap_s
    is_near = (is_compared & (sigmas <= rules.gate) & within_reach & within_gap) | same_place
    np.fill_diagonal(is_near, False)
    return Likeness(
        value=np.where(is_compared, value, 0.0),
        sigmas=sigmas,
        metres=np.where(both, metres, FAR),
        spread_m=np.where(both, spread_m, 0.0),
        gap_s=gap_s,
        is_compared=is_compared,
        is_near=is_near,
        is_apart=(same_camera & _rival(sightings, rules) & (gap_s < -rules.handover_s) & ~boxed_twice & ~same_place)
        | other_place,
        is_same_place=same_place,
        is_declared=_declared(sightings, rules) & ~both & within_gap,
    )


def _places(sightings: Sequence[Observation], same_camera: Mask) -> tuple[Mask, Mask]:
    """Pairs at the same named place of one camera's picture, and at two different ones."""
    named = np.array([sighting.place_id is not None for sighting in sightings])
    if not named.any():
        nothing = np.zeros_like(same_camera)
        return nothing, nothing
    number = _numbered([sighting.place_id or "" for sighting in sightings])
    both = same_camera & named[:, None] & named[None, :]
    same: Mask = both & (number[:, None] == number[None, :])
    np.fill_diagonal(same, False)
    return same, both & (number[:, None] != number[None, :])


def _on_ground(
    sightings: Sequence[Observation],
    positions: Sequence[Position | None],
    known: Registration,
    rules: AssociationRules,
) -> tuple[Matrix, Matrix, Matrix]:
    """Metres, standard deviations, and one standard deviation in metres, of all pairs; nonsense without positions."""
    rows = []
    for sighting, position in zip(sightings, positions, strict=True):
        if position is None:
            rows.append((0.0, 0.0, 1.0, 0.0, 1.0))
            continue
        spread, shift = position.covariance, known.at(camera_of(sighting), middle_s(sighting))
        kept = rules.steady + (1.0 - rules.steady) / sighting.looks
        slack = rules.of(sighting.seen).slack_m ** 2
        rows.append(
            (
                position.point.east_m - shift.east_m,
                position.point.north_m - shift.north_m,
                spread.ee_m2 * kept + slack,
                spread.en_m2 * kept,
                spread.nn_m2 * kept + slack,
            )
        )
    east, north, ee, en, nn = np.array(rows).T
    bias = _biases(sightings, known, rules)
    d_east, d_north = east[:, None] - east[None, :], north[:, None] - north[None, :]
    s_ee, s_nn = ee[:, None] + ee[None, :] + bias, nn[:, None] + nn[None, :] + bias
    s_en = en[:, None] + en[None, :]
    squared = (s_nn * d_east**2 - 2 * s_en * d_east * d_north + s_ee * d_north**2) / (s_ee * s_nn - s_en**2)
    return np.hypot(d_east, d_north), np.sqrt(np.maximum(0.0, squared)), np.sqrt((s_ee + s_nn) / 2)


def _biases(sightings: Sequence[Observation], known: Registration, rules: AssociationRules) -> Matrix:
    """Variance, per axis, of the difference of both cameras' fixed errors; none for a camera and itself."""
    names = [camera_of(sighting) for sighting in sightings]
    distinct = sorted(set(names))
    usual = 2 * (known.bias_m or rules.bias_m) ** 2
    table = np.zeros((len(distinct), len(distinct)))
    for i, a in enumerate(distinct):
        for j, b in enumerate(distinct[:i]):
            table[i, j] = table[j, i] = known.variance_m2.get((b, a), usual)
    row = np.array([distinct.index(name) for name in names])
    biases: Matrix = table[row[:, None], row[None, :]]
    return biases


def _in_picture(sightings: Sequence[Observation], rules: AssociationRules) -> Matrix:
    """Distances of the boxes' feet, in `box_sigma` of the larger box's size, both sightings' shares added."""
    boxes = [sighting.box for sighting in sightings]
    x = np.array([(box.x1 + box.x2) / 2 if box else 0.0 for box in boxes])
    y = np.array([box.y2 if box else 0.0 for box in boxes])
    size = np.array([max(box.x2 - box.x1, box.y2 - box.y1) if box else 1e-6 for box in boxes])
    scale = np.sqrt(2.0) * rules.box_sigma * np.maximum(size[:, None], size[None, :])
    known = np.array([box is not None for box in boxes])
    apart = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]) / scale
    return np.where(known[:, None] & known[None, :], apart, FAR)


def _ends_together(sightings: Sequence[Observation], start_s: Vector, end_s: Vector, ends_s: float) -> Matrix:
    """How many ends of both stays fell together: 0, 1 or 2. Clocks that may be wrong tell nothing."""
    is_timed = np.array([sighting.clock_slack_s == 0 for sighting in sightings])
    is_over = np.array([sighting.is_gone for sighting in sightings])
    begun = np.abs(start_s[:, None] - start_s[None, :]) <= ends_s
    ended = (np.abs(end_s[:, None] - end_s[None, :]) <= ends_s) & is_over[:, None] & is_over[None, :]
    ends: Matrix = (is_timed[:, None] & is_timed[None, :]) * (begun.astype(np.float64) + ended)
    return ends


def _rival(sightings: Sequence[Observation], rules: AssociationRules) -> Mask:
    kinds: list[Seen] = sorted({sighting.seen for sighting in sightings})
    table = np.array([[rules.are_rivals(a, b) for b in kinds] for a in kinds])
    kind = np.array([kinds.index(sighting.seen) for sighting in sightings])
    rival: Mask = table[kind[:, None], kind[None, :]]
    np.fill_diagonal(rival, False)
    return rival


def _declared(sightings: Sequence[Observation], rules: AssociationRules) -> Mask:
    cameras = [sighting.camera_id for sighting in sightings]
    if not rules.overlaps:
        return np.zeros((len(cameras), len(cameras)), dtype=np.bool_)
    return np.array([[frozenset((a, b)) in rules.overlaps for b in cameras] for a in cameras], dtype=np.bool_)


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names])
