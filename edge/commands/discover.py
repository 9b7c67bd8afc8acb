"""`discover`: which cameras are on the network, what they send, and the `cameras:` block for node.yaml."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table

from contract.clock import SystemClock
from contract.errors import UsageError
from edge.commands.exits import errors_as_exit_codes
from edge.discovery.probing import probe, targets
from edge.discovery.suggest import cameras_block, remarks
from edge.discovery.values import Camera
from edge.settings import secret_value


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command("discover")(discover_command)


def discover_command(
    at: Annotated[
        list[str] | None,
        typer.Option(help="Ask these instead of everybody: 192.0.2.7, 192.0.2.0/24 or 192.0.2.10-192.0.2.40.[:PORT]"),
    ] = None,
    interface: Annotated[str | None, typer.Option(help="Own address of the network card to ask through.")] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="How long to wait for answers.")] = 4.0,
    secret: Annotated[
        str | None, typer.Option(help="Name of the secret with user:password, as in node.yaml: XUNJIE_SECRET_<NAME>.")
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for user and password here instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Finds ONVIF cameras, asks each for its streams and prints what to paste into node.yaml.

    Most cameras tell their streams only to a user: make one that may only watch. Passwords are never an argument (other
    users of the machine could read it) and are never printed.
    Exit 0 when at least one camera answered, 1 when none did.

    Example:  XUNJIE_SECRET_CAMS=watcher:… python -m edge discover --at 192.0.2.0/24 --secret cams
    """
    with errors_as_exit_codes():
        from edge.discovery.asking import ask_all  # SOAP takes a second to import; no other command needs it

        credentials = _credentials(secret, ask)
        where = [target for text in at or () for target in targets(text)]
        devices = probe(where, interface, seconds, SystemClock())
        cameras = ask_all(devices, credentials)
    _tell(cameras, secret or ("cams" if ask else None), as_json)
    raise typer.Exit(0 if cameras else 1)


def _credentials(secret: str | None, ask: bool) -> str | None:
    if secret is not None and ask:
        raise UsageError("give --secret or --ask, not both")
    if secret is not None:
        return secret_value(secret)
    if not ask:
        return None
    user = typer.prompt("user", err=True)
    return f"{user}:{typer.prompt('password', hide_input=True, err=True)}"


def _tell(cameras: Sequence[Camera], secret: str | None, as_json: bool) -> None:
    block = cameras_block(cameras, secret)
    notes = [line for camera in cameras for line in remarks(camera)]
    if as_json:
        report = {"cameras": [asdict(camera) for camera in cameras], "suggested": block, "remarks": notes}
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
        return
    if not cameras:
        typer.echo("nobody answered; where multicast does not pass, name addresses: --at 192.0.2.0/24", err=True)
        return
    Console(stderr=True).print(_table(cameras))
    for line in notes:
        typer.echo(f"# {line}", err=True)
    if block:
        typer.echo("# to paste into node.yaml; `python -m edge probe` measures one of them")
        typer.echo(yaml.safe_dump({"cameras": block}, sort_keys=False, allow_unicode=True).rstrip())


def _table(cameras: Sequence[Camera]) -> Table:
    table = Table("address", "camera", "stream", "size", "pictures/s", "key frames", "url")
    for camera in cameras:
        name = " ".join(word for word in (camera.maker, camera.model) if word) or camera.device.name or "?"
        for stream in camera.streams:
            every = stream.key_every_s
            table.add_row(
                camera.device.address,
                name,
                f"{stream.profile} {stream.codec}",
                f"{stream.width_px} × {stream.height_px}",
                "?" if stream.pictures_per_s is None else f"{stream.pictures_per_s:.0f}",
                "?" if every is None else f"each {every:.1f} s",
                stream.url,
            )
        if not camera.streams:
            table.add_row(camera.device.address, name, "–", "", "", "", camera.problem)
    return table
