"""Learns a `Registration` from a partition: least squares over everything that two cameras saw together.

A sighting i of thing k by camera c stands at x_k + shift_c + noise_i. The things' places drop out; every camera's shift
has the prior N(0, bias²), so that a camera that shares nothing with others keeps none.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from central.domain.registration import Registration, Shift, camera_of, middle_s
from central.domain.rules import AssociationRules
from central.domain.values import Observation

Matrix = NDArray[np.float64]
Places = NDArray[np.int64]
TRUSTED_SIGMAS = 3.0
"""A sighting farther from its thing is left out of the next round: it is in the wrong case, or its camera was moved."""
ROUNDS = 4
LARGEST_BIAS_M = 4.0
"""The prior grows to what the cameras show, but no farther: a street's neighbours stand about as far apart."""
UNSURE_M = 0.85
"""Left over, one standard deviation per axis between two cameras, while only what came and went together has taught."""
MOVED_M, MOVED_SIGMAS, FEWEST = 2.0, 5.0, 3
"""A camera was moved when the residuals on both sides of a moment differ by this much, with this many on each side."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One sighting as the equations know it: `unit` is a camera between two moves."""

    thing: int
    unit: tuple[str, int]
    at_s: float
    point: Matrix
    variance: float


def learn(things: Iterable[Sequence[Observation]], rules: AssociationRules) -> Registration:
    """The registration that explains `things` (the sightings of each) best."""
    looks = [look for number, sightings in enumerate(things) for look in _looks(number, sightings, rules)]
    eras: dict[str, list[float]] = {name: [0.0] for name in sorted({look.unit[0] for look in looks})}
    solution = _solve(looks, rules.bias_m)
    moved = _moves(looks, solution)
    if moved:
        for camera, at_s in moved.items():
            eras[camera].append(at_s)
        looks = [_in_era(look, eras) for look in looks]
        solution = _solve(looks, rules.bias_m)
    return _registration(solution, eras)


def cautious(known: Registration) -> Registration:
    """The same shifts, less sure: a few pairs alone don't show that a camera was moved between them.

    What they say of cameras in general is left out: it says little of those that had no pair.
    """
    variance_m2 = {pair: found + UNSURE_M**2 for pair, found in known.variance_m2.items()}
    return replace(known, variance_m2=variance_m2, bias_m=None)


@dataclass(frozen=True, slots=True)
class _Solution:
    units: tuple[tuple[str, int], ...]
    shifts: Matrix
    covariance: Matrix
    residuals: Matrix
    bias_m: float


def _looks(number: int, sightings: Sequence[Observation], rules: AssociationRules) -> list[_Look]:
    placed = [sighting for sighting in sightings if sighting.position is not None]
    if len({camera_of(sighting) for sighting in placed}) < 2:
        return []
    found = []
    for sighting in placed:
        if sighting.position is None or not rules.of(sighting.seen).is_anchor:
            continue
        spread = sighting.position.covariance
        kept = rules.steady + (1 - rules.steady) / sighting.looks
        variance = (spread.ee_m2 + spread.nn_m2) / 2 * kept + rules.of(sighting.seen).slack_m ** 2
        point = np.array([sighting.position.point.east_m, sighting.position.point.north_m])
        found.append(_Look(number, (camera_of(sighting), 0), middle_s(sighting), point, variance))
    return found


def _solve(looks: Sequence[_Look], bias_m: float) -> _Solution:
    """Weighted least squares, a few rounds: the far are left out, and the prior grows to what the cameras show."""
    units = tuple(sorted({look.unit for look in looks}))
    if not units:
        return _Solution((), np.zeros((0, 2)), np.zeros((0, 0)), np.zeros((0, 2)), bias_m)
    row = {unit: index for index, unit in enumerate(units)}
    place = np.array([row[look.unit] for look in looks], dtype=np.int64)
    thing = np.unique(np.array([look.thing for look in looks], dtype=np.int64), return_inverse=True)[1]
    points = np.array([look.point for look in looks])
    variance = np.maximum(np.array([look.variance for look in looks]), 1e-6)
    weight: Matrix = 1.0 / variance
    grown_m = bias_m
    shifts: Matrix = np.zeros((len(units), 2))
    covariance: Matrix = np.eye(len(units))
    residuals: Matrix = points
    for _ in range(ROUNDS):
        information = _information(place, thing, weight, len(units)) + np.eye(len(units)) / grown_m**2
        pull = np.zeros((len(units), 2))
        np.add.at(pull, place, weight[:, None] * _centred(points, thing, weight))
        covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
        shifts = covariance @ pull
        found_m = (float((shifts**2).sum() / 2 + np.trace(covariance)) / len(units)) ** 0.5
        grown_m = min(LARGEST_BIAS_M, max(bias_m, found_m))
        residuals = _centred(points - shifts[place], thing, weight)
        is_far = np.hypot(residuals[:, 0], residuals[:, 1]) > TRUSTED_SIGMAS * np.sqrt(variance + 0.25)
        weight = np.where(is_far, 1e-6, 1.0 / variance)
    return _Solution(units, shifts, covariance, residuals, grown_m)


def _information(place: Places, thing: Places, weight: Matrix, units: int) -> Matrix:
    """What the looks say about the shifts once the things' own places are eliminated, (units, units)."""
    total = np.bincount(thing, weight)
    share = np.zeros((len(total), units))
    np.add.at(share, (thing, place), weight)
    information: Matrix = np.diag(np.bincount(place, weight, minlength=units)) - (share / total[:, None]).T @ share
    return information


def _centred(points: Matrix, thing: Places, weight: Matrix) -> Matrix:
    """Every point relative to the weighted middle of its thing's points, (n, 2)."""
    total = np.bincount(thing, weight)
    middle = np.stack([np.bincount(thing, weight * points[:, axis]) / total for axis in (0, 1)], axis=1)
    centred: Matrix = points - middle[thing]
    return centred


def _moves(looks: Sequence[_Look], solution: _Solution) -> dict[str, float]:
    """The cameras whose residuals jump, and when (epoch seconds)."""
    by_camera: dict[str, list[int]] = defaultdict(list)
    for index, look in enumerate(looks):
        by_camera[look.unit[0]].append(index)
    moved = {}
    for camera, indices in by_camera.items():
        ordered = sorted(indices, key=lambda index: looks[index].at_s)
        residuals = solution.residuals[ordered]
        best_sigmas, best_at = 0.0, 0.0
        for cut in range(FEWEST, len(ordered) - FEWEST + 1):
            jump = np.median(residuals[cut:], axis=0) - np.median(residuals[:cut], axis=0)
            metres = float(np.hypot(*jump))
            spread = float(np.mean([looks[index].variance for index in ordered]))
            sigmas = metres / (spread * (1 / cut + 1 / (len(ordered) - cut))) ** 0.5
            if metres >= MOVED_M and sigmas > max(MOVED_SIGMAS, best_sigmas):
                best_sigmas = sigmas
                best_at = (looks[ordered[cut - 1]].at_s + looks[ordered[cut]].at_s) / 2
        if best_sigmas:
            moved[camera] = best_at
    return moved


def _in_era(look: _Look, eras: dict[str, list[float]]) -> _Look:
    era = sum(since <= look.at_s for since in eras[look.unit[0]]) - 1
    return _Look(look.thing, (look.unit[0], era), look.at_s, look.point, look.variance)


def _registration(solution: _Solution, eras: dict[str, list[float]]) -> Registration:
    shift_of = {unit: solution.shifts[row] for row, unit in enumerate(solution.units)}
    shifts = {}
    for camera, sinces in eras.items():
        known = [shift_of.get((camera, era), np.zeros(2)) for era in range(len(sinces))]
        shifts[camera] = tuple(
            Shift(since, round(float(shift[0]), 3), round(float(shift[1]), 3))
            for since, shift in zip(sinces, known, strict=True)
        )
    return Registration(shifts, _variances(solution), round(solution.bias_m, 3))


def _variances(solution: _Solution) -> dict[tuple[str, str], float]:
    """Of the difference of two cameras' remaining errors, for those that common things connect, if by others."""
    connected: dict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(_connected(solution.covariance)):
        connected[number].append(row)
    variance: dict[tuple[str, str], float] = {}
    spread = solution.covariance
    for rows in connected.values():
        for i, j in ((i, j) for i in rows for j in rows):
            first, second = solution.units[i][0], solution.units[j][0]
            if first < second:
                worst = float(spread[i, i] + spread[j, j] - 2 * spread[i, j])
                variance[first, second] = max(variance.get((first, second), 0.0), round(worst, 4))
    return variance


def _connected(covariance: Matrix) -> list[int]:
    """For every unit the number of its connected component; two that share nothing have no covariance."""
    number = [-1] * len(covariance)
    is_linked = np.abs(covariance) > 1e-9
    for start in range(len(covariance)):
        waiting = [start] if number[start] < 0 else []
        while waiting:
            row = waiting.pop()
            if number[row] < 0:
                number[row] = start
                waiting += [int(other) for other in np.flatnonzero(is_linked[row])]
    return number
