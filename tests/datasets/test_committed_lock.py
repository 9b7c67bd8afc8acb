"""The committed lock keeps its own laws, and holds no pictures."""

from collections import defaultdict

import pytest

from datasets.split_lock import LockedPicture, read_lock
from datasets.split_plan import read_split_plan
from tests.house.source import ROOT

CONFIGS = ROOT / "configs" / "datasets"
LOCK = read_lock(CONFIGS / "split.lock.json")
PLAN = read_split_plan(CONFIGS / "split.yaml")


def members_by_scene() -> dict[str, list[LockedPicture]]:
    members: dict[str, list[LockedPicture]] = defaultdict(list)
    for pictures in LOCK.by_source.values():
        for picture in pictures.values():
            members[picture.scene].append(picture)
    return members


def test_no_locked_scene_straddles() -> None:
    for scene, members in members_by_scene().items():
        assert len({member.half for member in members} - {"withheld"}) == 1, scene
        assert len({member.fold for member in members}) == 1, scene


def test_the_plan_and_the_lock_name_the_same_sources() -> None:
    assert {source.folder.name for source in PLAN.sources} == set(LOCK.by_source)
    assert LOCK.folds == PLAN.folds == 5


@pytest.mark.parametrize("source", [source.folder.name for source in PLAN.sources if source.holdout == "share"])
def test_about_a_fifth_is_held_out(source: str) -> None:
    pictures = LOCK.by_source[source].values()
    share = sum(picture.half == "val" for picture in pictures) / len(pictures)
    assert 0.17 <= share <= 0.23
