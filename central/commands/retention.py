"""`retention`: takes away what is older than its class allows, or says what would go."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from central.commands.database import ConfigOption, DatabaseOption, JsonOption, opened
from central.evidence.folder import FolderStore
from central.retention import Retention
from central.settings import load_settings
from contract.clock import SystemClock


def add_to(cli: typer.Typer) -> None:
    """Registers the command."""
    cli.command("retention")(retention)


def retention(
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    evidence_dir: Annotated[Path | None, typer.Option("--evidence-dir", help="Folder of the pictures.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Take nothing away; count what would go.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Takes away what is older than its class allows; `serve` does so once a day.

    The classes and their days stand under `retention` in the configuration file. What a person has seen stays at
    least 30 days; a case that waits for somebody, or whose thing still stands there, keeps everything; an event's
    identity stays for ever. Deleted steps leave their digest and a tombstone in the audit chain.
    """
    settings = load_settings(config, {"database_url": database_url, "evidence_dir": evidence_dir})
    clock = SystemClock()
    console = Console(stderr=True)
    with opened(settings.database_url) as database, console.status("retention") as status:
        database.must_exist()
        database.create()
        job = Retention(database, FolderStore(settings.evidence_dir), settings.retention, clock)
        swept = job.run(clock.now(), dry_run, lambda what: status.update(f"retention: {what}"))
    facts: dict[str, object] = {"dry_run": dry_run, **asdict(swept)}
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for key, value in facts.items():
        typer.echo(f"{key}: {value}")
