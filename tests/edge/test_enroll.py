"""Enrolling: keys made once, central believed only after its fingerprint was compared."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from central.keys import central_keys, public_keys, renew_central_keys, write_public
from contract.keys import read_enrolment
from edge.cli import app
from edge.keys import node_keys, pinned_central


@pytest.fixture
def central(tmp_path: Path) -> Path:
    path = tmp_path / "central.keys.json"
    write_public(path, public_keys(central_keys(tmp_path / "central")))
    return path


def enroll(state: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["enroll", "--node-id", "node-7", "--state-dir", str(state), *more])


def print_of(tmp_path: Path) -> str:
    return public_keys(central_keys(tmp_path / "central")).fingerprint


def test_a_node_gets_keys_and_hands_over_their_public_halves(tmp_path: Path, central: Path) -> None:
    out = tmp_path / "node-7.json"
    made = enroll(
        tmp_path / "s", "--central", str(central), "--fingerprint", print_of(tmp_path), "--out", str(out), "--json"
    )
    assert made.exit_code == 0, made.output
    facts = json.loads(made.stdout)
    enrolled = read_enrolment(out.read_bytes(), "out")
    assert (enrolled.name, enrolled.fingerprint) == ("node-7", facts["fingerprint"])
    keys = node_keys(tmp_path / "s")
    assert keys.own.public("node", "node-7") == enrolled
    assert keys.central is not None
    assert keys.central.fingerprint == facts["central"] == print_of(tmp_path)


def test_enrolling_again_changes_nothing_and_asks_nothing(tmp_path: Path, central: Path) -> None:
    first = enroll(tmp_path / "s", "--central", str(central), "--fingerprint", print_of(tmp_path))
    again = enroll(tmp_path / "s", "--central", str(central))
    assert (first.exit_code, again.exit_code) == (0, 0), again.output
    assert first.stdout == again.stdout


def test_a_wrong_or_missing_fingerprint_pins_nothing(tmp_path: Path, central: Path) -> None:
    for more, words in ((["--fingerprint", "0000-1111"], "not the central you mean"), ([], "give --fingerprint")):
        refused = enroll(tmp_path / "s", "--central", str(central), *more)
        assert refused.exit_code == 2
        assert words in refused.stderr
    assert pinned_central(tmp_path / "s") is None


def test_another_central_is_trusted_only_with_renew(tmp_path: Path, central: Path) -> None:
    enroll(tmp_path / "s", "--central", str(central), "--fingerprint", print_of(tmp_path))
    old = node_keys(tmp_path / "s").own.signing.key_id
    write_public(central, public_keys(renew_central_keys(tmp_path / "central")))
    refused = enroll(tmp_path / "s", "--central", str(central), "--fingerprint", print_of(tmp_path))
    assert refused.exit_code == 2
    assert "--renew" in refused.stderr
    renewed = enroll(tmp_path / "s", "--central", str(central), "--fingerprint", print_of(tmp_path), "--renew")
    assert renewed.exit_code == 0, renewed.output
    keys = node_keys(tmp_path / "s")
    assert keys.central is not None
    assert keys.central.fingerprint == print_of(tmp_path)
    assert keys.own.signing.key_id != old
    assert (tmp_path / "s/keys/former" / f"{old}.json").is_file()


def test_a_nodes_own_file_is_no_central(tmp_path: Path) -> None:
    path = tmp_path / "node.json"
    path.write_bytes(node_keys(tmp_path / "x").own.public("node", "n").to_wire())
    for given, words in ((path, "central's are wanted"), (tmp_path / "none", "can't be read")):
        refused = enroll(tmp_path / "s", "--central", str(given), "--fingerprint", "0")
        assert refused.exit_code == 2
        assert words in refused.stderr


def test_the_configuration_names_node_and_folder(tmp_path: Path) -> None:
    config = tmp_path / "node.yaml"
    config.write_text("node_id: box-3\nstate_dir: state\ncameras: [{camera_id: c, source: scene:demo/cam-1}]\n")
    made = CliRunner().invoke(app, ["enroll", "--config", str(config)])
    assert made.exit_code == 0, made.output
    assert read_enrolment(made.stdout.encode(), "out").name == "box-3"
    assert (tmp_path / "state/keys/sign.pem").is_file()
    assert CliRunner().invoke(app, ["enroll"]).exit_code == 2
