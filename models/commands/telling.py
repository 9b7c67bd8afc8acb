"""What every command of the bench adds to what it shares with the data tools."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from rich.progress import Progress

from datasets.commands import telling


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


@contextmanager
def errors_told() -> Iterator[None]:
    """As the data tools tell them. What libraries print goes to standard error: standard output is the result's."""
    with telling.errors_told(), redirect_stdout(sys.stderr):
        yield
