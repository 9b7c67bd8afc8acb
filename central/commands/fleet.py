"""`keys`, `enroll-node` and `fleet …`: who the nodes are, what each shall run, and how it stands."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table

from central.artifacts import Artifacts, add_model
from central.commands import fleet_bundles, fleet_requests
from central.commands.fleet_desk import ConfigOption, DatabaseOption, JsonOption, NodeArgument, open_desk
from central.keys import central_keys, public_keys, renew_central_keys, write_public
from central.services.fleet import content_of
from central.services.fleet_views import NodeView, bundle_view
from central.settings import load_settings
from contract.errors import UsageError
from contract.keys import read_enrolment

fleet = typer.Typer(help="The nodes: what each shall run, what it runs, what is asked of it.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    cli.command("keys")(keys_command)
    cli.command("enroll-node")(enroll_node)
    fleet_bundles.add_to(fleet)
    fleet_requests.add_to(fleet)
    cli.add_typer(fleet, name="fleet")


def keys_command(
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option(help="Where the file for the nodes goes.")] = None,
    renew: Annotated[bool, typer.Option("--renew", help="New keys; every node must then be enrolled anew.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Makes central's keys if there are none, and shows the fingerprint that installers compare.

    Example:  python -m central keys --out central.keys.json
    """
    folder = load_settings(config, {}).keys_folder
    keys = public_keys(renew_central_keys(folder) if renew else central_keys(folder))
    if out is not None:
        write_public(out, keys)
    facts = {"fingerprint": keys.fingerprint, "keys": str(folder), "file": None if out is None else str(out)}
    typer.echo(json.dumps(facts) if as_json else f"fingerprint {keys.fingerprint}\nkeys in {folder}")


def enroll_node(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `python -m edge enroll --out` wrote.")],
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    renew: Annotated[bool, typer.Option("--renew", help="The node was set up anew: take its new keys.")] = False,
) -> None:
    """Takes a node into the register, so that secrets can be sealed to it and its evidence verified."""
    try:
        keys = read_enrolment(file.read_bytes(), str(file))
    except OSError as error:
        raise UsageError(f"{file}: can't be read ({error.strerror})") from error
    with open_desk(config, database_url) as desk:
        desk.enrol(keys, renew)
    typer.echo(f"node {keys.name} is enrolled; compare its fingerprint with the node's screen: {keys.fingerprint}")


@fleet.command("list")
def list_nodes(config: ConfigOption = None, database_url: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Every node and how it stands."""
    with open_desk(config, database_url) as desk:
        nodes = desk.nodes()
    if as_json:
        typer.echo(json.dumps([node.model_dump(mode="json") for node in nodes], ensure_ascii=False))
        return
    table = Table("node", "state", "stands", "shall run", "runs", "why")
    for node in nodes:
        table.add_row(*_row(node))
    Console().print(table)


@fleet.command("show")
def show_node(
    node_id: NodeArgument, config: ConfigOption = None, database_url: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """One node: its versions, what it reports, and its newest bundle as a file to change and set again."""
    with open_desk(config, database_url) as desk:
        node = desk.node(node_id)
        bundles = desk.bundles(node_id) if node.wanted_version is not None else []
    if as_json:
        versions = [bundle_view(entry).model_dump(mode="json") for entry in bundles]
        content = content_of(bundles[0]) if bundles else None
        typer.echo(json.dumps({"node": node.model_dump(mode="json"), "bundles": versions, "content": content}))
        return
    typer.echo("  ".join(_row(node)))
    for entry in bundles:
        typer.echo(f"  version {entry.version}  {entry.made_at:%Y-%m-%d %H:%M}Z  {entry.made_by}: {entry.why}")
    if bundles:
        typer.echo("---")
        typer.echo(yaml.safe_dump(content_of(bundles[0]), allow_unicode=True, sort_keys=False))


@fleet.command("history")
def history(
    node_id: NodeArgument,
    camera: Annotated[str | None, typer.Option(help="Only this camera.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """How a node and its cameras stood, newest first: a row per change."""
    with open_desk(config, database_url) as desk:
        rows = desk.history(node_id, camera, limit)
    for row in rows:
        if as_json:
            typer.echo(json.dumps(asdict(row), default=_instant, ensure_ascii=False))
        else:
            typer.echo(f"{row.at:%Y-%m-%d %H:%M:%S}Z  {row.camera_id or '(node)':16} {row.state:10} {row.detail}")


@fleet.command("add-model")
def add_model_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A model folder with a manifest.json.")],
    config: ConfigOption = None,
) -> None:
    """Makes a model available to nodes, and prints the hash that a bundle's `model` names."""
    typer.echo(add_model(Artifacts(load_settings(config, {}).artifacts_folder), folder))


@fleet.command("add-software")
def add_software(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="The node software as a tar.")],
    config: ConfigOption = None,
) -> None:
    """Makes node software available, and prints the hash and size that a bundle's `software` names."""
    sha256 = Artifacts(load_settings(config, {}).artifacts_folder).add(archive)
    typer.echo(f"{sha256} {archive.stat().st_size}")


def _row(node: NodeView) -> tuple[str, ...]:
    def version(number: int | None) -> str:
        return "—" if number is None else str(number)

    state = node.state.value if node.state else "never heard"
    why = "; ".join(node.reasons)
    return (node.node_id, state, node.drift.value, version(node.wanted_version), version(node.runs_version), why)


def _instant(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
