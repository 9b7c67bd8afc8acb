"""The command line: help everywhere, one clear line for what is wrong, and the exit codes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from central.cli import main
from tests.central.parts import Parts
from tests.central.served import ROOT


def central(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "central", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


class Here:
    """The command line inside this process; only for commands that start nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self._monkeypatch.setattr(sys, "argv", ["central", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        code = ended.value.code
        return subprocess.CompletedProcess(arguments, code if isinstance(code, int) else 0, out, err)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(monkeypatch, capsys)


def written(folder: Path, text: str) -> str:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("command", [(), ("serve",), ("check-config",), ("dead-letters",), ("dead-letters", "replay")])
def test_every_command_has_help(here: Here, command: tuple[str, ...]) -> None:
    answer = here(*command, "--help")
    assert answer.returncode == 0
    assert "Usage" in answer.stdout


def test_check_config_reads_every_example(here: Here) -> None:
    for site in sorted((ROOT / "configs" / "site").glob("*.yaml")):
        config = ROOT / "configs" / "central" / "central.yaml"
        answer = here("check-config", "--config", str(config), "--site", str(site), "--json")
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout)["violations"] == 15


ZONE = "zones: [{id: z, kind: %s, name: {zh: 区, en: z}, polygon: {local_m: %s}%s}]"
SQUARE = "[[0, 0], [1, 0], [1, 1]]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ZONE % ("bbq_site", "[[0, 0], [1, 0]]", ""), "zones[0].polygon.local_m: needs at least 3 points, got 2"),
        (ZONE % ("playground", SQUARE, ""), "zones[0].kind"),
        (ZONE % ("bbq_site", SQUARE, ", hours: [late]"), "'late' is not a span of hours"),
        ("timezone: Mars/Olympus", "write it as Asia/Shanghai"),
        ("zone: []", "zone: unknown key"),
        ("zones: [", "not valid YAML"),
        ("- 1", "should be"),
    ],
)
def test_a_wrong_site_file_is_one_clear_line_and_exit_2(here: Here, tmp_path: Path, text: str, message: str) -> None:
    answer = here("check-config", "--site", written(tmp_path, text))
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--database-url", "nonsense"), "sqlite:///"),
        (("--database-url", "mysql://x/y"), "not supported"),
        (("--database-url", "sqlite:////proc/nowhere/central.db"), "can't be opened for writing"),
        (("--mqtt-url", "http://x"), "mqtt://host:1883"),
        (("--mqtt-url", "mqtt://x:99999"), "mqtt url"),
        (("--config", "/nowhere.yaml"), "can't be read"),
        (("--evidence-dir", "/proc/nowhere"), "evidence folder"),
        (("--port", "99999"), "port"),
    ],
)
def test_a_wrong_flag_is_one_clear_line_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    fine = ("--database-url", f"sqlite:///{tmp_path}/c.db", "--evidence-dir", f"{tmp_path}/e", "--port", "0")
    answer = central("serve", *fine, *arguments)
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.strip().count("\n") == 0


def test_a_port_in_use_is_said_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = central("serve", "--port", port, "--database-url", f"sqlite:///{tmp_path}/c.db")
    assert answer.returncode == 2
    assert f"127.0.0.1:{port}" in answer.stderr
    assert "--port" in answer.stderr


def test_a_short_token_is_refused(tmp_path: Path) -> None:
    answer = central("serve", "--database-url", f"sqlite:///{tmp_path}/c.db", XUNJIE_OPERATOR_TOKEN="short")
    assert answer.returncode == 2
    assert "operator_token" in answer.stderr
    assert "short" not in answer.stderr.replace("too_short", "")


def test_dead_letters_are_listed_shown_and_replayed(here: Here, file_parts: Parts, tmp_path: Path) -> None:
    file_parts.link.push("xunjie/v1/node/node-1/event/live", b"{nonsense")
    file_parts.run()
    database = ("--database-url", f"sqlite:///{tmp_path}/central.db")
    assert "Invalid JSON" in here("dead-letters", "list", *database).stdout
    (letter,) = json.loads(here("dead-letters", "list", "--json", *database).stdout)["items"]
    assert "{nonsense" in here("dead-letters", "show", str(letter["id"]), *database).stdout
    refused = here("dead-letters", "replay", str(letter["id"]), *database)
    assert (refused.returncode, "still refused" in refused.stderr) == (1, True)
    assert here("dead-letters", "show", "99", *database).returncode == 2
