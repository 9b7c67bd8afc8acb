"""`python -m central open-original`: a sealed picture, for a case and with a reason."""

import os
from pathlib import Path
from typing import Annotated

import structlog
import typer

from central.keys import central_keys
from central.services.originals import OPENINGS_FILE, Opening, open_original
from central.settings import load_settings
from contract.clock import SystemClock
from contract.errors import PermanentError, UsageError
from contract.keys import read_key_pairs

_log = structlog.get_logger(__name__)


def add_to(cli: typer.Typer) -> None:
    """Registers the command."""
    cli.command("open-original")(open_original_command)


def open_original_command(
    sealed: Annotated[Path, typer.Argument(help="The sealed file, as a node sent it.", metavar="FILE")],
    sha256: Annotated[str, typer.Option(help="The redacted picture's hash.")],
    case: Annotated[str, typer.Option(help="The case it is needed for.")],
    reason: Annotated[str, typer.Option(help="Why; stays in the record.")],
    out: Annotated[Path, typer.Option(help="Where the picture goes; readable by you alone.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")
    ] = None,
    who: Annotated[str, typer.Option(envvar="USER", help="Who opens it.")] = "unknown",
) -> None:
    """Opens a sealed original with central's key, and records who did, for which case and why.

    Exit 0 opened, 1 none of the keys opens it, 2 usage.

    Example:  python -m central open-original 3f….sealed --sha256 3f… --case 2026-0117 --reason "appeal" --out 3f.jpg
    """
    try:
        folder = load_settings(config, {}).keys_folder
        present = central_keys(folder).sealing
        former = [read_key_pairs(path).sealing for path in sorted(folder.glob("former-*"))]
        opening = Opening(sha256, case, reason, who)
        picture = open_original(sealed.read_bytes(), opening, [present, *former], folder / OPENINGS_FILE, SystemClock())
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(picture)
    except OSError as error:
        typer.echo(f"error: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    except (UsageError, PermanentError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, UsageError) else 1) from error
    _log.info("an original was opened", sha256=sha256, case_id=case, who=who)
    typer.echo(f"{out}: opened and recorded")
