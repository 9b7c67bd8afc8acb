"""`verify`: whether an evidence folder is what its node once swore to; works offline."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from contract.errors import PermanentError, UsageError
from contract.keys import PublicKeys
from edge.commands.exits import errors_as_exit_codes
from edge.evidence.chain import CHAIN_FOLDER
from edge.evidence.signers import noted_signers, read_signer
from edge.evidence.verify import EVENTS_FILE, Verdict, verify

SHOWN = 20
"""Faults and notes that a terminal shows; --json has all."""


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command("verify")(verify_command)


@dataclass(frozen=True, slots=True)
class _Trust:
    """Whose signatures count. `is_pinned`: the keys came another way than with the folder."""

    keys: tuple[PublicKeys, ...]
    is_pinned: bool


def verify_command(
    folder: Annotated[
        Path, typer.Argument(help="An evidence folder, a node's state folder or a replay's --out.", metavar="DIR")
    ],
    key: Annotated[
        list[Path] | None,
        typer.Option("--key", help="The node's public keys, as its enrolment prints them; repeatable (former keys)."),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(help="Lines of events that name manifests; a replay's events.jsonl is found by itself."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Checks an evidence folder: signatures, the chain's links, every picture and sealed original.

    Says what is wrong and which link broke first: missing, altered, unsigned, reordered, repeated, damaged, or a tail
    that was cut off. What retention removed is signed for and no fault. Needs no network and no other file of ours.

    Without --key the public keys beside the chain are used: that shows whether anything changed since it was signed,
    not who signed it.

    Exit 0 when all is as signed, 1 when something is broken, 2 when there is nothing to check.

    Example:  python -m edge verify /var/lib/xunjie --key node-1.keys.json
    """
    with errors_as_exit_codes():
        place = _evidence_folder(folder)
        trust = _trust(place, key or [])
        lines = events or _events_beside(place)
        verdict = _verify(place, trust, lines)
    _tell(place, trust, verdict, as_json)
    if not verdict.is_whole:
        raise typer.Exit(1)


def _evidence_folder(folder: Path) -> Path:
    for place in (folder, folder / "evidence"):
        if (place / CHAIN_FOLDER).is_dir():
            return place
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; check the path")
    raise UsageError(f"{folder}: holds no evidence chain (no {CHAIN_FOLDER}/ in it or in evidence/)")


def _trust(place: Path, files: list[Path]) -> _Trust:
    if files:
        return _Trust(tuple(read_signer(path) for path in files), True)
    found = tuple(noted_signers(place))
    if not found:
        raise UsageError(f"{place / CHAIN_FOLDER}: no public key lies beside the chain; give --key FILE")
    return _Trust(found, False)


def _events_beside(place: Path) -> Path | None:
    path = place.parent / EVENTS_FILE
    return path if path.is_file() else None


def _verify(place: Path, trust: _Trust, events: Path | None) -> Verdict:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task("files", total=None)
        try:
            return verify(
                place,
                [keys.verify_key for keys in trust.keys],
                events,
                on_file=lambda done, total: progress.update(task, completed=done, total=total),
            )
        except OSError as error:
            raise PermanentError(f"{error.filename or place}: can't be read ({error.strerror})") from error


def _tell(place: Path, trust: _Trust, verdict: Verdict, as_json: bool) -> None:
    if as_json:
        content = {
            "folder": str(place),
            "is_whole": verdict.is_whole,
            "signers": [{"name": keys.name, "fingerprint": keys.fingerprint} for keys in trust.keys],
            "is_key_pinned": trust.is_pinned,
            "entries": verdict.entries,
            "manifests": verdict.manifests,
            "pictures": verdict.pictures,
            "originals": verdict.originals,
            "removed": verdict.removed,
            "first_broken": None if verdict.is_whole else _fault_json(verdict, 0),
            "faults": [_fault_json(verdict, index) for index in range(len(verdict.faults))],
            "notes": verdict.notes,
        }
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
        return
    typer.echo(
        f"{place}: {verdict.entries} entries, {verdict.manifests} manifests, {verdict.pictures} pictures and "
        f"{verdict.originals} sealed originals as signed, {verdict.removed} removed by tombstone"
    )
    for keys in trust.keys:
        typer.echo(f"signer: {keys.party} {keys.name}, fingerprint {keys.fingerprint}")
    if not trust.is_pinned:
        typer.echo("the key lay beside the chain: this shows that nothing changed since, not who signed; give --key")
    for note in verdict.notes[:SHOWN]:
        typer.echo(f"note: {note}")
    for index, fault in enumerate(verdict.faults[:SHOWN]):
        where = f"{fault.file}, entry {fault.seq}" if fault.seq < 2**53 else fault.file
        typer.echo(f"{'FIRST BROKEN' if index == 0 else 'broken'}: {fault.breach}: {where}: {fault.what}")
    if len(verdict.faults) > SHOWN:
        typer.echo(f"… and {len(verdict.faults) - SHOWN} more; --json has all")
    typer.echo("whole" if verdict.is_whole else f"{len(verdict.faults)} fault(s)")


def _fault_json(verdict: Verdict, index: int) -> dict[str, object]:
    fault = verdict.faults[index]
    seq = fault.seq if fault.seq < 2**53 else None
    return {"breach": fault.breach.value, "file": fault.file, "seq": seq, "what": fault.what}
