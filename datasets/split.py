"""Splits sources without leaks: what may be one scene lies in one half and in one fold, whatever its source.

Scenes come from `datasets.scenes`, shares from `datasets.allot`; here is decided who yields. A locked picture never
moves. A val picture of split.json stays val; train pictures of its scene are withheld, so that what was measured on
the given val pictures stays comparable and becomes honest.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from contract.errors import UsageError
from datasets.allot import PICTURES, Group, allot
from datasets.folder import LabelledPicture
from datasets.split_lock import Half, LockedPicture


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture to be placed. `wish` is the half the plan or split.json asks for, None for a free one."""

    source: str
    picture: LabelledPicture
    sha: str
    wish: Half | None
    locked: LockedPicture | None

    @property
    def wished(self) -> Half | None:
        return self.locked.half if self.locked else self.wish


def place_all(
    candidates: Sequence[Candidate], scenes: Sequence[int], val_share: float, folds: int
) -> list[LockedPicture]:
    """Half and fold of every candidate, in order. The same input gives the same places.

    Args:
        candidates: every picture of every source.
        scenes: for each the place of its scene's first picture.
        val_share: share of pictures and boxes that free scenes add to val, in each source.
        folds: how many.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for place, scene in enumerate(scenes):
        members[scene].append(place)
    halves = _halves(candidates, members, val_share)
    fold_by_scene = _folds(candidates, members, folds)
    placed = []
    for place, (candidate, scene) in enumerate(zip(candidates, scenes, strict=True)):
        name = _scene_name(candidates, members[scene])
        fresh = LockedPicture(candidate.sha, name, halves[place], fold_by_scene[scene])
        placed.append(candidate.locked or fresh)
    return placed


def _halves(candidates: Sequence[Candidate], members: Mapping[int, list[int]], val_share: float) -> dict[int, Half]:
    halves: dict[int, Half] = {}
    free: dict[str, list[int]] = defaultdict(list)
    for scene, places in members.items():
        wished = [candidates[place].wished for place in places]
        if any(wished):
            halves.update(zip(places, _agreed(wished), strict=True))
        else:
            free[candidates[scene].source].append(scene)
    for source, scenes in free.items():
        groups = [_group(candidates, members[scene]) for scene in scenes]
        filled = [_load(candidates, [p for p, half in halves.items() if candidates[p].source == source and half == of])
                  for of in ("train", "val")]  # fmt: skip
        for scene, bin_ in zip(scenes, allot(groups, (1 - val_share, val_share), filled), strict=True):
            halves.update(dict.fromkeys(members[scene], "val" if bin_ else "train"))
    return halves


def _agreed(wished: Sequence[Half | None]) -> list[Half]:
    """One scene's halves: val wins over train, which is then withheld; those without a wish follow."""
    if "val" in wished:
        return ["withheld" if wish in ("train", "withheld") else "val" for wish in wished]
    follow: Half = "train" if "train" in wished else "withheld"
    return [wish or follow for wish in wished]


def _folds(candidates: Sequence[Candidate], members: Mapping[int, list[int]], folds: int) -> dict[int, int]:
    fold_by_scene: dict[int, int] = {}
    free: dict[str, list[int]] = defaultdict(list)
    for scene, places in members.items():
        locked = [held.fold for place in places if (held := candidates[place].locked)]
        if locked:
            fold_by_scene[scene] = locked[0]
        else:
            free[candidates[scene].source].append(scene)
    for source, scenes in free.items():
        filled = [
            _load(
                candidates,
                [place for scene, of in fold_by_scene.items() if of == fold for place in members[scene]
                 if candidates[place].source == source],
            )
            for fold in range(folds)
        ]  # fmt: skip
        groups = [_group(candidates, members[scene]) for scene in scenes]
        fold_by_scene.update(zip(scenes, allot(groups, [1 / folds] * folds, filled), strict=True))
    return fold_by_scene


def _scene_name(candidates: Sequence[Candidate], places: Sequence[int]) -> str:
    """The locked name, else the first picture's hash: names say nothing about the pictures, and never change."""
    locked = [held.scene for place in places if (held := candidates[place].locked)]
    return locked[0] if locked else candidates[places[0]].sha[:10]


def _group(candidates: Sequence[Candidate], places: Sequence[int]) -> Group:
    return Group(_scene_name(candidates, places), _load(candidates, places))


def _load(candidates: Sequence[Candidate], places: Sequence[int]) -> Counter[str]:
    load = Counter(box.label for place in places for box in candidates[place].picture.boxes)
    load[PICTURES] += len(places)
    return load


def check_no_leak(placed: Sequence[LockedPicture], scenes: Sequence[int], say: Callable[[int], str]) -> None:
    """The law: no scene lies in train and in val.

    Args:
        placed: every picture's place.
        scenes: for each the place of its scene's first picture.
        say: names a picture for the message.

    Raises:
        UsageError: locked pictures of both halves turn out to show one scene.
    """
    train: dict[int, int] = {}
    val: dict[int, int] = {}
    for place, (picture, scene) in enumerate(zip(placed, scenes, strict=True)):
        if picture.half != "withheld":
            (train if picture.half == "train" else val)[scene] = place
    for scene in sorted(set(train) & set(val)):
        one, other = say(train[scene]), say(val[scene])
        raise UsageError(f"{one} is locked as train and shows the scene of {other} in val; split anew with --relock")
