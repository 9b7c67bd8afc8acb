"""Walks one Dockerfile: a fresh folder stands for each stage's ``/``.

RUN is run with its absolute paths moved into the folder, COPY copies what .dockerignore lets through. What a folder
can't stand for (the base image, useradd, the engine) is reported as *not walked*, never passed over in silence.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.dockerfile import Instruction, is_ignored, parse_dockerfile, read_ignore

ROOT = Path(__file__).resolve().parent.parent
NOT_WALKABLE = frozenset({"apt-get", "useradd", "groupadd"})
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
STEP_TIMEOUT_S = 600.0


class WalkError(Exception):
    """A step that can be walked fails; the message says what was seen."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the report."""

    image: str
    what: str
    outcome: str
    seconds: float


@dataclass(slots=True)
class Image:
    """A stage being walked: the folder that stands for ``/`` and what ENV, USER and the rest have said so far."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": SYSTEM_PATH})
    workdir: Path = Path("/")
    user: int | None = None
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()

    def inside(self, path: str) -> Path:
        """Where the image's `path` lies on this machine."""
        return self.root / (self.workdir / path).relative_to("/")

    def run_environment(self) -> dict[str, str]:
        """The image's ENV with its own folders moved; nothing of this machine's environment."""
        moved = {
            key: ":".join(self._moved(part) for part in value.split(":")) for key, value in self.environment.items()
        }
        return {**moved, "HOME": "/nonexistent", "LANG": "C.UTF-8"}

    def move(self, word: str) -> str:
        """`word` of a RUN with an absolute path moved inside."""
        return str(self.inside(word)) if word.startswith("/") else word

    def _moved(self, part: str) -> str:
        return str(self.inside(part)) if part.startswith("/") and self.inside(part).exists() else part


class Report:
    """Collects steps and says each one as it is done."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    @contextmanager
    def step(self, image: str, what: str) -> Iterator[None]:
        """Times what happens inside; a WalkError is named with `what` and goes on."""
        started_s = time.monotonic()
        try:
            yield
        except WalkError as error:
            raise WalkError(f"{what}: {error}") from error
        self._add(Step(image, what, "ok", round(time.monotonic() - started_s, 1)))

    def not_walked(self, image: str, what: str) -> None:
        self._add(Step(image, what, "not walked", 0.0))

    def _add(self, step: Step) -> None:
        self.steps.append(step)
        seconds = f"{step.seconds:6.1f} s" if step.outcome == "ok" else " " * 8
        print(f"{step.image:8} {step.outcome:10} {seconds}  {step.what}", file=sys.stderr, flush=True)


class Walk:
    """Walks one role's Dockerfile below `folder`; `context` is the folder that an engine would be given."""

    def __init__(self, role: str, folder: Path, python: Path, report: Report, context: Path = ROOT) -> None:
        self._role = role
        self._folder = folder
        self._python = python
        self._report = report
        self._context = context
        self._ignore = read_ignore(context / ".dockerignore")
        self._images: dict[str, Image] = {}

    def run(self) -> Image:
        """All stages in order; gives the last.

        Raises:
            WalkError: a step fails.
        """
        name = f"Dockerfile.{self._role}"
        stages = parse_dockerfile((self._context / name).read_text(encoding="utf-8"), name)
        for index, stage in enumerate(stages):
            image = Image(self._folder / f"{self._role}-{stage.name or index}")
            image.root.mkdir()
            self._images[stage.name or str(index)] = image
            self._report.not_walked(self._role, f"FROM {stage.base}; {self._python} stands in")
            for instruction in stage.instructions:
                try:
                    self._walk(instruction, image)
                except WalkError as error:
                    raise WalkError(f"{instruction.at}: {error}") from error
        return image

    def _walk(self, instruction: Instruction, image: Image) -> None:
        text = instruction.text
        match instruction.name:
            case "RUN":
                for words in _commands(text):
                    self._run(words, image)
            case "COPY":
                with self._report.step(self._role, f"COPY {text}"):
                    self._copy(text, image)
            case "WORKDIR":
                image.workdir = image.workdir / text
                image.inside(".").mkdir(parents=True, exist_ok=True)
            case "ENV":
                for word in shlex.split(text):
                    key, _, value = word.partition("=")
                    image.environment[key] = value.replace("$PATH", image.environment["PATH"])
            case "USER":
                image.user = int(text)
                if os.geteuid() != 0:
                    self._report.not_walked(self._role, f"USER {text}: only root can become it; started as you instead")
            case "ENTRYPOINT":
                image.entrypoint = tuple(json.loads(text))
            case "CMD":
                image.command = tuple(json.loads(text))
            case "HEALTHCHECK":
                image.healthcheck = tuple(json.loads(text[text.index("[") :]))
            case _:
                self._report.not_walked(self._role, f"{instruction.name} {text}")

    def _run(self, words: Sequence[str], image: Image) -> None:
        what = f"RUN {shlex.join(words)}"
        if words[0] in NOT_WALKABLE or (words[0] == "chown" and os.geteuid() != 0):
            self._report.not_walked(self._role, what)
            return
        command = [str(self._python) if words[0] == "python" else image.move(words[0]), *map(image.move, words[1:])]
        with self._report.step(self._role, what):
            run(command, image.inside("."), {**os.environ, "PYTHONPATH": ""})

    def _copy(self, text: str, image: Image) -> None:
        words = text.split()
        flags = [word for word in words if word.startswith("--")]
        source, target = (word for word in words if not word.startswith("--"))
        destination = image.inside(target)
        destination.parent.mkdir(parents=True, exist_ok=True)
        match flags:
            case []:
                self._copy_context(source, destination)
            case [flag] if flag.startswith("--from="):
                origin = self._images[flag.removeprefix("--from=")]
                shutil.copytree(origin.inside(source), destination, symlinks=True, dirs_exist_ok=True)
            case _:
                raise WalkError(f"this walk does not know {' '.join(flags)}")

    def _copy_context(self, source: str, destination: Path) -> None:
        origin = self._context / source
        if not origin.exists():
            raise WalkError(f"{source}: no such path in the repository")
        files = [path for path in (origin.rglob("*") if origin.is_dir() else [origin]) if path.is_file()]
        taken = [path for path in files if not is_ignored(path.relative_to(self._context).as_posix(), self._ignore)]
        if not taken:
            raise WalkError(f"{source}: .dockerignore keeps all of it out")
        for path in taken:
            copy = destination / path.relative_to(origin) if origin.is_dir() else destination
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def run(command: Sequence[str], cwd: Path, environment: Mapping[str, str], user: int | None = None) -> str:
    """What `command` says on standard output.

    Raises:
        WalkError: it ends with another code than 0, or not at all.
    """
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            capture_output=True,
            text=True,
            timeout=STEP_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WalkError(str(error)) from error
    if done.returncode != 0:
        tail = " | ".join((done.stderr or done.stdout).strip().splitlines()[-4:])
        raise WalkError(f"ended with code {done.returncode}: {tail}")
    return done.stdout


def _commands(text: str) -> Iterator[tuple[str, ...]]:
    for part in text.split("&&"):
        yield tuple(shlex.split(part))
