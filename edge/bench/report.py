"""The bench as a whole: measures what was asked for and puts the report together."""

import importlib.metadata
import os
import platform
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

from contract.clock import SystemClock
from contract.errors import PermanentError, UsageError
from edge.bench.clip import as_transport_stream, lengthened, street_clip
from edge.bench.limits import limits
from edge.bench.measure import Load, Sources, measure_baseline, measure_node, tcp_sources
from edge.bench.rtsp import rtsp_sources
from edge.bench.tally import Measured, growth, percentile, share_of
from edge.bench.wanted import RATE, Say, Wanted
from edge.settings import ROOT

CLIPS = ROOT / "runs" / "bench" / "clips"
BIG_BITS, SMALL_BITS = 4_000_000, 800_000
RTSP_EXTRA_S = 60.0
"""What an RTSP camera must last beyond the measured time: starting, settling, stopping."""
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


def bench(wanted: Wanted, say: Say) -> dict[str, object]:
    """The report, with the issue's keys first.

    Raises:
        PermanentError: the clip can't be read, or a measured process failed.
    """
    around = machine()
    say("clips")
    big = street_clip(CLIPS, 1920, 1080, BIG_BITS) if wanted.source is None else _own(wanted.source)
    small = street_clip(CLIPS, 640, 360, SMALL_BITS)
    with sent(wanted, big, small) as sources:
        say(f"node with {wanted.load.patrol} + {wanted.load.attended} cameras")
        report = node_report(measure_node(sources, wanted.load, wanted.seconds), wanted.load)
        report["sent_over"] = sources.big.partition(":")[0]
        report["baseline"] = _baseline(sources, wanted, say)
        if wanted.find_limit:
            report["limit"] = limits(sources, wanted, say)
    return report | {"machine": around, "targets": TARGETS}


def sent(wanted: Wanted, big: Path, small: Path) -> AbstractContextManager[Sources]:
    """The process that sends the cameras; started when entered.

    Raises:
        UsageError: this can't be sent so.
    """
    if not wanted.is_rtsp:
        return tcp_sources(big, small)
    if wanted.load.attended:
        raise UsageError("--rtsp shows cameras in patrol; leave --attention out")
    return rtsp_sources(lengthened(big, wanted.seconds + RTSP_EXTRA_S))


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
        "cpu_ms_per_look_by_part": {
            part: round(1000 * cpu_s / max(1, sum(measured.looks.values())), 1)
            for part, cpu_s in measured.cpu_s_by_part.items()
        },
        "events": measured.events,
        # Evidence that looks have put off: a bench that ends with much of it has not carried its load.
        "findings_waiting": measured.findings_waiting,
        "updates_left_out": measured.updates_left_out,
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
    if wanted.find_limit:
        return {"left_out": "measured under `limit`"}
    if find_spec("ultralytics") is None:
        return {"left_out": "ultralytics is not installed here: make setup-bench"}
    report: dict[str, object] = {"weights": Path(wanted.weights).name}
    for name, stride in (("a_every_frame", 1), ("b_vid_stride", wanted.stride)):
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


def _own(clip: Path) -> Path:
    if not clip.is_file():
        raise PermanentError(f"{clip}: no such clip; give a video file or `simulated`")
    return as_transport_stream(clip, CLIPS)
