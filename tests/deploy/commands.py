"""Command lines that documents and manifests show, checked against the programs' own subcommands and flags."""

from collections.abc import Sequence
from typing import Any

import typer.main

from central.cli import cli as central_cli
from edge.cli import app as edge_app

PROGRAMS: dict[str, Any] = {"edge": typer.main.get_command(edge_app), "central": typer.main.get_command(central_cli)}


def check_words(program: str, words: Sequence[str]) -> None:
    """Fails with the word that ``python -m PROGRAM`` doesn't know; values and arguments are not looked at."""
    command = PROGRAMS[program]
    left = list(words)
    while left and hasattr(command, "commands") and not left[0].startswith("-"):
        name = left.pop(0)
        assert name in command.commands, f"python -m {program}: no subcommand {name!r}; has {sorted(command.commands)}"
        command = command.commands[name]
    flags = {flag for parameter in command.params for flag in parameter.opts} | {"--help"}
    unknown = {word.split("=")[0] for word in left if word.startswith("--")} - flags
    assert not unknown, f"python -m {program} {' '.join(words)}: no {sorted(unknown)}; has {sorted(flags)}"
