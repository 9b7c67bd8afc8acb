"""From a plan to a lock: reads the sources, finds their scenes, places every picture, refuses what would move one."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contract.errors import UsageError
from datasets.clashes import check_no_clash
from datasets.folder import LabelledFolder, LabelledPicture, read_folder
from datasets.hashes import sha256_of
from datasets.looks import alike_pairs, look_at_all
from datasets.scene_file import read_scenes
from datasets.scenes import SceneClue, group_scenes
from datasets.split import Candidate, check_no_leak, place_all
from datasets.split_lock import SHA_DIGITS, Half, LockedPicture, SplitLock
from datasets.split_plan import SourcePlan, SplitPlan


@dataclass(frozen=True, slots=True)
class SplitReport:
    """What came out: the lock and what a person wants to know about it."""

    lock: SplitLock
    scenes: int
    alike_pairs: int
    alike_across_sources: int
    """Pairs of two sources that look alike: they lie in one half like all of one scene."""
    newly_locked: int


@dataclass(frozen=True, slots=True)
class _Source:
    plan: SourcePlan
    folder: LabelledFolder


def make_lock(plan: SplitPlan, old: SplitLock | None, on_count: Callable[[int], None],
              on_picture: Callable[[], None]) -> SplitReport:  # fmt: skip
    """The lock for the plan's sources; pictures of `old` keep their places, other sources of it are kept.

    Args:
        plan: which sources, and what to hold out of each.
        old: the lock so far.
        on_count: told once how many pictures there are.
        on_picture: called for every picture looked at.

    Raises:
        UsageError: a faulty source, an empty half, a locked picture that was replaced or would have to move.
    """
    sources = [_Source(source, read_folder(source.folder)) for source in plan.sources]
    check_no_clash([source.folder for source in sources])
    if old is not None and old.folds != plan.folds:
        raise UsageError(f"the lock has {old.folds} folds, {plan.folds} are asked for; split anew with --relock")
    candidates = [_candidate(source, picture, old) for source in sources for picture in source.folder.pictures]
    clues = [clue for source in sources for clue in _clues(source)]
    on_count(len(candidates))
    looks = look_at_all([candidate.picture.path for candidate in candidates], on_picture)
    pairs = alike_pairs(looks)
    scenes = group_scenes(clues, looks, pairs)
    placed = place_all(candidates, scenes, plan.val_share, plan.folds)
    check_no_leak(placed, scenes, lambda place: f"{candidates[place].source}/{candidates[place].picture.path.name}")
    _check_halves(sources, candidates, placed)
    across = sum(candidates[pair.first].source != candidates[pair.second].source for pair in pairs)
    fresh = sum(candidate.locked is None for candidate in candidates)
    return SplitReport(_merged(plan.folds, candidates, placed, old), len(set(scenes)), len(pairs), across, fresh)


def _candidate(source: _Source, picture: LabelledPicture, old: SplitLock | None) -> Candidate:
    sha = sha256_of(picture.path)[:SHA_DIGITS]
    name, stem = source.folder.name, picture.path.stem
    locked = old.find(name, stem) if old is not None else None
    wish = _wish(source, picture)
    if locked is not None and locked.sha != sha:
        raise UsageError(f"{picture.path}: is not the picture that was locked; restore it or split anew with --relock")
    if locked is not None and not _is_granted(wish, locked.half):
        raise UsageError(f"{picture.path}: asked for as {wish}, locked as {locked.half}; split anew with --relock")
    return Candidate(name, picture, sha, wish, locked)


def _wish(source: _Source, picture: LabelledPicture) -> Half | None:
    match source.plan.holdout:
        case "all":
            return "val"
        case "none":
            return "train"
        case "given":
            if picture.split is None:
                raise UsageError(f"{source.plan.folder / 'split.json'}: says nothing of {picture.path.stem}; add it")
            return picture.split
        case "share":
            return None


def _is_granted(wish: Half | None, half: Half) -> bool:
    return wish is None or wish == half or (wish == "train" and half == "withheld")


def _clues(source: _Source) -> list[SceneClue]:
    told = read_scenes(source.folder)
    return [
        SceneClue(
            source.folder.name,
            picture.path.stem,
            told.get(picture.path.stem),
            source.plan.scenes,
            source.plan.sequences,
        )
        for picture in source.folder.pictures
    ]


def _check_halves(sources: Sequence[_Source], candidates: Sequence[Candidate], placed: Sequence[LockedPicture]) -> None:
    """Where something is to be held out, something must be, and something must be left."""
    for source in sources:
        if source.plan.holdout in ("all", "none"):
            continue
        name = source.folder.name
        count = Counter(place.half for c, place in zip(candidates, placed, strict=True) if c.source == name)
        for half in ("train", "val"):
            if not count[half]:
                raise UsageError(
                    f"{source.plan.folder}: {half} would be empty ({len(source.folder.pictures)} pictures, too few "
                    "scenes to part); add pictures of other scenes, or say holdout: all or none in the plan"
                )


def _merged(folds: int, candidates: Sequence[Candidate], placed: Sequence[LockedPicture],
            old: SplitLock | None) -> SplitLock:  # fmt: skip
    by_source = {name: dict(pictures) for name, pictures in old.by_source.items()} if old is not None else {}
    for candidate, place in zip(candidates, placed, strict=True):
        by_source.setdefault(candidate.source, {})[candidate.picture.path.stem] = place
    return SplitLock(folds, by_source)


def counts_of(lock: SplitLock, source: str) -> Counter[Half]:
    """How many pictures of the source lie in each half."""
    return Counter(place.half for place in lock.by_source.get(source, {}).values())
