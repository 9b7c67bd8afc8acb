"""Which pictures show one scene: told by the data, by names, or by looking alike.

Everything that may be one scene is joined: two scenes taken for one cost a little variety, one taken for two teaches
the model the pictures it is judged by.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from datasets.looks import AlikePair, Look, distance_between
from datasets.split_plan import Sequence as NumberSequence


@dataclass(frozen=True, slots=True)
class SceneClue:
    """What is known of one picture before it is compared."""

    source: str
    stem: str
    told: str | None
    """The scene that the data itself names (scenes.json)."""
    patterns: tuple[str, ...]
    sequences: tuple[NumberSequence, ...]


def group_scenes(clues: Sequence[SceneClue], looks: Sequence[Look], pairs: Iterable[AlikePair]) -> list[int]:
    """For each picture the place of the first picture of its scene.

    Args:
        clues: one per picture.
        looks: one per picture, for sequences that also ask for likeness.
        pairs: pictures that look alike, within a source or across.
    """
    joined = _Joined(len(clues))
    for places in _by_name(clues).values():
        for place in places[1:]:
            joined.join(places[0], place)
    for first, second in _neighbours(clues, looks):
        joined.join(first, second)
    for pair in pairs:
        joined.join(pair.first, pair.second)
    return [joined.root(place) for place in range(len(clues))]


def scene_name(stem: str, patterns: Iterable[str]) -> str | None:
    """The scene a name tells; None where it tells nothing.

    >>> scene_name("Frame_No10092_video_12_jpg", [r"(video_[0-9]+)"])
    'video_12'
    """
    for pattern in patterns:
        found = re.search(pattern, stem, re.IGNORECASE)
        if found:
            return found.group(1).lower()
    return None


def _by_name(clues: Sequence[SceneClue]) -> dict[tuple[str, str], list[int]]:
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, clue in enumerate(clues):
        name = clue.told or scene_name(clue.stem, clue.patterns)
        if name:
            places[clue.source, name].append(place)
    return places


def _neighbours(clues: Sequence[SceneClue], looks: Sequence[Look]) -> Iterable[tuple[int, int]]:
    """Pictures whose numbers lie close, and that look alike enough where the sequence asks for it."""
    series: dict[tuple[str, NumberSequence, str], list[tuple[int, int]]] = defaultdict(list)
    for place, clue in enumerate(clues):
        for sequence in clue.sequences:
            found = re.search(sequence.pattern, clue.stem)
            if found and found.group(1).isdecimal():
                before = clue.stem[: found.start(1)]
                series[clue.source, sequence, before].append((int(found.group(1)), place))
    for (_, sequence, _), numbered in series.items():
        numbered.sort()
        for index, (number, place) in enumerate(numbered):
            for later, other in numbered[index + 1 :]:
                if later - number > sequence.gap:
                    break
                if distance_between(looks[place], looks[other]) <= sequence.distance:
                    yield place, other


class _Joined:
    """Union-find; the smallest place stands for its set, so that the result doesn't depend on the order of joining."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, place: int) -> int:
        while self._parent[place] != place:
            self._parent[place] = self._parent[self._parent[place]]
            place = self._parent[place]
        return place

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low
