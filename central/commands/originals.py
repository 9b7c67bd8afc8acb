"""`python -m central open-original`: a sealed picture, for a case and with a reason."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import structlog
import typer

from central.domain.people import Refusal
from central.keys import unseal_keys
from central.package.exporting import find_case
from central.services.hashing import Hasher
from central.services.originals import OPENINGS_FILE, Opening, open_original, require_grounds
from central.services.people import PeopleDesk, UnknownPerson
from central.services.revealing import OPENED, history_entry
from central.settings import load_settings
from central.store import cases
from central.store.database import Database
from contract.clock import SystemClock
from contract.errors import PermanentError, UsageError

_log = structlog.get_logger(__name__)


def add_to(cli: typer.Typer) -> None:
    """Registers the command."""
    cli.command("open-original")(open_original_command)


def open_original_command(
    sealed: Annotated[Path, typer.Argument(help="The sealed file, as a node sent it.", metavar="FILE")],
    sha256: Annotated[str, typer.Option(help="The redacted picture's hash.")],
    case: Annotated[str, typer.Option(help="The case it is needed for, by its number or id.")],
    reason: Annotated[str, typer.Option(help="Why; stays in the record.")],
    who: Annotated[str, typer.Option(help="Whose account opens it; `operator` for a service.")],
    out: Annotated[Path, typer.Option(help="Where the picture goes; readable by you alone.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
    ] = None,
) -> None:
    """Opens a sealed original with central's key, and records who did, for which case and why.

    Exit 0 opened, 1 none of the keys opens it, 2 usage, or the account may not.

    Example:  python -m central open-original 3f….sealed --sha256 3f… --case 20260117-3 --who 王五
        --reason "appeal of 3 July" --out 3f.jpg
    """
    try:
        settings = load_settings(config, {"database_url": database_url})
        folder = settings.keys_folder
        opening = _allowed(Opening(sha256, case, reason, who), settings.database_url)
        log = folder / OPENINGS_FILE
        picture = open_original(sealed.read_bytes(), opening, unseal_keys(folder), log, SystemClock())
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(picture)
    except OSError as error:
        typer.echo(f"error: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    except UnknownPerson as error:
        typer.echo(f"error: who: nobody is called {error}", err=True)
        raise typer.Exit(2) from error
    except Refusal as error:
        typer.echo(f"error: who: {error}", err=True)
        raise typer.Exit(2) from error
    except (UsageError, PermanentError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, UsageError) else 1) from error
    _log.info("an original was opened", sha256=sha256, case_id=opening.case, who=opening.who)
    typer.echo(f"{out}: opened and recorded")


def _allowed(wanted: Opening, database_url: str) -> Opening:
    """With the case's id and the account's proper name; noted in the log of access and in the case's history."""
    require_grounds(wanted)
    database = Database(database_url)
    try:
        database.create()
        case_id = find_case(database, wanted.case)
        desk = PeopleDesk(database, Hasher(), SystemClock())
        who = desk.let_open(wanted.who, case_id, {"sha256": wanted.sha256, "reason": wanted.reason})
        allowed = replace(wanted, case=case_id, who=who.name)
        with database.write(beside_others=True) as connection:
            cases.append(connection, history_entry(OPENED, allowed, who.roles, SystemClock().now()))
    finally:
        database.close()
    return allowed
