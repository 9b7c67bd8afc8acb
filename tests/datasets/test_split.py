"""The split's laws: no scene straddles, what is locked never moves, shares are kept, order doesn't matter."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import UsageError
from datasets.allot import Group, allot
from datasets.folder import LabelledBox, LabelledPicture
from datasets.looks import Look
from datasets.scenes import SceneClue, group_scenes
from datasets.split import Candidate, check_no_leak, place_all
from datasets.split_lock import Half, LockedPicture
from datasets.split_plan import Sequence

BOX = {label: LabelledBox(label, 0.1, 0.1, 0.5, 0.5) for label in ("smoke", "flame", "stall")}
WISHES: list[Half | None] = [None, None, None, "train", "val"]


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Candidate], list[int]]:
    """Pictures of two sources with boxes, wishes and scenes of chance; a scene may reach across sources."""
    count = draw(st.integers(1, 24))
    scenes: list[int] = []
    for place in range(count):
        root = draw(st.integers(0, place))
        scenes.append(scenes[root] if root < place else place)
    candidates = []
    for place in range(count):
        labels = draw(st.lists(st.sampled_from(sorted(BOX)), max_size=4))
        picture = LabelledPicture(Path(f"{place}.jpg"), tuple(BOX[label] for label in labels), None)
        source, wish = draw(st.sampled_from(["a", "b"])), draw(st.sampled_from(WISHES))
        candidates.append(Candidate(source, picture, f"{place:016x}", wish, None))
    return candidates, scenes


def relocked(candidates: list[Candidate], placed: list[LockedPicture]) -> list[Candidate]:
    return [
        Candidate(one.source, one.picture, one.sha, one.wish, place)
        for one, place in zip(candidates, placed, strict=True)
    ]


@settings(max_examples=40)
@given(problems())
def test_no_scene_straddles_the_halves_or_the_folds(problem: tuple[list[Candidate], list[int]]) -> None:
    candidates, scenes = problem
    placed = place_all(candidates, scenes, 0.2, 5)
    for scene in set(scenes):
        members = [place for place, of in zip(placed, scenes, strict=True) if of == scene]
        assert len({member.half for member in members} - {"withheld"}) <= 1
        assert len({member.fold for member in members}) == 1
        assert len({member.scene for member in members}) == 1
    check_no_leak(placed, scenes, str)


@settings(max_examples=40)
@given(problems())
def test_val_is_granted_and_train_is_granted_or_withheld(problem: tuple[list[Candidate], list[int]]) -> None:
    candidates, scenes = problem
    for candidate, place in zip(candidates, place_all(candidates, scenes, 0.2, 5), strict=True):
        if candidate.wish == "val":
            assert place.half == "val"
        elif candidate.wish == "train":
            assert place.half in ("train", "withheld")
        else:
            assert place.half in ("train", "val")


@settings(max_examples=40)
@given(problems(), st.integers(0, 24))
def test_locked_pictures_stay_when_others_come(problem: tuple[list[Candidate], list[int]], cut: int) -> None:
    candidates, scenes = problem
    before = place_all(candidates[:cut], scenes[:cut], 0.2, 5)
    after = place_all([*relocked(candidates[:cut], before), *candidates[cut:]], scenes, 0.2, 5)
    assert after[:cut] == before[: len(candidates)]
    for scene in set(scenes[:cut]):
        folds = {place.fold for place, of in zip(after, scenes, strict=True) if of == scene}
        assert len(folds) == 1


@settings(max_examples=40)
@given(problems())
def test_the_same_input_gives_the_same_split(problem: tuple[list[Candidate], list[int]]) -> None:
    candidates, scenes = problem
    assert place_all(candidates, scenes, 0.2, 5) == place_all(candidates, scenes, 0.2, 5)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(1, 9)), min_size=1, max_size=30))
def test_allotting_does_not_depend_on_order(loads: list[dict[str, int]]) -> None:
    groups = [Group(f"{number:03}", load) for number, load in enumerate(loads)]
    turned = groups[::-1]
    one = dict(zip([group.name for group in groups], allot(groups, (0.8, 0.2), ({}, {})), strict=True))
    other = dict(zip([group.name for group in turned], allot(turned, (0.8, 0.2), ({}, {})), strict=True))
    assert one == other


def test_every_class_gets_its_share() -> None:
    loads = [{"#pictures": 1, "flame": 2} for _ in range(80)] + [{"#pictures": 1, "cart": 1} for _ in range(10)]
    groups = [Group(f"{number:03}", load) for number, load in enumerate(loads)]
    bins = allot(groups, [0.2] * 5, [{}] * 5)
    for fold in range(5):
        inside = [load for load, bin_ in zip(loads, bins, strict=True) if bin_ == fold]
        assert sum(load.get("flame", 0) for load in inside) == 32
        assert sum(load.get("cart", 0) for load in inside) == 2


def test_what_is_held_already_counts() -> None:
    groups = [Group(str(number), {"#pictures": 1}) for number in range(10)]
    assert sum(allot(groups, (0.5, 0.5), ({"#pictures": 10}, {}))) == 10


def test_a_leak_between_locked_pictures_is_named() -> None:
    placed = [LockedPicture("0", "s", "train", 0), LockedPicture("1", "t", "val", 1)]
    with pytest.raises(UsageError, match="a0 is locked as train and shows the scene of a1 in val"):
        check_no_leak(placed, [0, 0], lambda place: f"a{place}")


def clue(stem: str, told: str | None = None, patterns: tuple[str, ...] = (), *sequences: Sequence) -> SceneClue:
    return SceneClue("news", stem, told, patterns, sequences)


def look(bits: int) -> Look:
    """A look that differs from `look(0)` in `bits`."""
    upright = np.zeros(256, np.bool_)
    upright[:bits] = True
    return Look(upright, ~upright)


def test_scenes_are_told_by_data_by_names_and_by_numbers() -> None:
    clues = [
        clue("x", "square"),
        clue("Frame_No10_video_3", None, (r"(video_\d+)",)),
        clue("Frame_No99_video_3", None, (r"(video_\d+)",)),
        clue("y", "square"),
        clue("Frame_No10_video_4", None, (r"(video_\d+)",)),
    ]
    assert group_scenes(clues, [look(0)] * 5, []) == [0, 1, 1, 0, 4]


def test_a_sequence_joins_near_numbers_that_look_alike_enough() -> None:
    any_look = Sequence(pattern=r"^img_(\d+)", gap=2)
    alike = Sequence(pattern=r"^img_(\d+)", gap=2, distance=50)
    stems = ["img_1", "img_3", "img_4", "img_9"]
    looks = [look(0), look(40), look(100), look(100)]
    assert group_scenes([clue(stem, None, (), any_look) for stem in stems], looks, []) == [0, 0, 0, 3]
    assert group_scenes([clue(stem, None, (), alike) for stem in stems], looks, []) == [0, 0, 2, 3]
