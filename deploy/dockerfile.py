"""Reads our own Dockerfiles and .dockerignore. Strict: an instruction it does not know is an error, never skipped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

KNOWN = frozenset(
    ("COPY", "RUN", "WORKDIR", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD")
)


class DockerfileError(Exception):
    """The file says something that this reader doesn't know; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `at` is ``Dockerfile.edge:12``."""

    at: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Stage:
    """FROM and what follows it."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]


def parse_dockerfile(text: str, name: str) -> tuple[Stage, ...]:
    """The stages of a Dockerfile.

    Raises:
        DockerfileError: an instruction that this reader doesn't know.

    >>> parse_dockerfile("FROM a AS b\\nRUN x \\\\\\n  y\\nFROM c", "D")[0].instructions[0].text
    'x y'
    """
    stages: list[Stage] = []
    lines = list(enumerate(text.splitlines(), start=1))
    while lines:
        number, line = lines.pop(0)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        while line.endswith("\\") and lines:
            line = f"{line[:-1].rstrip()} {lines.pop(0)[1].strip()}"
        keyword, _, rest = line.strip().partition(" ")
        if keyword == "FROM":
            base, _, alias = rest.partition(" AS ")
            stages.append(Stage(base.strip(), alias.strip(), ()))
        elif keyword in KNOWN and stages:
            added = Instruction(f"{name}:{number}", keyword, rest.strip())
            stages[-1] = replace(stages[-1], instructions=(*stages[-1].instructions, added))
        else:
            raise DockerfileError(f"{name}:{number}: {keyword}: this walk does not know the instruction")
    return tuple(stages)


def is_ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore's `patterns` keep `path` out: the last pattern that matches it or a parent decides.

    >>> is_ignored("edge/cli.py", ["*", "!edge", "**/*.pyc"]), is_ignored("edge/x.pyc", ["*", "!edge", "**/*.pyc"])
    (False, True)
    """
    parts = path.split("/")
    parents = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    ignored = False
    for pattern in patterns:
        expression = _expression(pattern.removeprefix("!").strip("/"))
        if any(expression.fullmatch(parent) for parent in parents):
            ignored = not pattern.startswith("!")
    return ignored


def read_ignore(path: Path) -> tuple[str, ...]:
    """The patterns of a .dockerignore."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _expression(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    return re.compile(escaped.replace(r"\*", "[^/]*").replace(r"\?", "[^/]"))
