"""INT8 ships only where it costs little; a model folder appears whole; calibration pictures are chosen by rule."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from contract.errors import UsageError
from contract.manifest import Int8Drop
from models.cli import app
from models.machine import instruction_sets
from models.publishing.attempts import ORDER, Attempt, attempts
from models.publishing.calibration import choose, read_list, write_list
from models.publishing.drop import judge
from models.publishing.finished_run import read_run
from models.publishing.folder import made_whole
from models.quantise import KeptFloat, Overflow


def drop(label: str, high: float | None, instances: int = 150, sets: tuple[str, ...] = ("avx2",)) -> Int8Drop:
    return Int8Drop(
        label=label,
        instances=instances,
        fp32_ap50=0.6,
        int8_ap50=0.59,
        drop=0.01,
        low=-0.01,
        high=high,
        instruction_sets=sets,
    )


def test_one_class_that_may_drop_too_far_keeps_int8_back() -> None:
    verdict = judge([drop("smoke", 0.02), drop("flame", 0.031)])
    assert not verdict.may_ship
    assert verdict.worst is not None
    assert verdict.worst.label == "flame"


def test_a_drop_on_an_older_processor_counts_as_much() -> None:
    assert not judge([drop("smoke", 0.02, sets=("avx2", "vnni")), drop("smoke", 0.05, sets=("avx2",))]).may_ship


def test_rare_classes_are_told_but_not_gated() -> None:
    """With 99 boxes the interval is wider than the limit whatever INT8 does."""
    verdict = judge([drop("stall", 0.2, instances=99), drop("grill", None)])
    assert verdict.may_ship
    assert "no class has 100 boxes" in verdict.told


def test_three_points_are_allowed() -> None:
    assert judge([drop("smoke", 0.03)]).may_ship


def test_settings_are_tried_in_order_unless_the_caller_insists() -> None:
    assert attempts(None, None) == ORDER
    assert {entry.overflow for entry in attempts(Overflow.ALL_LAYERS, None)} == {Overflow.ALL_LAYERS}
    assert attempts(Overflow.NONE, KeptFloat.HEAD) == (Attempt(Overflow.NONE, KeptFloat.HEAD),)


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, tuple[Path, ...]]:
    """Two sources, of six and of two pictures."""
    found = {}
    for source, count in (("fires", 6), ("signs", 2)):
        (tmp_path / source).mkdir()
        paths = tuple(tmp_path / source / f"{source}{k}.png" for k in range(count))
        for k, path in enumerate(paths):
            cv2.imwrite(str(path), np.full((4, 4, 3), 20 * k, np.uint8))
        found[source] = paths
    return found


def test_calibration_takes_as_many_of_each_source_while_they_last(pictures: dict[str, tuple[Path, ...]]) -> None:
    chosen = choose(pictures, 6)
    assert sorted(path.parent.name for path in chosen) == ["fires"] * 4 + ["signs"] * 2
    backwards = {name: tuple(reversed(paths)) for name, paths in reversed(pictures.items())}
    assert choose(backwards, 6) == chosen


def test_a_calibration_list_is_read_back_and_moves_with_its_pictures(
    pictures: dict[str, tuple[Path, ...]], tmp_path: Path
) -> None:
    write_list(choose(pictures, 5), "plan trial", tmp_path / "calibration.json")
    read = read_list(tmp_path / "calibration.json")
    assert len(read.pictures) == 5
    assert read.told == "5 training pictures of plan trial"
    tmp_path.rename(tmp_path.with_name("moved"))
    assert read_list(tmp_path.with_name("moved") / "calibration.json").sha256 == read.sha256


def test_a_changed_calibration_picture_is_named(pictures: dict[str, tuple[Path, ...]], tmp_path: Path) -> None:
    write_list(pictures["signs"], "plan trial", tmp_path / "calibration.json")
    cv2.imwrite(str(pictures["signs"][1]), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(UsageError, match=r"signs1\.png: listed in .* but missing or changed"):
        read_list(tmp_path / "calibration.json")


def test_a_failed_export_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "model"
    out.mkdir()
    (out / "MODEL.md").write_text("written by hand")
    with pytest.raises(RuntimeError), made_whole(out) as part:
        (part / "manifest.json").write_text("{}")
        raise RuntimeError
    assert [path.name for path in out.iterdir()] == ["MODEL.md"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_new_folder_replaces_the_old_one_but_for_its_card(tmp_path: Path) -> None:
    out = tmp_path / "model"
    out.mkdir()
    (out / "MODEL.md").write_text("written by hand")
    (out / "stale.bin").write_text("old")
    with made_whole(out) as part:
        (part / "manifest.json").write_text("{}")
    assert {path.name for path in out.iterdir()} == {"MODEL.md", "manifest.json"}
    assert (out / "MODEL.md").read_text() == "written by hand"


def test_an_export_killed_between_its_two_renames_is_put_right_by_the_next(tmp_path: Path) -> None:
    old = tmp_path / ".model.old"
    old.mkdir()
    (old / "MODEL.md").write_text("written by hand")
    with made_whole(tmp_path / "model") as part:
        (part / "manifest.json").write_text("{}")
    assert (tmp_path / "model" / "MODEL.md").read_text() == "written by hand"


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no training run"):
        read_run(tmp_path)
    (tmp_path / "train.txt").write_text("")
    (tmp_path / "provenance.json").write_text(json.dumps({"plan": {}}))
    with pytest.raises(UsageError, match="give --weights"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("flags\t\t: fpu avx2\nflags\t\t: fpu avx2\n", ("avx2",)),
        ("flags : avx2 avx_vnni", ("avx2", "vnni")),
        ("flags : avx2 avx512bw avx512_vnni amx_int8", ("avx2", "avx512", "vnni", "amx")),
        ("Features : fp asimd asimddp", ("dotprod",)),
        ("", ()),
    ],
)
def test_instruction_sets_are_read_from_the_kernel(cpuinfo: str, expected: tuple[str, ...]) -> None:
    assert instruction_sets(cpuinfo) == expected


@pytest.mark.parametrize("command", ["calibration", "drop", "costs"])
def test_every_publishing_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_a_drop_without_pictures_is_refused() -> None:
    result = CliRunner().invoke(app, ["drop", "--model", "models/zoo/default"])
    assert result.exit_code == 2
    assert "nothing to judge on" in result.output
