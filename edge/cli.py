"""The node's command line: ``run``, ``replay``, ``check-config``.

Exit codes: 0 done, 1 failed, 2 usage or configuration.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from contract.clock import parse_rfc3339
from contract.errors import UsageError
from contract.events import IncidentState
from contract.keys import read_key_pairs
from contract.manifest import Engine
from edge.app import run_node
from edge.capture.clip import read_facts
from edge.commands import accept_view, baseline, bench, calibrate, discover, enroll, probe, verify
from edge.commands.exits import errors_as_exit_codes, fail
from edge.detect.choose import open_detector
from edge.detect.faint import open_faint
from edge.evidence.people import PeopleFinder
from edge.node.checking import check_node
from edge.replay import EVENTS_FILE, ReplayResult, replay
from edge.settings import DEFAULT_MODEL, ROOT, load_node, load_policies, load_replay, with_overrides
from edge.summary.page import write_page

DEFAULT_REPLAY = ROOT / "configs" / "edge" / "replay.yaml"
DEFAULT_START = datetime(2026, 1, 1, tzinfo=UTC)
"""A replay's start unless one is given: fixed, so that two runs agree to the byte."""

app = typer.Typer(
    help="The node on the lamp post: reads cameras, confirms what it sees, reports it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

baseline.add_to(app)
enroll.add_to(app)
verify.add_to(app)
accept_view.add_to(app)
calibrate.add_to(app)
bench.add_to(app)
probe.add_to(app)
discover.add_to(app)

ModelOption = Annotated[Path | None, typer.Option("--model", help="Model folder with a manifest.json.")]
EngineOption = Annotated[
    Engine | None, typer.Option(help="Model variant; by default the cheapest that passes its self-test here.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]


@app.command("replay")
def replay_command(
    clip: Annotated[Path, typer.Argument(help="A video file.", metavar="CLIP")],
    out: Annotated[Path, typer.Option(help="Folder for events.jsonl, evidence/ and summary.html.")],
    config: Annotated[Path, typer.Option(help="How to look at the clip.")] = DEFAULT_REPLAY,
    policy: Annotated[Path | None, typer.Option(help="Presence policies, instead of the configuration's.")] = None,
    model: ModelOption = None,
    engine: EngineOption = None,
    start: Annotated[
        str | None, typer.Option(help="Capture time of the first frame, RFC 3339; fixed when not given.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=64, help="CPU threads for inference.")] = 1,
    sign_with: Annotated[
        Path | None, typer.Option(help="Folder with a node's keys to sign the evidence; derived ones otherwise.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Replays a clip and writes what the node would have reported.

    Time is the clip's own; no look is skipped. The same clip, configuration and model give the same bytes.
    Exit 0 when the clip was read to its end, 1 when it broke off (the events until then are kept).

    Example:  python -m edge replay street.mp4 --out runs/street
    """
    with errors_as_exit_codes():
        if not clip.exists():
            raise UsageError(f"{clip}: no such file; check the path")
        if clip.is_dir():
            raise UsageError(f"{clip}: is a folder; give one video file")
        settings = load_replay(config)
        policies = load_policies(policy or settings.policies)
        started_at = DEFAULT_START if start is None else _parse_start(start)
        length_s = read_facts(clip).length_s  # before the model: an unreadable clip is said at once
        keys = None if sign_with is None else read_key_pairs(sign_with)
        detector = open_detector(model or DEFAULT_MODEL, engine, threads, gates=policies.gates())
        faint = open_faint(model or DEFAULT_MODEL, detector.manifest, detector.engine, threads)
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f} / {task.total:.0f} s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as progress:
            task = progress.add_task(clip.name, total=length_s or 0.0)
            result = replay(
                clip,
                out,
                settings,
                policies,
                detector,
                started_at,
                on_look=lambda position_s: progress.update(task, completed=position_s),
                find_people=PeopleFinder(faint) if settings.evidence.redact_finely else lambda _image: (),
                keys=keys,
            )
        name = f"{detector.manifest.name} {detector.manifest.version} · {detector.engine}"
        page = write_page(result, out, name)
    _report(result, out, page, as_json)
    if result.broken_off is not None:
        fail(result.broken_off, 1)


@app.command("run")
def run_command(
    config: Annotated[Path, typer.Option(help="The node's configuration; see configs/edge/node.yaml.")],
    mqtt_url: Annotated[str | None, typer.Option(help="Broker, instead of the file's uplink.mqtt_url.")] = None,
    central_url: Annotated[str | None, typer.Option(help="Central, instead of the file's uplink.central_url.")] = None,
    state_dir: Annotated[
        Path | None, typer.Option(help="Outbox and evidence, instead of the file's state_dir.")
    ] = None,
    model: ModelOption = None,
) -> None:
    """Watches the configured cameras until Ctrl-C or SIGTERM.

    Findings are on disk before anything is sent; a broker or a central that is away costs nothing but time.
    """
    with errors_as_exit_codes():
        settings = with_overrides(load_node(config), mqtt_url, central_url, state_dir, model)
        run_node(settings)


@app.command("check-config")
def check_config_command(
    config: Annotated[Path, typer.Argument(help="The node's configuration.", metavar="FILE")],
    as_json: JsonOption = False,
) -> None:
    """Checks a node's configuration, its policies and its model, and starts nothing."""
    with errors_as_exit_codes():
        facts = check_node(load_node(config))
    if as_json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    typer.echo(f"{config}: good")
    for key, value in facts.items():
        typer.echo(f"  {key}: {value}")


def _parse_start(text: str) -> datetime:
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise UsageError(f"--start {text}: {error}; write it as 2026-07-01T18:30:00+08:00") from error


def _report(result: ReplayResult, out: Path, page: Path, as_json: bool) -> None:
    opened = [event for event in result.events if event.data.state is IncidentState.OPENED]
    if as_json:
        facts = {
            "clip": str(result.clip),
            "length_s": round(result.length_s, 3),
            "looks": result.looks,
            "events": len(result.events),
            "incidents": [
                {"seen": event.data.seen, "incident_id": event.data.incident_id, "present_at": event.time.isoformat()}
                for event in opened
            ],
            "broken_off": result.broken_off,
            "out": str(out),
        }
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    typer.echo(f"{result.clip.name}: {result.length_s:.1f} s, {result.looks} looks, {len(opened)} incident(s)")
    for event in opened:
        first_s = (event.data.first_seen_at - result.started_at).total_seconds()
        present_s = (event.time - result.started_at).total_seconds()
        typer.echo(f"  {event.data.seen}: first seen at {first_s:.1f} s, present at {present_s:.1f} s")
    typer.echo(f"events: {out / EVENTS_FILE}\npage:   {page}")
