"""The bench as a whole: measures what was asked for and puts the report together."""

import importlib.metadata
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from contract.clock import SystemClock
from contract.errors import PermanentError
from edge.bench.clip import as_transport_stream, street_clip
from edge.bench.measure import Load, Sources, measure_baseline, measure_node, tcp_sources
from edge.bench.tally import Measured, growth, largest, percentile, share_of
from edge.settings import ROOT

CLIPS = ROOT / "runs" / "bench" / "clips"
BIG_BITS, SMALL_BITS = 4_000_000, 800_000
MAX_SKIPPED = 0.01
RATE = 25
TARGETS = {
    "skipped_share": 0.01,
    "cpu_share_of_machine": 0.9,
    "attention_patrol_skipped_share": 0.05,
    "frame_age_p95_s": 1.0,
    "rss_mb_base": 350.0,
    "rss_mb_per_camera": 15.0,
    "ratio_over_vid_stride": 5.0,
    "memory_growth": 0.02,
}
"""The issue's numbers, written beside what was measured."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure. `source` is a clip, or None for the simulated street."""

    load: Load
    seconds: float
    source: Path | None = None
    weights: str = "yolo11n.yaml"
    baseline_cameras: int = 1
    with_baseline: bool = True
    find_limit: bool = False
    limit_seconds: float = 12.0
    most: int = 96


def bench(wanted: Wanted, say: Say) -> dict[str, object]:
    """The report, with the issue's keys first.

    Raises:
        PermanentError: the clip can't be read, or a measured process failed.
    """
    around = machine()
    say("clips")
    big = street_clip(CLIPS, 1920, 1080, BIG_BITS) if wanted.source is None else _own(wanted.source)
    small = street_clip(CLIPS, 640, 360, SMALL_BITS)
    with tcp_sources(big, small) as sources:
        say(f"node with {wanted.load.patrol} + {wanted.load.attended} cameras")
        report = node_report(measure_node(sources, wanted.load, wanted.seconds), wanted.load)
        report["baseline"] = _baseline(sources, wanted, say)
        if wanted.find_limit:
            report["limit"] = _limits(sources, wanted, say)
    return report | {"machine": around, "targets": TARGETS}


def node_report(measured: Measured, load: Load) -> dict[str, object]:
    """The node's part of the report."""
    patrol = share_of(measured, load.patrol_names, load.look_every_s)
    ages = [age for name, found in measured.ages_s.items() if name in load.patrol_names for age in found]
    rss_mb = max(mb for _, mb in measured.rss_mb)
    report: dict[str, object] = {
        "cameras": load.patrol + load.attended,
        "looks_due": patrol.looks_due,
        "looks_done": patrol.looks_done,
        "skipped_share": patrol.skipped_share,
        "cpu_share_of_machine": round(measured.cpu_s / measured.seconds / (os.cpu_count() or 1), 4),
        "frame_age_p95_s": percentile(ages, 0.95),
        "rss_mb": rss_mb,
        "rss_mb_allowed": TARGETS["rss_mb_base"] + TARGETS["rss_mb_per_camera"] * (load.patrol + load.attended),
        "seconds": round(measured.seconds, 1),
        "start_s": round(measured.start_s, 1),
        "source_cpu_share_of_machine": round(measured.source_cpu_s / measured.seconds / (os.cpu_count() or 1), 4),
        # Not this bench's: while others keep the cores busy, skipped looks say nothing about the node.
        "others_cpu_share_of_machine": _others(measured),
        "cpu_ms_per_look": round(1000 * measured.cpu_s / max(1, sum(measured.looks.values())), 1),
        "memory_growth": growth(measured.rss_mb),
        "rss_mb_over_time": [list(point) for point in measured.rss_mb],
    }
    if load.attended:
        close = share_of(measured, load.attended_names, 0.2)
        report["attention"] = {
            "cameras": close.cameras,
            "looks_due": close.looks_due,
            "looks_done": close.looks_done,
            "skipped_share": close.skipped_share,
        }
    return report


def _others(measured: Measured) -> float:
    others_s = max(0.0, measured.machine_cpu_s - measured.cpu_s - measured.source_cpu_s)
    return round(others_s / measured.seconds / (os.cpu_count() or 1), 4)


def _baseline(sources: Sources, wanted: Wanted, say: Say) -> dict[str, object]:
    if not wanted.with_baseline:
        return {"left_out": "--no-baseline"}
    if find_spec("ultralytics") is None:
        return {"left_out": "ultralytics is not installed here: make setup-bench"}
    report: dict[str, object] = {"weights": Path(wanted.weights).name}
    for name, stride in (("a_every_frame", 1), ("b_vid_stride", _stride(wanted))):
        say(f"baseline {name}, {wanted.baseline_cameras} camera(s)")
        facts = measure_baseline(sources, wanted.weights, wanted.baseline_cameras, stride, wanted.limit_seconds)
        due = facts.cameras * facts.seconds * RATE / stride
        report[name] = {
            "cameras": facts.cameras,
            "vid_stride": stride,
            "looks_due": round(due),
            "looks_done": facts.looks,
            "skipped_share": round(max(0.0, 1 - facts.looks / due), 4),
            "cpu_share_of_machine": round(facts.cpu_s / facts.seconds / (os.cpu_count() or 1), 4),
        }
    return report


def _limits(sources: Sources, wanted: Wanted, say: Say) -> dict[str, object]:
    """The largest number of cameras with less than 1 % skipped: the node's, and both loops of the baseline."""

    def node_holds(cameras: int) -> bool:
        load = replace(wanted.load, patrol=cameras, attended=0)
        return (
            share_of(
                measure_node(sources, load, wanted.limit_seconds), load.patrol_names, load.look_every_s
            ).skipped_share
            < MAX_SKIPPED
        )

    def baseline_holds(stride: int) -> Callable[[int], bool]:
        def holds(cameras: int) -> bool:
            facts = measure_baseline(sources, wanted.weights, cameras, stride, wanted.limit_seconds)
            # One round may be under way at both ends of the window.
            return facts.looks + facts.cameras >= (1 - MAX_SKIPPED) * facts.cameras * facts.seconds * RATE / stride

        return holds

    limits: dict[str, object] = {"node": halve("node", 1, wanted.most, node_holds, say)}
    if wanted.with_baseline and find_spec("ultralytics") is not None:
        limits["a_every_frame"] = halve("every frame", 1, 8, baseline_holds(1), say)
        limits["b_vid_stride"] = halve("vid_stride", 1, 48, baseline_holds(_stride(wanted)), say)
        node, other = limits["node"], limits["b_vid_stride"]
        assert isinstance(node, int)
        assert isinstance(other, int)
        limits["ratio_over_vid_stride"] = round(node / other, 2) if other else None
    return limits


def halve(what: str, least: int, most: int, holds: Callable[[int], bool], say: Say) -> int:
    """The largest number in `least`…`most` that holds, or `least` - 1; a run that fails doesn't hold."""
    tried: dict[int, bool] = {}
    while (number := largest(least, most, tried)) is not None:
        try:
            tried[number] = holds(number)
        except PermanentError as error:
            say(str(error))
            tried[number] = False
        say(f"limit of {what}: {number} {'holds' if tried[number] else 'does not hold'}")
    return max([least - 1, *[number for number, is_held in tried.items() if is_held]])


def machine() -> dict[str, object]:
    """Where and when this is measured, and what the machine did in the minutes before."""
    packages = ("av", "openvino", "numpy", "opencv-python-headless", "ultralytics", "torch")
    versions = {}
    for name in packages:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    cpu = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": cpu[0] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
        "load_average_before": [round(load, 2) for load in os.getloadavg()],
        "measured_at": SystemClock().now().isoformat(timespec="seconds"),
    }


def _stride(wanted: Wanted) -> int:
    return max(1, round(wanted.load.look_every_s * RATE))


def _own(clip: Path) -> Path:
    if not clip.is_file():
        raise PermanentError(f"{clip}: no such clip; give a video file or `simulated`")
    return as_transport_stream(clip, CLIPS)
