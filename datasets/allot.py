"""Shares groups out so that every bin gets its share of every class: greedy, the hardest group first, no chance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PICTURES = "#pictures"
"""Counted beside the classes, so that pictures without boxes are spread as well."""


@dataclass(frozen=True, slots=True)
class Group:
    """What must stay together. `load` counts pictures and boxes by label; `name` breaks ties."""

    name: str
    load: Mapping[str, int]


def allot(groups: Sequence[Group], shares: Sequence[float], filled: Sequence[Mapping[str, int]]) -> list[int]:
    """The bin of each group, in the groups' order.

    Args:
        groups: in any order; the result doesn't depend on it.
        shares: of each bin, summing to 1.
        filled: what each bin holds already.

    The group that is the largest part of any class goes first: it is the hardest to place. Each goes where it brings
    the bins nearest to their shares, squared over all classes (after Sechidis et al., 2011, on stratified data).
    """
    total: Counter[str] = Counter()
    for load in (*filled, *(group.load for group in groups)):
        total.update(load)
    held: list[Counter[str]] = [Counter(load) for load in filled]
    order = sorted(range(len(groups)), key=lambda place: (-_hardness(groups[place], total), groups[place].name))
    bins = [0] * len(groups)
    for place in order:
        load = groups[place].load
        costs = [_cost(load, held[bin_], share, total) for bin_, share in enumerate(shares)]
        bins[place] = costs.index(min(costs))
        held[bins[place]].update(load)
    return bins


def _hardness(group: Group, total: Mapping[str, int]) -> float:
    return max((count / total[label] for label, count in group.load.items() if total[label]), default=0.0)


def _cost(load: Mapping[str, int], held: Mapping[str, int], share: float, total: Mapping[str, int]) -> float:
    """How much further from its share the bin is with `load`; rounded, so that equal bins tie whatever the order."""
    cost = 0.0
    for label, count in load.items():
        before, after = held.get(label, 0) / total[label], (held.get(label, 0) + count) / total[label]
        cost += ((after - share) ** 2 - (before - share) ** 2) / share
    return round(cost, 12)
