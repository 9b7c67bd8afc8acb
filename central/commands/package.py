"""`export-case` and `verify-package`: a case's evidence for somebody else, and the outsider's check of it."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from central.catalogue import load_catalogue, make_law
from central.evidence.folder import FolderStore
from central.keys import central_keys
from central.package.exporting import Exporter, find_case
from central.package.gathering import Gatherer
from central.package.verifying import BrokenPackage, Verified, verify_package
from central.services.reading import Reader
from central.services.sealing import Sealer
from central.settings import load_settings
from central.site import load_site
from central.store.database import Database
from contract.clock import SystemClock
from contract.errors import UsageError
from contract.keys import PublicKeys, parse_public_keys

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    cli.command("export-case")(export_case)
    cli.command("verify-package")(verify)


def export_case(
    case: Annotated[str, typer.Argument(help="The case's id, or its number.", metavar="ID")],
    out: Annotated[Path, typer.Option("--out", help="The ZIP file to write.")],
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    site: Annotated[Path | None, typer.Option("--site", help="The site's file, as for `serve`.")] = None,
    evidence_dir: Annotated[Path | None, typer.Option("--evidence-dir", help="Folder with the pictures.")] = None,
    who: Annotated[str, typer.Option(envvar="USER", help="Who takes it out; stays in the case's history.")] = "unknown",
    as_json: JsonOption = False,
) -> None:
    """Writes a case's evidence package: pictures, manifests, sealed history, judgement and a sheet in two languages.

    The same case in the same state gives the same bytes. Exit 0 written, 1 try again, 2 usage or no such case.

    Example:  python -m central export-case 20260701-00007 --out case.zip
    """
    settings = load_settings(config, {"database_url": database_url, "site": site, "evidence_dir": evidence_dir})
    database = Database(settings.database_url)
    database.must_exist()
    clock, keys, found = SystemClock(), central_keys(settings.keys_folder), load_site(settings.site)
    law = make_law(load_catalogue(settings.violations), found)
    reader = Reader(database, law, found.to_origin())
    sealer = Sealer(database, keys.signing, clock)
    gatherer = Gatherer(database, FolderStore(settings.evidence_dir), reader, sealer, settings.keys_folder)
    case_id = find_case(database, case)
    index = Exporter(database, gatherer, keys.signing, clock).export(case_id, out, who)
    database.close()
    fingerprint = keys.public("central", "central").fingerprint
    if as_json:
        report = {"case_id": case_id, "file": str(out), "files": len(index.files), "missing": len(index.missing)}
        typer.echo(json.dumps(report | {"fingerprint": fingerprint}, ensure_ascii=False))
    else:
        typer.echo(f"{out}: {len(index.files)} files, {len(index.missing)} pictures not at central")
        typer.echo(f"verify with: python -m central verify-package {out.name} --key {fingerprint}")


def verify(
    file: Annotated[Path, typer.Argument(help="The package.", metavar="FILE.zip")],
    key: Annotated[
        str | None,
        typer.Option("--key", help="Central's fingerprint as it was published, or the file from `central keys --out`."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Checks a package without network or database, and names the first thing that is wrong.

    Without --key it proves that the package is whole, but not whose it is: compare the fingerprint that it prints.
    Exit code 0: sound; 1: broken; 2: it can't be read, or --key is none.
    """
    try:
        found = verify_package(file, None if key is None else _matcher(key))
    except BrokenPackage as broken:
        if as_json:
            fault = {"what": broken.what, "file": broken.file, "text": broken.text}
            typer.echo(json.dumps({"intact": False, "fault": fault}, ensure_ascii=False))
        else:
            Console(soft_wrap=True, highlight=False).print("[red]BROKEN[/red]", end=" ")
            typer.echo(f"{broken.what}: {broken}")
        raise typer.Exit(1) from broken
    except OSError as error:
        raise UsageError(f"{file}: can't be read ({error.strerror})") from error
    if as_json:
        typer.echo(json.dumps({"intact": True, "fault": None} | asdict(found), ensure_ascii=False))
    else:
        _print(found)


def _print(found: Verified) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print("[green]SOUND[/green]")
    typer.echo(f"case: {found.number or '–'} {found.case_id}, {found.state}")
    typer.echo(f"history: {found.steps} steps, sealed under {found.checkpoints} signed checkpoints")
    typer.echo(
        f"pictures: {found.pictures}, {found.vouched_pictures} signed by their node, {found.missing_pictures} missing"
    )
    if found.photographs:
        typer.echo(f"photographs: {found.photographs}, named in the history")
    typer.echo(f"central: {found.fingerprint}")
    if not found.is_anchored:
        typer.echo("Compare the fingerprint with the one that the authority has published, or give it with --key.")


def _matcher(text: str) -> "Matcher":
    path = Path(text)
    if os.path.lexists(path):
        try:
            known = parse_public_keys(path.read_bytes(), text)
        except OSError as error:
            raise UsageError(f"--key {text}: can't be read ({error.strerror})") from error
        return Matcher(known.fingerprint)
    plain = "".join(character for character in text.lower() if character.isalnum())
    if len(plain) != 32 or not set(plain) <= set("0123456789abcdef"):
        raise UsageError(f"--key {text}: neither a file nor a fingerprint (eight groups of four hex digits)")
    return Matcher(text)


class Matcher:
    """Whether keys have a fingerprint."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint

    def __call__(self, keys: PublicKeys) -> bool:
        return keys.has_fingerprint(self._fingerprint)
