"""An hour of a node's memory: the numbers, and a page and a picture that draw them."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import PermanentError
from edge.bench.clip import street_clip
from edge.bench.measure import measure_node, tcp_sources
from edge.bench.report import BIG_BITS, CLIPS, SMALL_BITS, machine, node_report
from edge.bench.tally import growth
from edge.bench.wanted import Say, Wanted

WIDTH, HEIGHT, MARGIN = 900, 320, 50
PATIENCE = 4.0
"""A soak may be stopped and continued while others need the machine: hung is what takes so many times its length."""


def soak(wanted: Wanted, seconds: float, out: Path, say: Say) -> dict[str, object]:
    """Runs the node for so long; writes ``soak.json``, ``soak.html`` and ``soak.png`` into `out`.

    ``memory.jsonl`` there grows meanwhile; of a run that breaks, what it measured until then is drawn all the same.

    Raises:
        PermanentError: the node did not end well.
    """
    out.mkdir(parents=True, exist_ok=True)
    points = out / "memory.jsonl"
    points.unlink(missing_ok=True)
    big, small = street_clip(CLIPS, 1920, 1080, BIG_BITS), street_clip(CLIPS, 640, 360, SMALL_BITS)
    around = machine()
    try:
        with tcp_sources(big, small) as sources:
            say(f"{wanted.load.patrol} cameras for {seconds:.0f} s")
            measured = measure_node(sources, wanted.load, seconds, points, PATIENCE)
    except (PermanentError, KeyboardInterrupt):
        so_far = kept(points)
        if so_far:
            _draw(out, so_far, wanted.load.patrol)
            say(f"ended early after {so_far[-1][0]:.0f} s; growth until then: {growth(so_far)}; drawn in {out}")
        raise
    report = node_report(measured, wanted.load) | {"machine": around}
    (out / "soak.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    _draw(out, measured.rss_mb, wanted.load.patrol)
    return report


def kept(points: Path) -> list[tuple[float, float]]:
    """(second, MB) that a run has written so far; a last line that was cut is left out."""
    lines = points.read_text(encoding="utf-8").splitlines() if points.is_file() else []
    return [(float(second), float(mb)) for second, mb in (json.loads(line) for line in lines if line.endswith("]"))]


def _draw(out: Path, rss_mb: Sequence[tuple[float, float]], cameras: int) -> None:
    (out / "soak.html").write_text(page(rss_mb, cameras), encoding="utf-8")
    (out / "soak.png").write_bytes(cv2.imencode(".png", plot(rss_mb, cameras))[1].tobytes())


def plot(rss_mb: Sequence[tuple[float, float]], cameras: int) -> NDArray[np.uint8]:
    """(HEIGHT, WIDTH, 3) BGR: memory in MB from 0 over minutes."""
    last_s = max(second for second, _ in rss_mb) or 1.0
    top_mb = max(mb for _, mb in rss_mb) * 1.1
    wide_px, high_px = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    points = [
        (MARGIN + round(second / last_s * wide_px), HEIGHT - MARGIN - round(mb / top_mb * high_px))
        for second, mb in rss_mb
    ]
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    frame = [(MARGIN, MARGIN), (MARGIN, HEIGHT - MARGIN), (WIDTH - MARGIN, HEIGHT - MARGIN)]
    for line, colour, thick in ((frame, (136, 136, 136), 1), (points, (85, 170, 0), 2)):
        cv2.polylines(image, [np.array(line, np.int32)], False, colour, thick, cv2.LINE_AA)
    texts = (
        (f"{top_mb:.0f} MB", (MARGIN, MARGIN - 8)),
        (f"{last_s / 60:.0f} min", (WIDTH - MARGIN - 60, HEIGHT - MARGIN + 22)),
        (f"Memory of a node with {cameras} cameras", (MARGIN + 120, MARGIN - 18)),
    )
    for text, place in texts:
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1, cv2.LINE_AA)
    return image


def page(rss_mb: Sequence[tuple[float, float]], cameras: int) -> str:
    """A page with one curve: memory in MB over minutes."""
    last_s = max(second for second, _ in rss_mb) or 1.0
    top_mb = max(mb for _, mb in rss_mb) * 1.1
    wide_px, high_px = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    points = " ".join(
        f"{MARGIN + second / last_s * wide_px:.1f},{HEIGHT - MARGIN - mb / top_mb * high_px:.1f}"
        for second, mb in rss_mb
    )
    bottom, right = HEIGHT - MARGIN, WIDTH - MARGIN
    return (
        f'<!doctype html><meta charset="utf-8"><title>Soak</title><body style="font:14px system-ui">'
        f"<h1>Memory of a node with {cameras} cameras</h1>"
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="memory over time">'
        f'<path d="M{MARGIN} {MARGIN}V{bottom}H{right}" fill="none" stroke="#888"/>'
        f'<polyline points="{points}" fill="none" stroke="#0a5" stroke-width="2"/>'
        f'<text x="{MARGIN}" y="{MARGIN - 8}">{top_mb:.0f} MB</text>'
        f'<text x="{right}" y="{bottom + 20}" text-anchor="end">{last_s / 60:.0f} min</text></svg></body>\n'
    )
