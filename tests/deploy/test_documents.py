"""README, guides and changelog: links resolve, commands exist, and both languages show the same ones."""

import re
from pathlib import Path

import pytest

from tests.deploy.commands import check_words
from tests.house.source import ROOT

FRONT = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md"]
DOCUMENTS = sorted([*FRONT, *(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))])
PAIRS = [name for name in DOCUMENTS if name.replace(".md", ".zh-CN.md") in DOCUMENTS]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code(name: str) -> list[str]:
    """What stands in backticks and in indented blocks; a block's remark after two spaces is cut off."""
    content = text(name)
    blocks = [re.split(r"\s{2,}", line.strip())[0] for line in content.splitlines() if line.startswith("    ")]
    return [*re.findall(r"`([^`\n]+)`", content), *blocks]


def commands(name: str, program: str) -> list[list[str]]:
    found = (re.search(rf"python -m {program}\b(.*)", piece) for piece in code(name))
    return [match.group(1).split() for match in found if match is not None]


def verbs(name: str) -> list[str]:
    """Every X of ``make X``."""
    lines = (piece.split()[1:] for piece in code(name) if piece.startswith("make "))
    return [word for words in lines for word in words if "=" not in word]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_relative_links_resolve(name: str) -> None:
    here = (ROOT / name).parent
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text(name)):
        if "://" not in target:
            path = (here / target).resolve()
            assert path.exists(), f"{name}: {target}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_programs_know_every_command_line(name: str) -> None:
    for program in ("edge", "central"):
        for words in commands(name, program):
            check_words(program, words)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_knows_every_verb(name: str) -> None:
    known = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert set(verbs(name)) <= known


@pytest.mark.parametrize("name", DOCUMENTS)
def test_configuration_that_a_command_names_exists(name: str) -> None:
    own = {"configs/edge/my-node.yaml"}  # the reader's own copy
    named = {word for piece in code(name) for word in re.findall(r"configs/[\w/.-]+\.(?:yaml|conf)", piece)}
    assert [path for path in sorted(named - own) if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_test_command_is_the_one_that_ci_runs(name: str) -> None:
    command = text(".ci/run").rstrip().splitlines()[-1]
    assert command.startswith("make ")
    assert f"\n    {command}\n" in text(name)


@pytest.mark.parametrize("name", PAIRS)
def test_both_languages_show_the_same_commands(name: str) -> None:
    other = name.replace(".md", ".zh-CN.md")
    for program in ("edge", "central"):
        assert commands(name, program) == commands(other, program)
    assert verbs(name) == verbs(other)


def test_every_guide_is_there_in_both_languages() -> None:
    assert {Path(name).stem for name in PAIRS} == {"README", "installer", "operator", "developer"}
