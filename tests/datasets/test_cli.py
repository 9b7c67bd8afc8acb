"""The data tools' commands teach, print JSON when asked, and tell a mistake without a traceback."""

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract.errors import UsageError
from datasets.catalogue import DEFAULT_CATALOGUE, Entry, entry_named, read_catalogue
from datasets.cli import app
from datasets.manifest import read_manifest
from tests.datasets.builders import write_source
from tests.datasets.test_import import yolo

COMMANDS = ("import", "audit", "split", "export", "manifest", "catalogue")
CATALOGUE = read_catalogue(DEFAULT_CATALOGUE)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    return write_source(tmp_path / "street", {f"p{number:02}": ["0 0.5 0.5 0.2 0.2"] for number in range(10)})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output


def test_from_another_tools_export_to_a_lock_and_out_again(tmp_path: Path) -> None:
    def run(*arguments: str) -> dict[str, object]:
        result = CliRunner().invoke(app, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        facts: dict[str, object] = json.loads(result.stdout)
        return facts

    theirs, ours = str(yolo(tmp_path / "theirs")), str(tmp_path / "data" / "ours")
    lock, manifest = str(tmp_path / "split.lock.json"), str(tmp_path / "manifest.jsonl")
    renames = ("--rename", "flame=fire", "--rename", "smoke=smoke")
    made = run("import", theirs, "--out", ours, "--exhaustive-for", " smoke,", "--licence", "CC0", *renames)
    assert (made["pictures"], made["exhaustive_for"]) == (2, ["smoke"])
    written = run("manifest", ours, "--out", manifest)
    assert written["dataset_hash"] == made["dataset_hash"]
    assert run("manifest", ours, "--verify", manifest)["dataset_hash"] == made["dataset_hash"]
    split = run("split", ours, "--lock", lock)
    assert split["sources"] == {"ours": {"train": 1, "val": 1}}
    locked = str(tmp_path / "locked.jsonl")
    run("manifest", ours, "--lock", lock, "--out", locked)
    assert {record.split for record in read_manifest(Path(locked)).records} == {"train", "val"}
    assert all(record.scene for record in read_manifest(Path(locked)).records)
    assert run("export", ours, "--lock", lock, "--format", "coco", "--out", str(tmp_path / "coco"))["pictures"] == 2


def test_a_changed_set_fails_its_manifest(street: Path, tmp_path: Path) -> None:
    manifest = str(tmp_path / "manifest.jsonl")
    assert CliRunner().invoke(app, ["manifest", str(street), "--out", manifest]).exit_code == 0
    (street / "labels" / "p03.txt").write_text("")
    result = CliRunner().invoke(app, ["manifest", str(street), "--verify", manifest])
    assert result.exit_code == 2
    assert "the dataset changed: 1 changed (street/images/p03.png)" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "gone", "--out", "x"], "gone: no such file or folder"),
        (["import", "gone", "--format", "coco", "--out", "x"], "gone: no such file or folder"),
        (["import", ".", "--format", "voc", "--out", "x"], "no .xml files"),
        (["import", ".", "--format", "yolo", "--out", "x", "--scene", "("], "no regular expression"),
        (["split", "--lock", "x.json"], "give either --plan or one or more folders"),
        (["split", "gone", "--lock", "x.json"], "no source.json"),
        (["split", "--plan", "gone.yaml", "--lock", "x.json"], "gone.yaml: can't be read"),
        (["export", "gone", "--format", "yolo", "--out", "x"], "no source.json"),
        (["manifest", "gone"], "give either --out"),
        (["audit", "gone"], "no source.json"),
        (["catalogue", "gone"], "'gone' is not in the catalogue; there are: own-city"),
    ],
)
def test_a_mistake_is_told_and_ends_with_two(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []


def test_a_split_that_fails_leaves_the_old_lock(street: Path, tmp_path: Path) -> None:
    lock = tmp_path / "split.lock.json"
    assert CliRunner().invoke(app, ["split", str(street), "--lock", str(lock)]).exit_code == 0
    before = lock.read_bytes()
    (street / "images" / "p03.png").write_bytes((street / "images" / "p04.png").read_bytes())
    assert CliRunner().invoke(app, ["split", str(street), "--lock", str(lock)]).exit_code == 2
    assert lock.read_bytes() == before
    assert CliRunner().invoke(app, ["split", str(street), "--lock", str(lock), "--relock"]).exit_code == 0
    assert lock.read_bytes() != before


def test_the_catalogue_is_listed_and_told() -> None:
    listed = CliRunner().invoke(app, ["catalogue", "--json"])
    names = [entry["name"] for entry in json.loads(listed.stdout)]
    assert {"own-city", "d-fire", "fasdd", "pyro-sdis", "flame", "taco"} <= set(names)
    assert CliRunner().invoke(app, ["catalogue"]).exit_code == 0
    told = CliRunner().invoke(app, ["catalogue", "d-fire"])
    assert "CC0 1.0" in told.output
    with pytest.raises(UsageError, match="not in the catalogue"):
        entry_named(CATALOGUE, "nobody")


@pytest.mark.parametrize("entry", [entry for entry in CATALOGUE.entries if entry.import_command], ids=lambda e: e.name)
def test_the_catalogues_commands_are_commands_we_have(
    entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(entry.import_command)
    assert words[:4] == ["python", "-m", "datasets", "import"]
    output = " ".join(CliRunner().invoke(app, words[3:]).output.split())
    assert "no such file or folder" in output, "every option is known; only the pictures are missing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entries: []", "entries: needs at least 1 items"),
        ("entries: [{name: A}]", "entries[0].name"),
        ("sources: []", "sources: unknown key"),
    ],
)
def test_a_bad_catalogue_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_catalogue(path)
    assert message in str(caught.value)
