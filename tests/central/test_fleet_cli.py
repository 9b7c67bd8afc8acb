"""The fleet on the command line: keys, enrolment, bundles, requests; a mistake is one line and changes nothing."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from central.cli import cli
from contract.errors import UsageError
from contract.keys import KeyPairs, enrolment
from edge.settings import DEFAULT_MODEL
from tests.house.source import ROOT

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    config = tmp_path / "central.yaml"
    config.write_text(
        yaml.safe_dump({"database_url": f"sqlite:///{tmp_path}/c.db", "evidence_dir": str(tmp_path / "evidence")})
    )

    def call(*arguments: str) -> str:
        done = CliRunner().invoke(cli, [*arguments, "--config", str(config)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    # The runner closes its stderr; a logger that was told to write there would fail every later test.
    monkeypatch.setattr("central.commands.fleet_desk.configure_logs", lambda _format: None)
    return call


def write_bundle(path: Path, *cameras: str, **more: Any) -> str:
    content = {"cameras": [{"camera_id": name, "source": f"rtsp://192.0.2.1/{name}"} for name in cameras]} | more
    path.write_text(yaml.safe_dump(content))
    return str(path)


def test_keys_are_made_once_and_their_fingerprint_stays(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "central.keys.json"
    first = json.loads(run("keys", "--json", "--out", str(out)))
    assert json.loads(run("keys", "--json"))["fingerprint"] == first["fingerprint"]
    assert json.loads(out.read_bytes())["party"] == "central"
    assert json.loads(run("keys", "--json", "--renew"))["fingerprint"] != first["fingerprint"]
    assert len(list((tmp_path / "keys").glob("former-*/sign.pem"))) == 1


def test_a_nodes_life_on_the_command_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = KeyPairs.generate()
    (tmp_path / "node-1.json").write_bytes(enrolment(node, "node-1").to_wire())
    assert node.public("node", "node-1").fingerprint in run("enroll-node", str(tmp_path / "node-1.json"))
    monkeypatch.setenv("XUNJIE_SECRET_CAM_1", "u:hunter2")
    first = write_bundle(tmp_path / "1.yaml", "cam-1")
    second = write_bundle(tmp_path / "2.yaml", "cam-1", "cam-2")
    run("fleet", "set", "node-1", "--bundle", first, "--why", "first", "--seal", "cam-1")
    run("fleet", "set", "node-1", "--bundle", second, "--why", "second", "--by", "wang.li")
    assert 'cameras.cam-2.camera_id: — → "cam-2"' in run("fleet", "diff", "node-1")
    assert "sealed_secrets.cam-1" in run("fleet", "diff", "node-1")
    run("fleet", "set", "node-1", "--back-to", "1", "--why", "no second camera yet")
    shown = json.loads(run("fleet", "show", "node-1", "--json"))
    assert [entry["version"] for entry in shown["bundles"]] == [3, 2, 1]
    assert [camera["camera_id"] for camera in shown["content"]["cameras"]] == ["cam-1"]
    assert "hunter2" not in json.dumps(shown)
    assert "wang.li: second" in run("fleet", "show", "node-1")
    (listed,) = json.loads(run("fleet", "list", "--json"))
    assert (listed["drift"], listed["wanted_version"]) == ("waiting", 3)
    assert "waiting" in run("fleet", "list")
    asked = json.loads(run("fleet", "request", "node-1", "fresh-frame", "--camera", "cam-1", "--json").splitlines()[-1])
    assert asked["ask"] == {"kind": "fresh_frame", "camera_id": "cam-1"}
    case = asked["request_id"]
    run("fleet", "request", "node-1", "original", "--sha256", "a" * 64, "--case", case, "--reason", "an appeal")
    assert "because “an appeal” → open" in run("fleet", "requests")
    assert run("fleet", "history", "node-1") == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fleet", "show", "node-9"], "no node node-9; see"),
        (["fleet", "diff", "node-9"], "no bundle of node node-9"),
        (["fleet", "set", "node-1", "--why", "x"], "either --bundle FILE or --back-to"),
        (["fleet", "set", "node-1", "--why", "x", "--bundle", "none.yaml"], "can't be read"),
        (["fleet", "set", "node-1", "--why", "x", "--bundle", "LIST"], "needs keys such as cameras:"),
        (["fleet", "set", "node-1", "--why", "x", "--bundle", "BAD"], "cameras.0.source: "),
        (["fleet", "set", "node-1", "--why", "x", "--bundle", "GOOD", "--seal", "cam-1"], "XUNJIE_SECRET_CAM_1"),
        (["fleet", "request", "node-1", "selfie"], "ask for one of fresh-frame"),
        (["fleet", "request", "node-1", "original", "--sha256", "abc"], "original: "),
        (["enroll-node", "BAD"], "is no enrolment file"),
        (["fleet", "add-model", "none"], "give a model folder"),
    ],
)
def test_a_mistake_is_said_and_changes_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("LIST").write_text("- 1\n")
    Path("BAD").write_text("cameras: [{camera_id: c, source: 'rtsp://u:p@h/'}]\n")
    write_bundle(Path("GOOD"), "cam-1")
    with pytest.raises(UsageError) as caught:
        run(*arguments)
    assert words in str(caught.value)
    assert json.loads(run("fleet", "list", "--json")) == []


@pytest.mark.skipif(not (DEFAULT_MODEL / "manifest.json").is_file(), reason="no model in this checkout")
def test_a_model_folder_is_taken_in_whole(run: Run, tmp_path: Path) -> None:
    sha256 = run("fleet", "add-model", str(DEFAULT_MODEL)).strip()
    kept = {path.name for path in (tmp_path / "artifacts").glob("??/*")}
    assert sha256 in kept
    assert len(kept) >= 4, "manifest, weights, golden file and picture"
    archive = tmp_path / "node.tar"
    archive.write_bytes(b"x" * 100)
    assert run("fleet", "add-software", str(archive)).split()[1] == "100"


def test_a_command_in_a_process_of_its_own_says_json_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "central", "fleet", "request", "node-1", "fresh-frame", "--camera", "c", "--json"]
    (tmp_path / "central.yaml").write_text(f"database_url: sqlite:///{tmp_path}/c.db\nevidence_dir: {tmp_path}/e\n")
    done = subprocess.run(
        [*command, "--config", str(tmp_path / "central.yaml")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["node_id"] == "node-1"
    assert "asked a node" in done.stderr
