"""Days of the simulated street: the timetable, the truth, the matching and the recordings on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract.errors import UsageError
from contract.taxonomy import Context, Seen
from edge.rules.perspective import PosedPerspective
from edge.rules.policy import Policies
from models.street_days.filed import owner_of
from models.street_days.matching import Worth, judge_camera
from models.street_days.missed import Why, why_missed
from models.street_days.report import row
from models.street_days.rerun import as_a_node_sees, pose_of, rerun
from models.street_days.run import parse_seeds, part_of
from models.street_days.script import ACT_MARK, DAY, DRILL, street_act, units
from models.street_days.store import Crops, Detections, Facts, Objects, Recording, is_done, read, write
from models.street_days.truth import true_incidents
from tests.edge.fakes import MANIFEST, policy

STALL = (0.2, 0.4, 0.4, 0.7)
OTHER = (0.7, 0.4, 0.9, 0.7)
POLICIES = Policies(presence={Seen.STALL: policy(look_every_s=5, present_after_s=60, gone_after_s=120)})
MEANS: dict[str, Seen | Context] = {"stall": Seen.STALL, "person": Context.PERSON}


def recording(boxes: list[tuple[float, float, float, float]], act: int = 0) -> Recording:
    """Five minutes in which a stall truly stands at STALL and the detector boxes `boxes` in every look."""
    looks_s = act * 900.0 + np.arange(0.0, 300.0, 2.0)
    truth_s = looks_s[::5]
    count = len(looks_s)
    return Recording(
        Facts(1000, "cam-1", act, "day", "clear", "0" * 64, 1.0, 1.0, 1.0),
        looks_s,
        np.zeros(count, np.bool_),
        Detections(
            np.repeat(np.arange(count, dtype=np.int32), len(boxes)),
            np.array(["stall"] * count * len(boxes), np.str_),
            np.full(count * len(boxes), 0.8, np.float32),
            np.tile(np.array(boxes, np.float32).reshape(-1, 4), (count, 1)),
        ),
        Objects(
            np.repeat(truth_s, 2),
            np.array(["stall-0", ""] * len(truth_s), np.str_),
            np.array(["stall", "~tarpaulin"] * len(truth_s), np.str_),
            np.ones(2 * len(truth_s), np.float32),
            np.tile(np.array([STALL, OTHER], np.float32), (len(truth_s), 1)),
        ),
        Crops(np.zeros(0, np.int32), np.zeros((0, 4), np.float32), np.zeros((0, 32, 32, 3), np.uint8)),
    )


def test_the_same_seed_and_act_give_the_same_timetable_and_acts_differ() -> None:
    def spans(act: int) -> list[tuple[str, float, float]]:
        actors = street_act(1007, act).world.actors
        timed = [actor for actor in actors if ACT_MARK in actor.identity]
        return [(actor.identity, actor.schedule.from_s, actor.schedule.until_s) for actor in timed]

    assert spans(0) == spans(0)
    assert {name.split(ACT_MARK)[1] for name, _, _ in spans(3)} <= {"3"}
    for act in (0, 3):
        assert all(act * 900 <= begins and ends <= (act + 1) * 900 for _, begins, ends in spans(act))


def test_units_are_balanced_over_conditions_from_the_first() -> None:
    todo = list(units(1000, 1040, 2, 2, DAY))
    first = [unit.condition for unit in todo[: len({unit.condition for unit in todo})]]
    assert len(set(first)) == len(first), "every weather comes once before any comes twice"
    assert [unit.act for unit in todo] == sorted(unit.act for unit in todo)
    assert len({unit.name for unit in todo}) == len(todo)
    assert next(iter(units(1000, 1000, None, 1, DRILL))).timetable.act_s == 200.0


def test_a_found_stall_and_a_tarpaulin_taken_for_one_are_told_apart() -> None:
    entry = [recording([STALL, OTHER])]
    verdict = judge_camera(entry, rerun(entry, MEANS, POLICIES, None), true_incidents(entry, POLICIES))
    worths = sorted((found.worth, found.is_of) for found in verdict.verdicts)
    assert worths == [(Worth.FALSE, "tarpaulin"), (Worth.TRUE, "stall")]
    figures = row("all", [verdict], (Seen.STALL,))
    assert (figures.found, figures.asked, figures.false, figures.patrol_s) == (1, 1, 1, 60.0)
    assert figures.false_high > figures.false_per_day > 0
    assert (figures.false_standing, figures.later_per_day) == (1, 0.0), "it stood there from the first look on"


def test_a_calibrated_camera_knows_that_nothing_is_as_high_as_that() -> None:
    """The same box again and again, far higher than a stall where its foot stands."""
    presence = POLICIES.presence[Seen.STALL].model_copy(update={"height_m": (0.3, 3.6)})
    entry = [recording([(0.2, 0.02, 0.4, 0.7)])]
    height_m = PosedPerspective(pose_of(entry[0])).height_m((0.2, 0.02, 0.4, 0.7))
    assert height_m is not None and height_m > 3.6 * 1.3
    policies = Policies(presence={Seen.STALL: presence})
    assert len(rerun(entry, MEANS, policies, None)) == 1
    assert not rerun(entry, MEANS, policies, None, surveyed=True)


def test_judged_is_what_a_node_under_these_policies_would_be_given() -> None:
    """A recording holds fainter boxes, for policies to try; what no gate lets in at a node contests nothing here."""
    entry = recording([STALL, OTHER])
    entry.detections.score[::2] = 0.12
    stall = MANIFEST.classes[0].model_copy(update={"label": "stall", "means": Seen.STALL, "threshold": 0.3})
    manifest = MANIFEST.model_copy(update={"classes": (stall,)})
    lower = Policies(presence={Seen.STALL: POLICIES.presence[Seen.STALL].model_copy(update={"gate": 0.1})})
    count = len(entry.detections.score)
    assert len(as_a_node_sees(entry, manifest, POLICIES).detections.look) == count / 2
    assert len(as_a_node_sees(entry, manifest, lower).detections.look) == count


def test_a_missed_stall_is_missed() -> None:
    entry = [recording([])]
    verdict = judge_camera(entry, rerun(entry, MEANS, POLICIES, None), true_incidents(entry, POLICIES))
    assert row("all", [verdict]).recall == 0.0


def test_why_a_stall_was_missed_is_said() -> None:
    """No box at all; or a box in half of the looks, of which the rules want more."""
    blind, half = [recording([])], [recording([STALL])]
    half[0].detections.score[:] = 0.1
    for entry, why in ((blind, Why.NO_BOX), (half, Why.FAINT)):
        verdict = judge_camera(entry, rerun(entry, MEANS, POLICIES, None), true_incidents(entry, POLICIES))
        assert why_missed(verdict, entry, MEANS, POLICIES.presence) == {(Seen.STALL, why): 1}


def test_a_seating_is_one_incident_and_found_by_anything_that_is_its() -> None:
    """Two tables stand there and one is boxed: the strict figure counts both, the city files one."""
    entry = recording([STALL])
    names = np.array(["seating-0-0", "seating-0-1"] * (len(entry.objects.at_s) // 2), np.str_)
    entry = replace(entry, objects=replace(entry.objects, identity=names))
    entry.objects.label[:] = "stall"
    found = row(
        "all", [judge_camera([entry], rerun([entry], MEANS, POLICIES, None), true_incidents([entry], POLICIES))]
    )
    assert (found.found, found.asked, found.incidents_found, found.incidents) == (1, 2, 1, 1)
    assert owner_of("seating-2-3.parasol@4") == owner_of("seating-2-1@4") != owner_of("seating-2-1@5")
    assert owner_of("ground-fire-3.smoke@0") == "ground-fire-3@0"


def test_what_is_falsely_told_of_again_at_its_place_is_filed_once() -> None:
    """A tarpaulin that is taken for a stall, then hidden for longer than a stall stays remembered, then again."""
    entry = recording([OTHER])
    entry.detections.score[60:90] = 0.0
    policies = Policies(presence={Seen.STALL: policy(look_every_s=5, present_after_s=30, gone_after_s=40, gate=0.1)})
    found = row(
        "all", [judge_camera([entry], rerun([entry], MEANS, policies, None), true_incidents([entry], policies))]
    )
    assert (found.false, found.false_filed) == (2, 1)


def test_a_gap_between_recordings_starts_anew() -> None:
    near, far = [recording([STALL]), recording([STALL], 1)], [recording([STALL]), recording([STALL], 5)]
    assert len(rerun(near, MEANS, POLICIES, None)) == 1
    assert len(rerun(far, MEANS, POLICIES, None)) == 2


def test_a_recording_comes_back_from_disk_and_a_broken_one_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "1000" / "cam-1" / "act-00.npz"
    made = recording([STALL])
    write(path, made)
    back = read(path)
    assert back.facts == made.facts and np.array_equal(back.detections.box, made.detections.box)
    assert is_done(path, "0" * 64) and not is_done(path, "1" * 64)
    path.write_bytes(path.read_bytes()[:-400])
    assert not is_done(path, "0" * 64)
    assert not is_done(tmp_path / "none.npz", "0" * 64)


@pytest.mark.parametrize("text", ["3000", "3000..2999", "a..b", "..5"])
def test_a_wrong_range_of_seeds_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError, match=r"3000\.\.3399"):
        parse_seeds(text)


def test_parts_of_a_run_share_nothing_and_leave_nothing_out() -> None:
    todo = list(units(1000, 1005, None, 2, DAY))
    parts = [unit.name for k in (1, 2, 3) for unit in part_of(todo, f"{k}/3")]
    assert sorted(parts) == sorted(unit.name for unit in todo)


@pytest.mark.parametrize("text", ["", "0/2", "3/2", "1", "a/b"])
def test_a_wrong_part_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError, match="1/2 and 2/2"):
        part_of([], text)
