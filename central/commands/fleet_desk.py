"""What the fleet's commands share: their options, and the desk over central's database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from central.keys import central_keys
from central.logs import configure_logs
from central.services.fleet import FleetDesk, UnknownNode
from central.settings import CentralSettings, load_settings
from central.store.database import Database
from contract.clock import SystemClock
from contract.errors import UsageError

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout, nothing else there.")]
NodeArgument = Annotated[str, typer.Argument(metavar="NODE", help="The node's id.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does this; kept in the history.")]


@contextmanager
def open_desk(config: Path | None, database_url: str | None) -> Iterator[FleetDesk]:
    """The desk, until the block ends.

    Raises:
        UsageError: settings are wrong, or inside the block a node is unknown.
    """
    settings: CentralSettings = load_settings(config, {"database_url": database_url})
    configure_logs(settings.log_format)
    database = Database(settings.database_url)
    database.create()
    try:
        yield FleetDesk(database, lambda: central_keys(settings.keys_folder), SystemClock())
    except UnknownNode as error:
        raise UsageError(f"no {error}; see `python -m central fleet list`") from error
    finally:
        database.close()
