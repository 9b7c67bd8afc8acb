"""`fleet request` and `fleet requests`: pictures that nodes are asked for."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from central.commands.fleet_desk import ByOption, ConfigOption, DatabaseOption, JsonOption, NodeArgument, open_desk
from central.services.fleet_views import RequestView, request_view
from contract.errors import UsageError
from contract.requests import Ask, CalibrationPicture, FreshFrame, Original


def add_to(fleet: typer.Typer) -> None:
    """Registers the commands."""
    fleet.command("request")(request)
    fleet.command("requests")(requests)


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
    with open_desk(config, database_url) as desk:
        asked = desk.ask(node_id, ask, by, timedelta(minutes=minutes))
    typer.echo(asked.model_dump_json() if as_json else f"asked {node_id}: request {asked.request_id}")


def requests(
    node: Annotated[str | None, typer.Option(help="Only of this node.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """What was asked, by whom and why, and what came back; newest first."""
    with open_desk(config, database_url) as desk:
        found = [request_view(entry) for entry in desk.requests(node, limit)]
    for entry in found:
        typer.echo(entry.model_dump_json() if as_json else _request_line(entry))


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


def _request_line(entry: RequestView) -> str:
    asked, reply = entry.request, entry.reply
    why = f" because “{asked.ask.reason}”" if isinstance(asked.ask, Original) else ""
    said = f": {reply.reason}" if reply is not None and reply.reason else ""
    return (
        f"{asked.issued_at:%Y-%m-%d %H:%M}Z {asked.node_id} {asked.ask.kind} by {asked.by}{why} → {entry.state}{said}"
    )
