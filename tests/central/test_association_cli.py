"""`associate`, `what-if`, `simulate`, `score`: from files to cases, and what they say of bad files."""

import json
import random
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from central.cli import main


class Here:
    """The command line inside this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.folder = folder
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> CompletedProcess[str]:
        self._monkeypatch.setattr(sys, "argv", ["central", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        return CompletedProcess(arguments, ended.value.code if isinstance(ended.value.code, int) else 0, out, err)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def simulated(self) -> None:
        arguments = ("--events", self.path("e"), "--truth", self.path("t"), "--site", self.path("s.yaml"))
        assert self("simulate", "--seed", "4", "--hours", "0.7", *arguments, "--json").returncode == 0

    def associated(self, events: str = "e") -> list[dict[str, object]]:
        done = self("associate", "--events", self.path(events), "--site", self.path("s.yaml"), "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Here:
    return Here(monkeypatch, capsys, tmp_path)


@pytest.mark.parametrize("command", ["associate", "what-if", "simulate", "score", "score-seeds"])
def test_every_command_has_help(here: Here, command: str) -> None:
    assert "Usage" in here(command, "--help").stdout


def test_a_simulated_hour_is_associated_scored_and_the_order_of_lines_does_not_matter(here: Here) -> None:
    here.simulated()
    lines = here.associated()
    truth = [json.loads(line) for line in (here.folder / "t").read_text(encoding="utf-8").splitlines()]
    assert {line["incident_id"] for line in lines} == {span["incident_id"] for span in truth}
    assert len({line["incident_id"] for line in lines}) == len(lines)
    assert {"incident_id", "camera_id", "case_id", "score", "reason"} <= set(lines[0])
    assert all(line["basis"] == "first" or line["with_incident"] for line in lines)

    events = (here.folder / "e").read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(1).shuffle(events)
    (here.folder / "shuffled").write_text("".join(events), encoding="utf-8")
    late = [dict(line, is_late=False) for line in lines]
    assert [dict(line, is_late=False) for line in here.associated("shuffled")] == late

    (here.folder / "d").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    files = ("--events", here.path("e"), "--truth", here.path("t"), "--decisions", here.path("d"))
    rows = json.loads(here("score", *files, "--json").stdout)
    assert rows[0]["f1"] > max(row["f1"] for row in rows[2:])
    assert "precision" in here("score", *files).stdout


def test_bad_lines_are_named_skipped_and_told_by_the_exit_code(here: Here) -> None:
    here.simulated()
    good = (here.folder / "e").read_text(encoding="utf-8").splitlines()[:3]
    bad = ["", "{nonsense", "[]", '{"specversion": "1.0"}', "x" * 70_000, good[2].replace("Z", "", 1)]
    (here.folder / "mixed").write_text("\n".join([good[0], *bad, good[1]]), encoding="utf-8-sig")
    done = here("associate", "--events", here.path("mixed"), "--json")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    for number, reason in (
        (3, "Invalid JSON"),
        (4, "object"),
        (5, "Field required"),
        (6, "over the limit"),
        (7, "offset"),
    ):
        assert any(f"line {number}: " in line and reason in line for line in done.stderr.splitlines()), (
            number,
            done.stderr,
        )
    assert "5 lines hold no event" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_of_another_kind_does_not_flood_the_screen(here: Here) -> None:
    (here.folder / "photo").write_bytes(bytes(range(256)) * 100)
    done = here("associate", "--events", here.path("photo"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) < 30
    assert "first 20 named above" in done.stderr
    assert "one event as a node sends it" in done.stderr


def test_what_if_shows_what_other_rules_would_do(here: Here) -> None:
    here.simulated()
    (here.folder / "r.yaml").write_text("gate: 0.2\n", encoding="utf-8")
    arguments = ("what-if", "--events", here.path("e"), "--site", here.path("s.yaml"), "--rules")
    told = json.loads(here(*arguments, here.path("r.yaml"), "--json").stdout)
    assert told["cases_then"] > told["cases_today"]
    assert any(len(case["becomes"]) > 1 for case in told["changed"])
    assert "falls into" in here(*arguments, here.path("r.yaml")).stdout
    (here.folder / "same.yaml").write_text("version: same\n", encoding="utf-8")
    assert json.loads(here(*arguments, here.path("same.yaml"), "--json").stdout)["changed"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("associate", "--events", "/nowhere.jsonl"), "can't be read"),
        (("simulate", "--events", "/nowhere/e", "--truth", "/nowhere/t", "--hours", "0.1"), "can't be written"),
        (("simulate", "--events", "e", "--truth", "t", "--world", "mars"), "choose one of"),
        (("score-seeds", "--seeds", "9-3"), "first and last"),
    ],
)
def test_a_wrong_argument_is_one_clear_line_and_exit_2(here: Here, arguments: tuple[str, ...], message: str) -> None:
    done = here(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "message"), [("gate: -1", "gate"), ("gat: 1", "unknown key"), ("groups: {}", "missing")]
)
def test_a_wrong_rules_file_names_the_file_and_the_key(here: Here, text: str, message: str) -> None:
    (here.folder / "e").write_text("", encoding="utf-8")
    (here.folder / "r.yaml").write_text(text, encoding="utf-8")
    done = here("associate", "--events", here.path("e"), "--rules", here.path("r.yaml"))
    assert (done.returncode, "r.yaml" in done.stderr, message in done.stderr) == (2, True, True)


def test_a_foreign_file_is_taken_whole(here: Here) -> None:
    """Other names, unknown fields, no positions, a district far away, disorder and repeats: nobody is lost."""
    here.simulated()
    rng = random.Random(3)
    lines = []
    for number, line in enumerate((here.folder / "e").read_text(encoding="utf-8").splitlines()):
        event = json.loads(line)
        event["vendor"] = {"firmware": "9"}
        event["data"] |= {"node_id": "box.7", "colour": "red", "speed": None}
        event["source"] = "/node/" + event["data"]["node_id"]
        ground = event["data"].get("ground")
        if number % 5 == 0:
            event["data"].pop("ground", None)
        elif ground and event["data"]["camera_id"].startswith("d1-x4"):
            ground["lat"], ground["lon"] = ground["lat"] - 8.0, ground["lon"] + 3.0
        lines += [json.dumps(event)] * (2 if number % 7 == 0 else 1)
    rng.shuffle(lines)
    (here.folder / "foreign").write_text("\n".join(lines), encoding="utf-8")
    done = here("associate", "--events", here.path("foreign"), "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    sent = {json.loads(line)["data"]["incident_id"] for line in lines}
    assert done.returncode == 0, done.stderr
    assert {line["incident_id"] for line in told} == sent
    assert len(told) == len(sent) > len({line["case_id"] for line in told})
