"""`fleet set` and `fleet diff`: what a node shall run, version by version."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
import yaml

from central.commands.fleet_desk import ByOption, ConfigOption, DatabaseOption, NodeArgument, open_desk
from central.services.fleet import FleetDesk, Order, content_of
from contract.errors import UsageError


def add_to(fleet: typer.Typer) -> None:
    """Registers the commands."""
    fleet.command("set")(set_bundle)
    fleet.command("diff")(diff)


def set_bundle(
    node_id: NodeArgument,
    why: Annotated[str, typer.Option("--why", help="The reason; kept in the history.")],
    bundle: Annotated[Path | None, typer.Option("--bundle", help="YAML: cameras, policies, model, …")] = None,
    back_to: Annotated[int | None, typer.Option("--back-to", help="Set an earlier version's content again.")] = None,
    seal: Annotated[
        list[str] | None,
        typer.Option("--seal", help="Secret to seal to the node; its value in XUNJIE_SECRET_<NAME>. Repeatable."),
    ] = None,
    goes_back_from: Annotated[
        int | None, typer.Option(help="May replace newer versions up to this one (after a restored backup).")
    ] = None,
    by: ByOption = "command line",
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Gives a node its next version: signed, kept, and published by the running service within a second.

    Example:  python -m central fleet set node-1 --bundle node-1.yaml --why "second camera at the crossing"
    """
    if (bundle is None) == (back_to is None):
        raise UsageError("give either --bundle FILE or --back-to VERSION")
    secrets = {name: _secret(name) for name in seal or []}
    with open_desk(config, database_url) as desk:
        content = _read(bundle) if bundle is not None else _earlier(desk, node_id, back_to)
        stored = desk.set_bundle(node_id, Order(content, by, why, secrets, goes_back_from))
    typer.echo(f"node {node_id}: version {stored.version} is set ({stored.sha256[:12]})")


def diff(
    node_id: NodeArgument,
    old: Annotated[int | None, typer.Option(help="Version; by default the one before --new.")] = None,
    new: Annotated[int | None, typer.Option(help="Version; by default the newest.")] = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """What changed between two versions, a line per place."""
    with open_desk(config, database_url) as desk:
        for line in desk.diff(node_id, old, new):
            typer.echo(line)


def _read(path: Path) -> Mapping[str, object]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path}: needs keys such as cameras:, see `python -m central fleet show`")
    return content


def _earlier(desk: FleetDesk, node_id: str, version: int | None) -> Mapping[str, object]:
    found = next((entry for entry in desk.bundles(node_id) if entry.version == version), None)
    if found is None:
        raise UsageError(f"node {node_id} never had version {version}")
    return content_of(found)


def _secret(name: str) -> str:
    variable = "XUNJIE_SECRET_" + name.upper().replace("-", "_").replace(".", "_")
    value = os.environ.get(variable)
    if not value:
        raise UsageError(f"--seal {name}: environment variable {variable} is not set")
    return value
