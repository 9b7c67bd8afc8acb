"""Which sightings are one thing: a partition that depends on the set of sightings alone, never on their order.

The clearest pair of groups is joined first, by the mean likeness over all their comparable pairs, until no pair is left
that speaks for itself. First the anchors (stalls, grills), then each vague thing (smoke, parasols) to the anchor it
fits best, then what is left over among itself, and last what only a declared overlap can join.
What people said and cases that must not change bind every step.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from central.domain.likeness import Likeness, Mask, Matrix, compare
from central.domain.presence import covered, joined, presence_of, shared_stay
from central.domain.registration import UNREGISTERED, Registration
from central.domain.rules import AssociationRules
from central.domain.values import MemberId, Observation

NEVER = -np.inf
ENDS = 2.0
"""Times `ends_s` within which both ends of a stay must fall for cameras of a declared overlap."""
SHARP = 1.2
"""Comparisons up to this much wider than the sharpest are heard beside it."""


@dataclass(frozen=True, slots=True)
class Bonds:
    """What binds the partition.

    `must` and `cannot` are what people said. `held` are the members of cases that a person has reviewed or the platform
    has received: they stay together, and no two such cases become one.
    """

    must: frozenset[frozenset[MemberId]] = frozenset()
    cannot: frozenset[frozenset[MemberId]] = frozenset()
    held: tuple[frozenset[MemberId], ...] = ()


@dataclass(frozen=True, slots=True)
class Partition:
    """`groups` index into `sightings`, which stand in (first seen, member id) order; so do groups, by their first.

    `proposals`: pairs of `groups` that only their being held keeps apart. `known`: what was known of the cameras.
    """

    sightings: tuple[Observation, ...]
    groups: tuple[tuple[int, ...], ...]
    likeness: Likeness
    proposals: tuple[frozenset[int], ...]
    known: Registration = UNREGISTERED


NO_BONDS = Bonds()


def partition(
    sightings: Iterable[Observation],
    rules: AssociationRules,
    bonds: Bonds = NO_BONDS,
    known: Registration = UNREGISTERED,
) -> Partition:
    """The partition of `sightings`, which are of one kind group and at least one."""
    ordered = tuple(sorted(sightings, key=lambda sighting: (sighting.first_seen_at, sighting.member_id)))
    likeness = compare(ordered, rules, known)
    work = _Work(ordered, likeness, rules, bonds)
    work.join_best(work.anchored[:, None] & work.anchored[None, :])
    work.attach_vague()
    work.join_best(~(work.anchored[:, None] & work.anchored[None, :]))
    work.join_declared()
    groups = sorted(tuple(sorted(group)) for group in work.groups if group)
    return Partition(ordered, tuple(groups), likeness, work.proposals(groups), known)


class _Work:
    """Groups under way. Row i of every matrix is group i; an emptied group's row is out of play."""

    def __init__(
        self, sightings: Sequence[Observation], likeness: Likeness, rules: AssociationRules, bonds: Bonds
    ) -> None:
        self._sightings, self._likeness, self._rules = sightings, likeness, rules
        self._stays = [presence_of(sighting) for sighting in sightings]
        place_of = {sighting.member_id: place for place, sighting in enumerate(sightings)}
        many = np.array([rules.of(sighting.seen).is_many for sighting in sightings])
        self._is_anchor = np.array([rules.of(sighting.seen).is_anchor for sighting in sightings])
        bound = _bound_groups(len(sightings), place_of, bonds)
        self.groups: list[list[int]] = [
            [place for place in range(len(sightings)) if bound[place] == g] for g in sorted(set(bound))
        ]
        spread = np.zeros((len(self.groups), len(sightings)))
        for row, group in enumerate(self.groups):
            spread[row, group] = 1.0
        compared = likeness.is_compared.astype(float)
        self._sum: Matrix = spread @ (likeness.value * compared) @ spread.T
        self._count: Matrix = spread @ compared @ spread.T
        self._near: Mask = spread @ likeness.is_near @ spread.T > 0
        self._apart: Mask = spread @ likeness.is_apart @ spread.T > 0
        self._apart_loosely: Mask = spread @ (likeness.is_apart & ~(many[:, None] & many[None, :])) @ spread.T > 0
        self._forbidden: Mask = _forbidden(self.groups, place_of, bonds)
        self._held = _held(self.groups, place_of, bonds)
        for matrix in (self._near, self._forbidden):
            np.fill_diagonal(matrix, False)
        self.anchored: NDArray[np.bool_] = spread @ self._is_anchor > 0

    def join_best(self, allowed: Mask) -> None:
        """Joins the best pair among `allowed` until none speaks for itself."""
        mean = self._means() if len(self.groups) > 1 else np.full((1, 1), NEVER)
        mean[~allowed] = NEVER
        while True:
            best = int(np.argmax(mean))
            kept, gone = sorted(divmod(best, len(mean)))
            if mean[kept, gone] <= 0.0:
                return
            self._join(kept, gone)
            row = self._row_means(kept)
            row[~allowed[kept]] = (
                NEVER  # it may what its kept row may: both had an anchor, or it is kept out of anchors
            )
            mean[kept], mean[:, kept] = row, row
            mean[gone], mean[:, gone] = NEVER, NEVER

    def attach_vague(self) -> None:
        """Every lone vague sighting goes to the anchored group whose anchors it fits best, the best fit first."""
        like, anchors = self._likeness, self._is_anchor
        fits: list[tuple[float, int, int]] = []
        for row, group in enumerate(self.groups):
            if len(group) != 1 or self.anchored[row]:
                continue
            place = group[0]
            usable = like.is_compared[place] & anchors
            for other in map(int, np.flatnonzero(self.anchored)):
                members = [m for m in self.groups[other] if usable[m]]
                is_near = bool(members) and bool(like.is_near[place, members].any())
                if is_near and like.value[place, members].max() > 0:
                    fits.append((-self._fit(place, members), row, other))
        for _, row, other in sorted(fits):
            parted = self._apart_loosely[row, other] or self._forbidden[row, other]
            if self.groups[row] and not parted and not (self._held[row] and self._held[other]):
                self._join(other, row)

    def _fit(self, place: int, anchors: Sequence[int]) -> float:
        """How well a vague sighting fits a group by its `anchors`: by those it is compared with best (its own camera's,
        mostly; a vague camera's comparison fits everything), and less if they weren't there meanwhile."""
        spread_m = self._likeness.spread_m[place, anchors]
        sharp = spread_m <= SHARP * spread_m.min()
        absent = 1.0 - covered(self._stays[place], joined([self._stays[other] for other in anchors]))
        return float(self._likeness.value[place, anchors][sharp].mean()) - self._rules.uncovered * absent

    def join_declared(self) -> None:
        """Groups that can't be compared, of cameras declared to share a view: by when they were there, the best match
        first, and only where no other thing matches nearly as well. A third camera joins in a later round."""
        while matches := self._matches():
            has_joined = False
            while matches:
                best = min(matches, key=lambda pair: (-matches[pair], pair))
                if matches[best] - self._rival_share(best, matches) >= self._rules.overlap_margin:
                    self._join(*best)
                    has_joined = True
                matches = {pair: share for pair, share in matches.items() if not set(pair) & set(best)}
            if not has_joined:
                return

    def _rival_share(self, best: tuple[int, int], matches: dict[tuple[int, int], float]) -> float:
        """How well the best other match of either group fits, when it is another thing than the one at hand."""
        shares = [0.0]
        for pair, share in matches.items():
            common = set(pair) & set(best)
            if pair != best and common:
                (other,), (partner,) = set(pair) - common, set(best) - common
                if self._is_another(other, partner):
                    shares.append(share)
        return max(shares)

    def _is_another(self, a: int, b: int) -> bool:
        """Whether two groups are known to be two things: nothing else makes one the other's rival."""
        is_far = self._count[a, b] > 0 and not self._near[a, b]
        return bool(self._apart[a, b] or self._forbidden[a, b] or is_far or self._sum[a, b] < 0)

    def _matches(self) -> dict[tuple[int, int], float]:
        """(group, group) → how much their stays are the same, where that is enough."""
        declared = self._likeness.is_declared
        if not declared.any():
            return {}
        found: dict[tuple[int, int], float] = {}
        rows = [row for row, group in enumerate(self.groups) if group]
        for index, a in enumerate(rows):
            for b in rows[index + 1 :]:
                kept_apart = self._apart[a, b] or self._forbidden[a, b] or (self._held[a] and self._held[b])
                if kept_apart or self._count[a, b] > 0 or not declared[np.ix_(self.groups[a], self.groups[b])].any():
                    continue
                share = self._same_stay(a, b)
                if share >= self._rules.overlap_share:
                    found[a, b] = share
        return found

    def proposals(self, groups: Sequence[tuple[int, ...]]) -> tuple[frozenset[int], ...]:
        """Pairs of final groups that their being held alone keeps apart."""
        row_of = {group[0]: row for row, group in enumerate(self.groups) if group for group in [sorted(group)]}
        rows = [row_of[group[0]] for group in groups]
        found = []
        for a, row in enumerate(rows):
            for b in range(a):
                other = rows[b]
                both_held = self._held[row] and self._held[other]
                fits = self._near[row, other] and not self._apart[row, other] and self._sum[row, other] > 0
                if both_held and fits:
                    found.append(frozenset((a, b)))
        return tuple(found)

    def _means(self) -> Matrix:
        usable = self._near & ~self._apart & ~self._forbidden & ~(self._held[:, None] & self._held[None, :])
        return np.where(usable, self._sum / np.maximum(self._count, 1.0), NEVER)

    def _row_means(self, row: int) -> Matrix:
        usable = self._near[row] & ~self._apart[row] & ~self._forbidden[row] & ~(self._held[row] & self._held)
        return np.where(usable, self._sum[row] / np.maximum(self._count[row], 1.0), NEVER)

    def _join(self, kept: int, gone: int) -> None:
        self.groups[kept] += self.groups[gone]
        self.groups[gone] = []
        for matrix in (self._sum, self._count):
            matrix[kept] += matrix[gone]
            matrix[:, kept] += matrix[:, gone]
        for mask in (self._near, self._apart, self._apart_loosely, self._forbidden):
            mask[kept] |= mask[gone]
            mask[:, kept] |= mask[:, gone]
            mask[gone], mask[:, gone] = False, False
            mask[kept, kept] = False
        self._held[kept] |= self._held[gone]
        self.anchored[kept] |= self.anchored[gone]
        self.anchored[gone] = False

    def _same_stay(self, a: int, b: int) -> float:
        """The time both were there as a share of the longer stay."""
        first, second = (joined([self._stays[place] for place in self.groups[row]]) for row in (a, b))
        return shared_stay(first, second, ENDS * self._rules.groups[self._sightings[0].group].ends_s)


def _bound_groups(count: int, place_of: dict[MemberId, int], bonds: Bonds) -> list[int]:
    """For every place the lowest place it is bound to by people or by a held case."""
    root = list(range(count))

    def find(place: int) -> int:
        while root[place] != place:
            place = root[place]
        return place

    for bond in (*bonds.must, *bonds.held):
        places = sorted(place_of[member] for member in bond if member in place_of)
        for place in places[1:]:
            low, high = sorted((find(places[0]), find(place)))
            root[high] = low
    return [find(place) for place in range(count)]


def _forbidden(groups: Sequence[Sequence[int]], place_of: dict[MemberId, int], bonds: Bonds) -> Mask:
    row_of = {place: row for row, group in enumerate(groups) for place in group}
    forbidden = np.zeros((len(groups), len(groups)), dtype=np.bool_)
    for pair in bonds.cannot:
        rows = [row_of[place_of[member]] for member in pair if member in place_of]
        if len(rows) == 2:
            forbidden[rows[0], rows[1]] = forbidden[rows[1], rows[0]] = True
    return forbidden


def _held(groups: Sequence[Sequence[int]], place_of: dict[MemberId, int], bonds: Bonds) -> NDArray[np.bool_]:
    places = {place_of[member] for held in bonds.held for member in held if member in place_of}
    return np.array([any(place in places for place in group) for group in groups], dtype=np.bool_)
