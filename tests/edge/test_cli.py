"""The real command line: one clear line, the right exit code, never a traceback."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract.events import Event
from edge.cli import app
from edge.settings import DEFAULT_MODEL
from tests.edge.clips import cut, encode_sound
from tests.house.source import ROOT

DONE, FAILED, USAGE = 0, 1, 2


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def edge(*arguments: str | Path, environment: dict[str, str] | None = None) -> Done:
    """The command line in this process, since starting another costs more than most commands."""
    unset: Mapping[str, str | None] = {name: None for name in os.environ if name.startswith("XUNJIE_")}
    environment_now = {**unset, "COLUMNS": "200", "NO_COLOR": "1", **(environment or {})}
    result = CliRunner().invoke(app, [*map(str, arguments)], env=environment_now)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def process(*arguments: str | Path) -> Done:
    """The same as an operator starts it."""
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "edge", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def complaint(done: Done, code: int) -> str:
    """The one line of a failed command."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_missing_clip_and_a_folder_are_usage_errors(tmp_path: Path) -> None:
    missing = complaint(process("replay", tmp_path / "none.mp4", "--out", tmp_path / "out"), USAGE)
    assert missing == f"error: {tmp_path}/none.mp4: no such file; check the path"
    folder = complaint(edge("replay", tmp_path, "--out", tmp_path / "out"), USAGE)
    assert folder == f"error: {tmp_path}: is a folder; give one video file"
    assert not (tmp_path / "out").exists()


def empty(path: Path) -> Path:
    path.touch()
    return path


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (empty, "the file is empty; copy the clip again"),
        (lambda path: write(path, "no video"), "is it complete and a video file?"),
        (encode_sound, "holds no video stream; give a clip with pictures"),
    ],
    ids=["empty", "text", "sound"],
)
def test_what_is_no_clip_fails_by_name_and_remedy(tmp_path: Path, make: Callable[[Path], Path], remedy: str) -> None:
    clip = make(tmp_path / "clip.mp4")
    said = complaint(edge("replay", clip, "--out", tmp_path / "out"), FAILED)
    assert said.startswith(f"error: {clip}: ")
    assert said.endswith(remedy)


def test_a_bad_start_says_how_to_write_one(street_clip: Path, tmp_path: Path) -> None:
    said = complaint(edge("replay", street_clip, "--out", tmp_path, "--start", "yesterday"), USAGE)
    assert "--start yesterday" in said
    assert said.endswith("write it as 2026-07-01T18:30:00+08:00")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("look_every: 1", "look_every: unknown key; remove it or check its spelling"),
        (
            "zones: [{name: kerb, polygon: [[0, 0], [1, 1]]}]",
            "zones[0].polygon: needs at least 3 points, got 2",
        ),
    ],
)
def test_a_configuration_error_names_file_place_and_remedy(
    street_clip: Path, tmp_path: Path, text: str, message: str
) -> None:
    config = write(tmp_path / "look.yaml", text)
    said = complaint(edge("replay", street_clip, "--out", tmp_path / "out", "--config", config), USAGE)
    assert message in said
    assert str(tmp_path) in said


def test_a_model_file_that_was_changed_is_not_loaded(street_clip: Path, tmp_path: Path) -> None:
    """One byte of the weights differs from what the manifest's hash says."""
    model = tmp_path / "model"
    shutil.copytree(DEFAULT_MODEL, model)
    weights = bytearray((model / "int8.bin").read_bytes())
    weights[1000] ^= 1
    (model / "int8.bin").write_bytes(weights)
    said = complaint(edge("replay", street_clip, "--out", tmp_path / "out", "--model", model), USAGE)
    assert f"{model}/int8.bin: sha256 is" in said
    assert said.endswith("fetch the model again")
    assert not (tmp_path / "out").exists()


def test_the_real_model_replays_a_torn_clip_keeps_the_events_and_fails(street_clip: Path, tmp_path: Path) -> None:
    torn = cut(street_clip, tmp_path / "torn.mp4", 0.7)
    policies = write(tmp_path / "p.yaml", "presence: {stall: {look_every_s: 1, share: 0.5, present_after_s: 1,"
                     " gone_after_s: 30, confirm_score: 0}}")  # fmt: skip
    config = write(tmp_path / "look.yaml", f"look_every_s: 1\npolicies: {policies.name}\n")
    done = process("replay", torn, "--out", tmp_path / "out", "--config", config, "--json")
    assert done.returncode == FAILED, done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(r"error: .*torn\.mp4: .*", done.stderr)
    facts = json.loads(done.stdout)
    assert facts["broken_off"] is not None
    assert 3 <= facts["looks"] <= 14
    events = [Event.model_validate_json(line) for line in (tmp_path / "out" / "events.jsonl").read_bytes().splitlines()]
    assert len(events) == facts["events"]
    assert (tmp_path / "out" / "summary.html").is_file()


def test_a_nodes_configuration_is_checked_with_its_secrets() -> None:
    """The committed example with the real model; no secret is repeated."""
    example = ROOT / "configs" / "edge" / "node.yaml"
    secrets = {"XUNJIE_SECRET_CAM_1": "admin:hunter2-word", "XUNJIE_SECRET_NODE_TOKEN": "token-word"}
    good = edge("check-config", example, "--json", environment=secrets)
    assert good.returncode == DONE, good.stderr
    assert json.loads(good.stdout)["cameras"] == ["cam-1", "cam-2"]
    assert "hunter2" not in good.stdout + good.stderr
