"""`verify-audit`: walks the chain over everything that people and rules did, and names what was touched."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from central.services.auditing import AuditReport, verify
from central.settings import load_settings
from central.store.database import Database
from contract.errors import UsageError
from contract.keys import parse_public_keys, read_key_pairs
from contract.signing import VerifyKey

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]


def add_to(cli: typer.Typer) -> None:
    """Registers the command."""
    cli.command("verify-audit")(verify_audit)


def verify_audit(
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    key: Annotated[
        list[Path] | None,
        typer.Option("--key", help="Central's public keys, now or formerly (`central keys --out`). Repeatable."),
    ] = None,
    expect: Annotated[
        str | None, typer.Option(help="A head noted earlier, SEQ:HASH: proves that nothing was cut off since.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Proves that no step of any case was changed, removed or put in since it was sealed.

    Exit code 0: intact; 1: something was touched, and it says where. Note the head it prints somewhere else: with
    --expect it later proves that nothing was cut from the end.
    """
    expected = _expected(expect)
    settings = load_settings(config, {"database_url": database_url})
    keys = [_public(path) for path in key] if key else [read_key_pairs(settings.keys_folder).signing.public]
    database = Database(settings.database_url)
    database.must_exist()
    with _bar() as progress:
        task = progress.add_task("links", total=None)
        report = verify(
            database, keys, expected, lambda done, of: progress.update(task, completed=done, total=of), _cores()
        )
    database.close()
    if as_json:
        typer.echo(json.dumps(asdict(report) | {"intact": report.is_intact}, ensure_ascii=False))
    else:
        _print(report)
    if not report.is_intact:
        raise typer.Exit(1)


def _print(report: AuditReport) -> None:
    console = Console()
    table = Table(show_header=False, box=None)
    table.add_row("sealed and unchanged", f"{report.sealed:,}")
    table.add_row("deleted by retention", f"{report.deleted_by_retention:,}")
    table.add_row("not sealed yet", f"{report.unsealed:,}")
    table.add_row("touched", f"[{'red' if report.broken else 'green'}]{report.broken:,}[/]")
    table.add_row("signed up to", f"{report.signed_seq:,} of {report.head_seq:,}")
    table.add_row("head", f"{report.head_seq}:{report.head}")
    console.print(table)
    for fault in report.faults:
        console.print(f"[red]{fault.what}[/red] at link {fault.seq}: {fault.text}", soft_wrap=True)
    if report.broken > len(report.faults):
        console.print(f"… and {report.broken - len(report.faults)} more")


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def _public(path: Path) -> VerifyKey:
    try:
        return parse_public_keys(path.read_bytes(), str(path)).verify_key
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); write it with `central keys --out`") from error


def _expected(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    seq, _, chain = text.partition(":")
    if not seq.isdecimal() or len(chain) != 64:
        raise UsageError("--expect: write it as verify-audit printed it, SEQ:HASH")
    return int(seq), chain.lower()


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
