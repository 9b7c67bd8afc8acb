"""`bench`: how many cameras this machine can watch, measured on a real node over its own camera server."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contract.errors import UsageError
from edge.bench.measure import Load
from edge.bench.outage import outage
from edge.bench.report import bench
from edge.bench.soak import soak
from edge.bench.wanted import Wanted
from edge.commands.exits import errors_as_exit_codes

SIMULATED = "simulated"


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command("bench")(bench_command)


def bench_command(
    cameras: Annotated[int, typer.Option(min=1, max=256, help="Cameras in patrol.")] = 40,
    seconds: Annotated[float, typer.Option(min=4, help="How long to measure, after every camera was seen.")] = 60.0,
    source: Annotated[str, typer.Option(help="A clip, or `simulated` for the rendered street at 1080p25.")] = SIMULATED,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the report goes; else it is printed.")] = None,
    attention: Annotated[
        int, typer.Option(min=0, max=64, help="Cameras beside, watched five times a second on a small stream.")
    ] = 0,
    patrol: Annotated[int | None, typer.Option(min=1, max=256, help="The same as --cameras.")] = None,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between patrol looks.")] = 2.0,
    threads: Annotated[int | None, typer.Option(min=1, max=64, help="Looks side by side; a core each.")] = None,
    baseline: Annotated[bool, typer.Option(help="Measure ultralytics' own loop over the same sources too.")] = True,
    weights: Annotated[
        str, typer.Option(help="The baseline's .pt; by default an untrained network of the same shape and cost.")
    ] = "yolo11n.yaml",
    find_limit: Annotated[
        bool, typer.Option("--find-limit", help="Largest number with < 1 % skipped, of both.")
    ] = False,
    most: Annotated[int, typer.Option(min=2, max=256, help="Where --find-limit stops looking.")] = 96,
    limit_seconds: Annotated[float, typer.Option(min=4, help="How long each try of --find-limit measures.")] = 12.0,
    rtsp: Annotated[
        int | None, typer.Option(min=1, max=64, help="So many cameras in patrol behind a real RTSP server (GStreamer).")
    ] = None,
    absent: Annotated[int, typer.Option(min=0, max=200, help="Cameras beside at an address where nobody is.")] = 0,
    faults: Annotated[
        bool, typer.Option("--faults", help="One camera more that stalls, hangs up and slows down, for two minutes.")
    ] = False,
    soak_seconds: Annotated[
        float | None, typer.Option("--soak", min=60, help="Watch memory for so long instead, and draw it.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the soak's plot and numbers.")] = Path("runs/bench/soak"),
) -> None:
    """Measures a real node: capture, schedule, detection, tracking, confirmation, outbox; nothing is left out.

    The cameras are sent by a process of their own, over loopback, each with its own phase; its CPU is reported apart.
    The machine should do nothing else meanwhile.

    Example:  python -m edge bench --cameras 40 --seconds 60 --json runs/bench.json
    """
    progress = Console(stderr=True)
    load = Load(rtsp or patrol or cameras, attention, every, threads or os.cpu_count() or 1, absent)
    with errors_as_exit_codes():
        clip = None if source == SIMULATED else Path(source)
        if clip is not None and not clip.is_file():
            raise UsageError(f"--source {source}: no such clip; give a video file or `simulated`")
        wanted = Wanted(
            load=load,
            seconds=seconds,
            source=clip,
            weights=weights,
            with_baseline=baseline,
            find_limit=find_limit,
            limit_seconds=limit_seconds,
            most=most,
            is_rtsp=rtsp is not None,
        )
        if faults:
            report = outage(wanted, lambda text: progress.print(text, style="dim"))
        elif soak_seconds is None:
            report = bench(wanted, lambda text: progress.print(text, style="dim"))
        else:
            report = soak(wanted, soak_seconds, out, lambda text: progress.print(text, style="dim"))
    text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    if json_file is None:
        sys.stdout.write(text)
    else:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(text, encoding="utf-8")
        typer.echo(f"report: {json_file}")
