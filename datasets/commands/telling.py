"""What every command of the data tools shares: the console, progress, and how errors are told."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from contract.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]

console = Console(stderr=True)


def progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


@contextmanager
def errors_told() -> Iterator[None]:
    """A caller's mistake is told without a traceback and ends the program with exit code 2."""
    try:
        yield
    except UsageError as error:
        console.print(f"[red]error[/red] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)
