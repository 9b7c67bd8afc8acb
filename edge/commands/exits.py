"""How a command of the node ends: 0 done, 1 failed, 2 usage or configuration; one line, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from contract.errors import PermanentError, TransientError, UsageError


@contextmanager
def errors_as_exit_codes() -> Iterator[None]:
    """Turns our errors into a line on stderr and an exit code."""
    try:
        yield
    except UsageError as error:
        fail(str(error), 2)
    except (TransientError, PermanentError) as error:
        fail(str(error), 1)


def fail(message: str, code: int) -> NoReturn:
    """Says `message` on stderr and ends the command.

    Raises:
        typer.Exit: always.
    """
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)
