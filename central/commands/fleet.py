"""`keys`, `enroll-node` and `fleet …`: who the nodes are, what each shall run, and how it stands."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from central.artifacts import Artifacts, add_model
from central.keys import central_keys, public_keys, renew_central_keys, write_public
from central.logs import configure_logs
from central.services.fleet import FleetDesk, Order, UnknownNode, content_of
from central.services.fleet_views import NodeView, RequestView, bundle_view, request_view
from central.settings import CentralSettings, load_settings
from central.store.database import Database
from contract.clock import SystemClock
from contract.errors import UsageError
from contract.keys import read_enrolment
from contract.requests import Ask, CalibrationPicture, FreshFrame, Original

fleet = typer.Typer(help="The nodes: what each shall run, what it runs, what is asked of it.", no_args_is_help=True)

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout, nothing else there.")]
NodeArgument = Annotated[str, typer.Argument(metavar="NODE", help="The node's id.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does this; kept in the history.")]


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    cli.command("keys")(keys_command)
    cli.command("enroll-node")(enroll_node)
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
    with _desk(config, database_url) as desk:
        desk.enrol(keys, renew)
    typer.echo(f"node {keys.name} is enrolled; compare its fingerprint with the node's screen: {keys.fingerprint}")


@fleet.command("list")
def list_nodes(config: ConfigOption = None, database_url: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Every node and how it stands."""
    with _desk(config, database_url) as desk:
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
    with _desk(config, database_url) as desk:
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


@fleet.command("set")
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
    with _desk(config, database_url) as desk:
        content = _read(bundle) if bundle is not None else _earlier(desk, node_id, back_to)
        stored = desk.set_bundle(node_id, Order(content, by, why, secrets, goes_back_from))
    typer.echo(f"node {node_id}: version {stored.version} is set ({stored.sha256[:12]})")


@fleet.command("diff")
def diff(
    node_id: NodeArgument,
    old: Annotated[int | None, typer.Option(help="Version; by default the one before --new.")] = None,
    new: Annotated[int | None, typer.Option(help="Version; by default the newest.")] = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """What changed between two versions, a line per place."""
    with _desk(config, database_url) as desk:
        for line in desk.diff(node_id, old, new):
            typer.echo(line)


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
    with _desk(config, database_url) as desk:
        rows = desk.history(node_id, camera, limit)
    for row in rows:
        if as_json:
            typer.echo(json.dumps(asdict(row), default=_instant, ensure_ascii=False))
        else:
            typer.echo(f"{row.at:%Y-%m-%d %H:%M:%S}Z  {row.camera_id or '(node)':16} {row.state:10} {row.detail}")


@fleet.command("request")
def request(
    node_id: NodeArgument,
    kind: Annotated[str, typer.Argument(help="fresh-frame, calibration-picture or original.")],
    camera: Annotated[str | None, typer.Option(help="For fresh-frame and calibration-picture.")] = None,
    preset: Annotated[str | None, typer.Option(help="For a camera that turns.")] = None,
    sha256: Annotated[str | None, typer.Option(help="For original: the redacted picture's hash.")] = None,
    case: Annotated[str | None, typer.Option(help="For original: the case it is needed for.")] = None,
    reason: Annotated[str | None, typer.Option(help="For original: why; logged here and on the node.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=10_080, help="Expires after.")] = 10,
    by: ByOption = "command line",
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Asks a node for a picture; `fleet requests` shows the answer."""
    ask = _ask(kind, {"camera_id": camera, "preset": preset, "sha256": sha256, "case_id": case, "reason": reason})
    with _desk(config, database_url) as desk:
        asked = desk.ask(node_id, ask, by, timedelta(minutes=minutes))
    typer.echo(asked.model_dump_json() if as_json else f"asked {node_id}: request {asked.request_id}")


@fleet.command("requests")
def requests(
    node: Annotated[str | None, typer.Option(help="Only of this node.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """What was asked, by whom and why, and what came back; newest first."""
    with _desk(config, database_url) as desk:
        found = [request_view(entry) for entry in desk.requests(node, limit)]
    for entry in found:
        typer.echo(entry.model_dump_json() if as_json else _request_line(entry))


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


@contextmanager
def _desk(config: Path | None, database_url: str | None) -> Iterator[FleetDesk]:
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


def _ask(kind: str, given: dict[str, str | None]) -> Ask:
    kinds: dict[str, type[FreshFrame | CalibrationPicture | Original]] = {
        "fresh-frame": FreshFrame,
        "calibration-picture": CalibrationPicture,
        "original": Original,
    }
    if kind not in kinds:
        raise UsageError(f"{kind}: ask for one of {', '.join(kinds)}")
    fields: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    try:
        return kinds[kind].model_validate(fields, extra="forbid")
    except ValueError as error:
        raise UsageError(f"{kind}: {' '.join(str(error).split())}") from error


def _row(node: NodeView) -> tuple[str, ...]:
    def version(number: int | None) -> str:
        return "—" if number is None else str(number)

    state = node.state.value if node.state else "never heard"
    why = "; ".join(node.reasons)
    return (node.node_id, state, node.drift.value, version(node.wanted_version), version(node.runs_version), why)


def _request_line(entry: RequestView) -> str:
    asked, reply = entry.request, entry.reply
    why = f" because “{asked.ask.reason}”" if isinstance(asked.ask, Original) else ""
    said = f": {reply.reason}" if reply is not None and reply.reason else ""
    return (
        f"{asked.issued_at:%Y-%m-%d %H:%M}Z {asked.node_id} {asked.ask.kind} by {asked.by}{why} → {entry.state}{said}"
    )


def _instant(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
