"""The largest number of cameras with less than 1 % of looks skipped: the node's, and both loops of the baseline."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

from contract.errors import PermanentError
from edge.bench.measure import Sources, measure_baseline, measure_node
from edge.bench.tally import next_try, share_of
from edge.bench.wanted import RATE, Say, Wanted

MAX_SKIPPED = 0.01
NEAR_A, NEAR_B = 1, 10
"""Where looking for the baseline's limits begins, on two cores; a guess that is far off costs tries, nothing else."""


def limits(sources: Sources, wanted: Wanted, say: Say) -> dict[str, object]:
    """Both limits and their ratio; the node's alone where ultralytics is not installed."""
    node = seek("node", wanted.load.patrol, wanted.most, _node_holds(sources, wanted), say)
    found: dict[str, object] = {"node": node, "seconds_a_try": wanted.limit_seconds}
    if wanted.with_baseline and find_spec("ultralytics") is not None:
        found["a_every_frame"] = seek("every frame", NEAR_A, 16, _baseline_holds(sources, wanted, 1), say)
        other = seek("vid_stride", NEAR_B, 64, _baseline_holds(sources, wanted, wanted.stride), say)
        found["b_vid_stride"] = other
        found["ratio_over_vid_stride"] = round(node / other, 2) if other else None
    return found


def seek(what: str, near: int, most: int, holds: Callable[[int], bool], say: Say) -> int:
    """The largest number up to `most` that holds, or 0; a run that fails doesn't hold."""
    tried: dict[int, bool] = {}
    while (number := next_try(near, most, tried)) is not None:
        try:
            tried[number] = holds(number)
        except PermanentError as error:
            say(str(error))
            tried[number] = False
        say(f"limit of {what}: {number} {'holds' if tried[number] else 'does not hold'}")
    return max([0, *[number for number, is_held in tried.items() if is_held]])


def _node_holds(sources: Sources, wanted: Wanted) -> Callable[[int], bool]:
    def holds(cameras: int) -> bool:
        load = replace(wanted.load, patrol=cameras, attended=0)
        measured = measure_node(sources, load, wanted.limit_seconds)
        return share_of(measured, load.patrol_names, load.look_every_s).skipped_share < MAX_SKIPPED

    return holds


def _baseline_holds(sources: Sources, wanted: Wanted, stride: int) -> Callable[[int], bool]:
    def holds(cameras: int) -> bool:
        facts = measure_baseline(sources, wanted.weights, cameras, stride, wanted.limit_seconds)
        return facts.looks >= (1 - MAX_SKIPPED) * facts.cameras * facts.seconds * RATE / stride

    return holds
