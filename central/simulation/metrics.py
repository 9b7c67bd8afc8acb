"""How well a partition of sightings into cases matches what was real. Pure arithmetic.

B-cubed (Bagga & Baldwin 1998): for every sighting, which share of its case is the same real incident (precision), and
which share of its real incident is in the same case (recall).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Score:
    """`cases_per_incident`: cases over real incidents; `mixed`: the share of cases that hold more than one real
    incident; `split`: the share of real incidents in more than one case. `sightings` is what it was counted over."""

    precision: float
    recall: float
    f1: float
    cases_per_incident: float
    mixed: float
    split: float
    sightings: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def score(case_of: Mapping[str, str], real_of: Mapping[str, str]) -> Score:
    """Both map sightings; one without a case counts as a case of its own.

    >>> score({"a": "1", "b": "1", "c": "2"}, {"a": "x", "b": "y", "c": "y"}).mixed
    0.5
    """
    cases = {sighting: case_of.get(sighting, f"none-{sighting}") for sighting in real_of}
    pairs = Counter((cases[sighting], real) for sighting, real in real_of.items())
    case_sizes, real_sizes = Counter(cases.values()), Counter(real_of.values())
    total = len(real_of)
    precision = sum(count**2 / case_sizes[case] for (case, _), count in pairs.items()) / max(1, total)
    recall = sum(count**2 / real_sizes[real] for (_, real), count in pairs.items()) / max(1, total)
    reals: dict[str, set[str]] = defaultdict(set)
    held: dict[str, set[str]] = defaultdict(set)
    for case, real in pairs:
        reals[case].add(real)
        held[real].add(case)
    return Score(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(1e-12, precision + recall),
        cases_per_incident=len(reals) / max(1, len(held)),
        mixed=sum(len(found) > 1 for found in reals.values()) / max(1, len(reals)),
        split=sum(len(found) > 1 for found in held.values()) / max(1, len(held)),
        sightings=total,
    )


def interval(values: Sequence[float], draws: int = 2000) -> Interval:
    """Resamples whole seeds: sightings of one seed are not independent of each other."""
    array = np.asarray(values, dtype=float)
    rng = np.random.default_rng(0)
    means = array[rng.integers(0, len(array), (draws, len(array)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(array.mean()), float(low), float(high))


def same_pairs(a: Mapping[str, str], b: Mapping[str, str]) -> float:
    """The share of sighting pairs, together in either partition, that are together in both; 1 when none is."""
    first, second = _pairs(a), _pairs(b)
    both = sum(min(first[pair], second[pair]) for pair in first.keys() & second.keys())
    return both / max(1, len(first.keys() | second.keys())) if first or second else 1.0


def _pairs(case_of: Mapping[str, str]) -> Counter[tuple[str, str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for sighting, case in case_of.items():
        members[case].append(sighting)
    return Counter((a, b) for group in members.values() for a in group for b in group if a < b)
