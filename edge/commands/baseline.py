"""`baseline`: the boards that belong where a camera looks, drafted by the node and accepted by a person, in bulk."""

import html
import json
import sys
from pathlib import Path
from typing import Annotated

import cv2
import typer

from contract.errors import UsageError
from edge.baseline.boards import Acceptance, Baseline
from edge.baseline.shelf import FOLDER, Shelf
from edge.commands.exits import errors_as_exit_codes

SHEET = "sheet.html"
STATE_DIR = typer.Option(help="The node's state folder (state_dir in its configuration).")
StateDir = Annotated[Path, STATE_DIR]
CameraOption = Annotated[list[str] | None, typer.Option("--camera", help="Only these cameras; repeatable.")]

group = typer.Typer(
    help="The boards that belong where a camera looks: the first hour of daylight drafts them, a person accepts them; "
    "from then on a new, removed or changed board is an incident.",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    app.add_typer(group, name="baseline")


@group.command("show")
def show(
    state_dir: StateDir,
    camera: CameraOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Lists the baselines and writes a contact sheet to look at: every camera's picture with its boards.

    Example:  python -m edge baseline show --state-dir var/node-1
    """
    with errors_as_exit_codes():
        shelf, found = Shelf(state_dir), _chosen(state_dir, camera)
        sheet = _write_sheet(state_dir, shelf, found)
    if as_json:
        facts = [entry.model_dump(mode="json") for entry in found]
        sys.stdout.write(json.dumps({"sheet": str(sheet), "baselines": facts}, ensure_ascii=False) + "\n")
        return
    for entry in found:
        typer.echo(f"{_name(entry)}: {entry.acceptance}, {len(entry.boards)} boards from {entry.looks} looks")
    typer.echo(f"look at: {sheet}")


@group.command("accept")
def accept(state_dir: StateDir, camera: CameraOption = None) -> None:
    """Agrees to the drafts, all at once or only those of --camera; a running node takes it up within a minute.

    Example:  python -m edge baseline accept --state-dir var/node-1
    """
    with errors_as_exit_codes():
        drafts = [entry for entry in _chosen(state_dir, camera) if entry.acceptance is Acceptance.DRAFT]
        for entry in drafts:
            Shelf(state_dir).accept(entry)
    typer.echo(f"accepted: {', '.join(_name(entry) for entry in drafts) or 'nothing, there is no draft'}")


@group.command("reset")
def reset(state_dir: StateDir, camera: CameraOption = None) -> None:
    """Forgets baselines, so that the next daylight drafts new ones (a camera was moved, a street was rebuilt).

    A running node forgets them when it starts again.
    """
    with errors_as_exit_codes():
        found = _chosen(state_dir, camera)
        for entry in found:
            Shelf(state_dir).reset(entry.camera_id, entry.preset)
    typer.echo(f"forgotten: {', '.join(_name(entry) for entry in found)}")


def _chosen(state_dir: Path, cameras: list[str] | None) -> list[Baseline]:
    found = [entry for entry in Shelf(state_dir).all() if not cameras or entry.camera_id in cameras]
    missing = set(cameras or ()) - {entry.camera_id for entry in found}
    if missing:
        raise UsageError(
            f"{state_dir / FOLDER}: no baseline of {', '.join(sorted(missing))}; an hour of daylight drafts it"
        )
    if not found:
        raise UsageError(f"{state_dir / FOLDER}: no baseline yet; the node drafts one in an hour of daylight")
    return found


def _write_sheet(state_dir: Path, shelf: Shelf, found: list[Baseline]) -> Path:
    """One page with each camera's picture and its boards drawn on it."""
    parts = []
    for entry in found:
        picture = cv2.imread(str(shelf.picture_path(entry.camera_id, entry.preset)))
        name = html.escape(_name(entry))
        if picture is None:
            parts.append(f"<figure><figcaption>{name}: no picture</figcaption></figure>")
            continue
        height, width = picture.shape[:2]
        for board in entry.boards:
            x1, y1, x2, y2 = board.box
            corners = (int(x1 * width), int(y1 * height)), (int(x2 * width), int(y2 * height))
            cv2.rectangle(picture, *corners, (60, 200, 255), 2)
            at = (corners[0][0] + 2, max(10, corners[0][1] - 3))
            cv2.putText(picture, board.place_id, at, cv2.FONT_HERSHEY_SIMPLEX, 0.35, (60, 200, 255), 1, cv2.LINE_AA)
        drawn = shelf.picture_path(entry.camera_id, entry.preset).with_suffix(".boards.png")
        cv2.imwrite(str(drawn), picture)
        parts.append(
            f'<figure><img src="{html.escape(drawn.name)}" alt=""><figcaption>{name} · {entry.acceptance} · '
            f"{len(entry.boards)} boards</figcaption></figure>"
        )
    page = (
        "<!doctype html><meta charset=utf-8><title>Baselines</title><style>body{font:15px system-ui;margin:1.5rem;"
        "display:grid;grid-template-columns:repeat(auto-fill,minmax(26rem,1fr));gap:1rem;background:#f4f5f7}"
        "figure{margin:0;background:#fff;border-radius:8px;overflow:hidden;box-shadow:0 1px 3px #0003}"
        "img{width:100%;display:block}figcaption{padding:.6rem .8rem}</style>" + "".join(parts)
    )
    path = state_dir / FOLDER / SHEET
    path.write_text(page, encoding="utf-8")
    return path


def _name(entry: Baseline) -> str:
    return entry.camera_id if entry.preset is None else f"{entry.camera_id} at {entry.preset}"
