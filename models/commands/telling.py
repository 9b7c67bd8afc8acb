"""What every command of the bench shares: the console, progress, and how errors are told."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from contract.errors import PermanentError, UsageError

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]

console = Console(stderr=True)


def progress_bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)


class Steps:
    """One bar for what is done now; it gives way to the next step's."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None)

    def begin(self, step: str, total: int | None) -> None:
        """`step` comes now; None: nobody knows of how many parts it is."""
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task(step, total=total)

    def advance(self) -> None:
        """One part more is done."""
        self._progress.advance(self._task)

    def reach(self, done: int, of: int) -> None:
        """So many parts are done."""
        self._progress.update(self._task, completed=done, total=of)


class _Rate(ProgressColumn):
    """How many a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.3g}/s" if task.speed else "", style="progress.data.speed")


@contextmanager
def errors_told() -> Iterator[None]:
    """A caller's mistake is one line and exit code 2; a refusal of the world is one line and exit code 1.

    What libraries print goes to standard error: standard output belongs to the result.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except UsageError as error:
        console.print(f"[red]error[/red] {error}", soft_wrap=True)
        sys.exit(2)
    except PermanentError as error:
        console.print(f"[red]error[/red] {error}", soft_wrap=True)
        sys.exit(1)
