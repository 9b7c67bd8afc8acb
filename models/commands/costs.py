"""`python -m models costs`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.commands.telling import AsJson, progress_bar
from datasets.whole_file import write_whole_json
from models.commands.telling import Steps, errors_told

if TYPE_CHECKING:
    from models.publishing.costs import Costs


def costs(
    net: Annotated[
        list[str] | None,
        typer.Option(help="An ultralytics configuration; repeatable. Default: yolo11n, yolo26n, yolo11s, yolo26s."),
    ] = None,
    turns: Annotated[int, typer.Option(min=1, help="How often each is timed, five looks a turn, in turns.")] = 12,
    core: Annotated[int, typer.Option(min=0, help="The one core to run on.")] = 0,
    to: Annotated[Path | None, typer.Option(help="Also write the JSON here.")] = None,
    as_json: AsJson = False,
) -> None:
    """What nets cost a node per 384×640 frame on one core, with random weights: to choose before training.

    On a busy machine look at the fastest turn and at the ratios, and say so: the JSON holds the load. With
    ONEDNN_MAX_CPU_ISA=AVX512_CORE in the environment: what a processor without VNNI would take.
    """
    from contract.manifest import ModelInput
    from models.publishing.costs import NETS, measure_costs

    with errors_told(), progress_bar() as progress:
        steps = Steps(progress)
        found = measure_costs(net or NETS, ModelInput(height_px=384, width_px=640), turns, core, steps.begin)
    if to is not None:
        write_whole_json(to, asdict(found))
    print(json.dumps(asdict(found), indent=1) if as_json else cost_table(found))


def cost_table(found: "Costs") -> str:
    """For a model card."""
    lines = [
        f"One look at {found.input} on core {found.core} of {found.processor} ({', '.join(found.instruction_sets)}), "
        f"{found.turns} turns, load {found.load} before: median CPU ms (fastest turn).",
        "",
        "| net | parameters | GFLOPs | FP32 ms | INT8 ms | FP32 MB | INT8 MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in found.nets:
        times = [f"{ms} ({entry.low_ms_by_engine[engine]})" for engine, ms in entry.ms_by_engine.items()]
        sizes = [f"{mb:.1f}" for mb in entry.mb_by_engine.values()]
        row = [entry.net, f"{entry.parameters / 1e6:.2f} M", f"{entry.gflops:.1f}", *times, *sizes]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)
