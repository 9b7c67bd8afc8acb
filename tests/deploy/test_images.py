"""What goes into the two images, read from the Dockerfiles."""

import json

import pytest

from deploy.dockerfile import Instruction, Stage, is_ignored, parse_dockerfile, read_ignore
from edge.settings import DEFAULT_MODEL
from tests.house.source import ROOT

MODEL = DEFAULT_MODEL.relative_to(ROOT).as_posix()
NEEDED = {
    "edge": {"LICENSE", "contract", "edge", "configs/edge", MODEL},
    "central": {"LICENSE", "contract", "central", "configs/central", "configs/edge/policies.yaml", "configs/site"},
}
BUILT_WITH: dict[str, set[str]] = {
    "edge": set(),
    "central": {"requirements/node.txt", "package.json", "package-lock.json", ".npmrc", "deploy/libraries.py"},
}
"""What a stage between takes, for the console's libraries."""
NEVER = {"torch", "torchvision", "ultralytics", "opencv-python", "opencv-contrib-python", "iotcore", "pytest", "nncf"}
ROLES = sorted(NEEDED)


def stages(role: str) -> tuple[Stage, ...]:
    name = f"Dockerfile.{role}"
    return parse_dockerfile((ROOT / name).read_text(encoding="utf-8"), name)


def said(stage: Stage, name: str) -> list[Instruction]:
    return [entry for entry in stage.instructions if entry.name == name]


def sources(stage: Stage) -> set[str]:
    """What COPY takes from the repository."""
    return {entry.text.split()[0] for entry in said(stage, "COPY") if not entry.text.startswith("--")}


@pytest.mark.parametrize("role", ROLES)
def test_an_image_holds_what_its_role_needs_and_nothing_else(role: str) -> None:
    builder, *others, final = stages(role)
    assert sources(builder) == {f"requirements/{role}.txt"}
    assert set().union(*map(sources, others)) == BUILT_WITH[role]
    assert sources(final) == NEEDED[role], "COPY and NEEDED differ; the model is the one of edge/settings.py"


@pytest.mark.parametrize("role", ROLES)
def test_what_is_copied_exists_and_passes_the_ignore_file(role: str) -> None:
    patterns = read_ignore(ROOT / ".dockerignore")
    for source in set().union(*map(sources, stages(role))):
        path = ROOT / source
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        kept = [file for file in files if not is_ignored(file.relative_to(ROOT).as_posix(), patterns)]
        assert kept, f"{source}: nothing reaches the build"
        assert not [file for file in kept if file.suffix == ".pyc"]


@pytest.mark.parametrize("path", ["models/cli.py", "datasets/cli.py", "tests/__init__.py", "var/x", ".git/config"])
def test_bench_tests_and_state_never_reach_a_build(path: str) -> None:
    assert is_ignored(path, read_ignore(ROOT / ".dockerignore"))


@pytest.mark.parametrize("role", ROLES)
def test_an_image_runs_its_role_as_an_ordinary_user(role: str) -> None:
    final = stages(role)[-1]
    assert [json.loads(entry.text) for entry in said(final, "ENTRYPOINT")] == [["python", "-m", role]]
    assert [int(entry.text) > 0 for entry in said(final, "USER")] == [True]
    assert "PYTHONPATH=/app" in said(final, "ENV")[0].text.split()
    assert [entry.text for entry in said(final, "VOLUME")] == ["/var/lib/xunjie"]
    assert [entry.text for entry in said(final, "STOPSIGNAL")] == ["SIGTERM"]


@pytest.mark.parametrize("role", ROLES)
def test_requirements_name_no_bench_and_pin_everything(role: str) -> None:
    text = (ROOT / "requirements" / f"{role}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pins = dict(line.split("==") for line in lines)
    assert {name.lower() for name in pins} & NEVER == set()
