"""`accept-view`: what a camera shows from now on is right; told to the running node over its own page on loopback."""

from typing import Annotated

import httpx
import typer

from contract.errors import TransientError, UsageError
from edge.commands.exits import errors_as_exit_codes
from edge.status_page.server import ACCEPT_HEADER

TIMEOUT_S = 5.0


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command("accept-view")(accept_view)


def accept_view(
    camera_id: Annotated[str, typer.Argument(help="The camera, as the node's settings name it.")],
    address: Annotated[
        str, typer.Option(help="Where the node's page listens: `http:` in its settings.", metavar="HOST:PORT")
    ] = "127.0.0.1:9180",
) -> None:
    """Accepts a camera's new view: after it was moved on purpose, cleaned or given another lens.

    The running node forgets how the camera looked before, at every preset, and learns it anew within minutes; until
    then it calls the camera neither moved nor covered. Run it on the node itself.

    Example:  python -m edge accept-view cam-2
    """
    with errors_as_exit_codes():
        typer.echo(ask(camera_id, address))


def ask(camera_id: str, address: str) -> str:
    """The node's answer.

    Raises:
        UsageError: the node has no such camera.
        TransientError: no node answers there.
    """
    url = f"http://{address}/accept/{camera_id}"
    try:
        answer = httpx.post(url, headers={ACCEPT_HEADER: "accept"}, timeout=TIMEOUT_S, trust_env=False)
    except httpx.HTTPError as error:
        raise TransientError(f"{address}: no node answers ({error}); is `http:` set and the node running?") from error
    if not answer.is_success:
        raise UsageError(f"{camera_id}: {answer.text.strip()}")
    return answer.text.strip()
