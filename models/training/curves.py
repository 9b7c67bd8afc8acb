"""The run's losses by batch: a table that survives kills, and a page with their curves."""

import csv
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

from datasets.whole_file import write_whole_text

LOSSES_FILE = "losses.csv"
CURVES_FILE = "curves.html"
RATE = "learning_rate"
"""The column that is no measurement: it is drawn as it is."""

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 170, 68, 22
SMOOTHING_POINTS = 25
"""The dark line is the mean of so many points before it: single batches of 16 pictures jump by a third."""


class LossTable:
    """Appends a row per batch; rows after the point that a run goes on from are dropped, they are shown again."""

    def __init__(self, path: Path, from_batch: int) -> None:
        self._path = path
        kept = [row for row in read_losses(path) if row["batch"] <= from_batch]
        if kept:
            write_whole_text(path, _as_csv(kept))
        else:
            path.unlink(missing_ok=True)

    def add(self, row: Mapping[str, float]) -> None:
        """One batch. `batch` counts from 1 over the whole run."""
        is_new = not self._path.exists()
        with self._path.open("a", encoding="utf-8") as file:
            file.write((",".join(row) + "\n" if is_new else "") + _line(row))


def read_losses(path: Path) -> list[dict[str, float]]:
    """The whole rows; a last one cut short by a kill is left out."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(whole.splitlines())]


def write_curves(run_dir: Path, title: str) -> Path:
    """The page with a chart for each column of the table but the batch; its path."""
    rows = read_losses(run_dir / LOSSES_FILE)
    names = [name for name in (rows[0] if rows else {}) if name not in ("batch", "epoch")]
    charts = "\n".join(_chart(name, rows) for name in names)
    page = f"""<!doctype html>
<meta charset="utf-8"><title>{escape(title)}</title>
<style>body{{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:{WIDTH}px;color:#1d2530}}
svg{{display:block;margin:.2rem 0 1.4rem}}h2{{font-size:1rem;margin:0}}text{{font-size:11px;fill:#5a6675}}</style>
<h1>{escape(title)}</h1>
<p>{len(rows)} batches; pale: each batch, dark: mean of the last {SMOOTHING_POINTS}; ticks below: epochs.</p>
{charts}
"""
    path = run_dir / CURVES_FILE
    write_whole_text(path, page)
    return path


def _chart(name: str, rows: Sequence[Mapping[str, float]]) -> str:
    values = [row[name] for row in rows]
    low, high = min(values), max(values)
    first, last = rows[0]["batch"], rows[-1]["batch"]

    def x(batch: float) -> float:
        return LEFT + (WIDTH - LEFT - 8) * (batch - first) / max(last - first, 1)

    def y(value: float) -> float:
        return 8 + (HEIGHT - BOTTOM - 8) * (1 - (value - low) / ((high - low) or 1))

    def line(points: Sequence[float], colour: str, width: int) -> str:
        drawn = " ".join(f"{x(row['batch']):.1f},{y(value):.1f}" for row, value in zip(rows, points, strict=True))
        return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="{width}"/>'

    starts = [row for before, row in pairwise(rows) if row["epoch"] != before["epoch"]]
    ticks = "".join(
        f'<line x1="{x(row["batch"]):.1f}" x2="{x(row["batch"]):.1f}" y1="8" y2="{HEIGHT - BOTTOM}" stroke="#dfe4ea"/>'
        f'<text x="{x(row["batch"]):.1f}" y="{HEIGHT - 6}" text-anchor="middle">{row["epoch"]:.0f}</text>'
        for row in starts
    )
    return (
        f'<h2>{escape(name)}</h2><svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(name)}">{ticks}'
        f'<text x="{LEFT - 6}" y="16" text-anchor="end">{high:.3g}</text>'
        f'<text x="{LEFT - 6}" y="{HEIGHT - BOTTOM}" text-anchor="end">{low:.3g}</text>'
        f"{'' if name == RATE else line(values, '#a9c3df', 1)}"
        f"{line(values if name == RATE else _smoothed(values), '#1f5fa8', 2)}</svg>"
    )


def _smoothed(values: Sequence[float]) -> list[float]:
    windows = (values[max(0, end - SMOOTHING_POINTS) : end] for end in range(1, len(values) + 1))
    return [sum(window) / len(window) for window in windows]


def _as_csv(rows: Sequence[Mapping[str, float]]) -> str:
    return ",".join(rows[0]) + "\n" + "".join(_line(row) for row in rows)


def _line(row: Mapping[str, float]) -> str:
    return ",".join(f"{value:.6g}" for value in row.values()) + "\n"
