"""The reader of Dockerfiles and .dockerignore, and a walk through a small context of its own."""

import doctest
import os
import sys
from pathlib import Path

import pytest

from deploy import dockerfile
from deploy.dockerfile import DockerfileError, is_ignored, parse_dockerfile
from deploy.image_walk import Report, Walk, WalkError

ALLOW_LIST = ["*", "!edge", "!models/zoo", "**/__pycache__", "**/*.pyc"]


def context(folder: Path, text: str) -> Path:
    """A build context with one Python file and the Dockerfile `text`."""
    here = folder / "context"
    (here / "edge" / "__pycache__").mkdir(parents=True)
    (here / "edge" / "cli.py").write_text("print('here')\n")
    (here / "edge" / "__pycache__" / "cli.pyc").write_text("")
    (here / ".dockerignore").write_text("\n".join(["# a comment", *ALLOW_LIST]))
    (here / "Dockerfile.edge").write_text(text)
    return here


def walk(folder: Path, text: str) -> tuple[Walk, Report]:
    report = Report()
    below = folder / "walked"
    below.mkdir()
    return Walk("edge", below, Path(sys.executable), report, context(folder, text)), report


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(dockerfile).failed == 0


def test_instructions_know_their_line_and_continuations_are_joined() -> None:
    (stage,) = parse_dockerfile("# why\nFROM base AS one\n\nRUN a && \\\n    b\nUSER 7\n", "Dockerfile.x")
    assert (stage.base, stage.name) == ("base", "one")
    assert [(entry.at, entry.name, entry.text) for entry in stage.instructions] == [
        ("Dockerfile.x:4", "RUN", "a && b"),
        ("Dockerfile.x:6", "USER", "7"),
    ]


def test_an_unknown_instruction_is_an_error_not_skipped() -> None:
    with pytest.raises(DockerfileError, match=r"Dockerfile\.x:2: ADD"):
        parse_dockerfile("FROM base\nADD a b\n", "Dockerfile.x")


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("edge/cli.py", False),
        ("edge/deep/er.py", False),
        ("edge/deep/__pycache__/er.pyc", True),
        ("models/zoo/a/manifest.json", False),
        ("models/train.py", True),
        ("README.md", True),
    ],
)
def test_the_last_pattern_that_matches_a_path_or_its_parent_decides(path: str, ignored: bool) -> None:
    assert is_ignored(path, ALLOW_LIST) is ignored


def test_a_walk_moves_paths_copies_what_may_pass_and_keeps_env(tmp_path: Path) -> None:
    text = (
        "FROM base\nRUN mkdir -p /var/state\nWORKDIR /app\nCOPY edge edge\nENV PATH=/app:$PATH A=b\nVOLUME /var/state\n"
    )
    steps, report = walk(tmp_path, text)
    image = steps.run()
    copied = [path.relative_to(image.root).as_posix() for path in image.root.rglob("*") if path.is_file()]
    assert copied == ["app/edge/cli.py"]
    assert image.inside("/var/state").is_dir()
    environment = image.run_environment()
    assert environment["A"] == "b"
    assert environment["PATH"].startswith(f"{image.inside('/app')}:/usr")
    assert set(os.environ) & set(environment) <= {"PATH", "HOME", "LANG"}, "nothing of this machine's environment"
    assert [step.what.split()[0] for step in report.steps if step.outcome == "not walked"] == ["FROM", "VOLUME"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("COPY missing missing", "no such path"),
        ("COPY Dockerfile.edge x", "keeps all of it out"),
        ("RUN false", "ended with code 1"),
        ("COPY --chown=1 edge edge", "does not know --chown=1"),
    ],
)
def test_a_step_that_fails_is_named_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    steps, _ = walk(tmp_path, f"FROM base\n{line}\n")
    with pytest.raises(WalkError, match=rf"Dockerfile\.edge:2: {line.split()[0]}.*{message}"):
        steps.run()
