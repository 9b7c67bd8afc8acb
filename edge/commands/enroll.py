"""`enroll`: the node gets its keys and learns whom to trust; what it prints is for central's register."""

import json
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from contract.errors import TransientError, UsageError
from contract.ids import NAME_PATTERN, is_name
from contract.keys import MAX_FILE_BYTES, KeyPairs, PublicKeys, enrolment, parse_public_keys
from edge.commands.exits import errors_as_exit_codes
from edge.keys import KEYS_DIR, node_keys, pin_central, pinned_central, renew_keys
from edge.settings import load_node

FETCH_TIMEOUT_S = 10.0
KEYS_PATH = "/api/v1/fleet/keys"


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command("enroll")(enroll_command)


def enroll_command(
    config: Annotated[Path | None, typer.Option(help="The node's configuration: gives node_id and state_dir.")] = None,
    node_id: Annotated[str | None, typer.Option(help="Instead of the file's node_id.")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Instead of the file's state_dir.")] = None,
    central: Annotated[
        str | None, typer.Option(help="Central's public keys: a file, or its address as in http://central:8080.")
    ] = None,
    fingerprint: Annotated[
        str | None, typer.Option(help="Central's fingerprint as `python -m central keys` shows it; asked if not given.")
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="New keys for the node; trust another central.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where the enrolment file goes; standard output if not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output (needs --out).")] = False,
) -> None:
    """Makes the node's key pairs and pins central's, then writes the enrolment file for central's register.

    Run it once, as the user the node runs as. Repeating it changes nothing; --renew replaces keys. Take the file to
    central and run `python -m central enroll-node FILE` there. Central is believed only after its fingerprint was
    compared: read it from the control room's screen, not over the same wire.

    Example:  python -m edge enroll --config node.yaml --central central.keys.json --out node-1.enrolment.json
    """
    with errors_as_exit_codes():
        name, folder = _who(config, node_id, state_dir)
        trusted = None if central is None else _fetch(central)
        if trusted is not None:
            _compare(trusted, fingerprint, pinned_central(folder), renew)
        pairs = renew_keys(folder, name) if renew else node_keys(folder).own
        if trusted is not None:
            pin_central(folder, trusted)
        _hand_over(pairs, name, folder, out, as_json)


def _who(config: Path | None, node_id: str | None, state_dir: Path | None) -> tuple[str, Path]:
    settings = None if config is None else load_node(config)
    name = node_id or (settings.node_id if settings else None)
    folder = state_dir or (settings.state_dir if settings else None)
    if name is None or folder is None:
        raise UsageError("give --config FILE, or both --node-id and --state-dir")
    if not is_name(name):
        raise UsageError(f"--node-id {name!r}: must match {NAME_PATTERN}")
    return name, folder


def _fetch(where: str) -> PublicKeys:
    if not where.startswith(("http://", "https://")):
        try:
            with Path(where).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise UsageError(f"{where}: can't be read ({error.strerror}); give central's key file") from error
    else:
        url = where if urlsplit(where).path.strip("/") else where.rstrip("/") + KEYS_PATH
        try:
            content = httpx.get(url, timeout=FETCH_TIMEOUT_S).raise_for_status().content
        except httpx.HTTPError as error:
            raise TransientError(f"{url}: central's keys can't be fetched ({error})") from error
        where = url
    keys = parse_public_keys(content, where)
    if keys.party != "central":
        raise UsageError(f"{where}: holds the keys of node {keys.name}; central's are wanted")
    return keys


def _compare(keys: PublicKeys, typed: str | None, pinned: PublicKeys | None, renew: bool) -> None:
    """A person's comparison, unless these very keys were compared before."""
    if pinned is not None and pinned.fingerprint == keys.fingerprint:
        return
    if pinned is not None and not renew:
        raise UsageError(
            f"central {pinned.fingerprint} is pinned already, this one is {keys.fingerprint}: "
            "find out why, then repeat with --renew"
        )
    if typed is None:
        if not sys.stdin.isatty():
            raise UsageError("give --fingerprint as central shows it, or run this in a terminal to be asked")
        typer.echo(f"central {keys.name} has fingerprint {keys.fingerprint}", err=True)
        typed = typer.prompt("type the fingerprint that the control room shows", err=True)
    if not keys.has_fingerprint(typed or ""):
        raise UsageError(f"the fingerprint is {keys.fingerprint}, not the one given: this is not the central you mean")


def _hand_over(pairs: KeyPairs, name: str, folder: Path, out: Path | None, as_json: bool) -> None:
    public, trusted = pairs.public("node", name), pinned_central(folder)
    content = enrolment(pairs, name).to_wire().decode() + "\n"
    if out is None:
        sys.stdout.write(content)
    else:
        try:
            out.write_text(content, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{out}: can't be written ({error.strerror})") from error
    facts = {
        "node_id": name,
        "fingerprint": public.fingerprint,
        "central": None if trusted is None else trusted.fingerprint,
        "keys": str(folder / KEYS_DIR),
        "enrolment": None if out is None else str(out),
    }
    if as_json and out is not None:
        sys.stdout.write(json.dumps(facts) + "\n")
        return
    typer.echo(f"node {name}: fingerprint {public.fingerprint}; keys in {facts['keys']}", err=True)
    if trusted is None:
        typer.echo("no central is pinned yet: nothing it sends is believed; repeat with --central", err=True)
