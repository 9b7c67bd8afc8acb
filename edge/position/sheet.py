"""The calibration's page: the picture under a grid of the ground, each point's residual, and how sure places are."""

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.calibration import Residual, sigma_map
from contract.homography import Array
from edge.position.calibration import Calibration

GRID_M = 5.0
_ROWS = 24
_LINE, _POINT, _ARROW = (60, 220, 255), (40, 220, 40), (40, 40, 255)
_ENLARGED = 20
"""Residuals are drawn this much longer: a good one is a pixel."""


def draw(calibration: Calibration, found: Sequence[Residual], picture: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """The picture (or a grey one) with ground grid, points and residual arrows."""
    width = 1280
    height = round(width / calibration.aspect)
    canvas = np.full((height, width, 3), 90, np.uint8) if picture is None else cv2.resize(picture, (width, height))
    canvas = np.asarray(canvas, np.uint8)
    _draw_grid(canvas, calibration)
    for entry in found:
        at = (round(entry.pair.x * width), round(entry.pair.y * height))
        truth = np.array([[entry.pair.ground.east_m, entry.pair.ground.north_m]])
        fitted = _pixels(calibration, truth, width, height)[0]
        towards = (round(at[0] + (fitted[0] - at[0]) * _ENLARGED), round(at[1] + (fitted[1] - at[1]) * _ENLARGED))
        cv2.arrowedLine(canvas, at, towards, _ARROW, 2, cv2.LINE_AA, tipLength=0.2)
        cv2.circle(canvas, at, 6, _POINT, 2, cv2.LINE_AA)
        label = entry.pair.name if entry.pair.name.isascii() else f"#{found.index(entry) + 1}"
        cv2.putText(canvas, label, (at[0] + 9, at[1] - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 4, cv2.LINE_AA)
        cv2.putText(canvas, label, (at[0] + 9, at[1] - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.6, _POINT, 1, cv2.LINE_AA)
    return canvas


def page(
    calibration: Calibration, found: Sequence[Residual], drawing: NDArray[np.uint8], camera: str, block: str
) -> str:
    """One HTML file, whole without a network."""
    jpeg = base64.b64encode(cv2.imencode(".jpg", drawing, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()).decode()
    rows = "".join(
        f"<tr><td>{escape(entry.pair.name)}</td><td>{entry.error_m:.2f}</td>"
        f"<td>{'–' if entry.left_out_m is None else f'{entry.left_out_m:.2f}'}</td><td>{entry.sigma_m:.2f}</td></tr>"
        for entry in found
    )
    cells = "".join("<tr>" + "".join(_cell(float(value)) for value in row) + "</tr>" for row in sigma_map(calibration))
    return _PAGE.format(
        camera=escape(camera), jpeg=jpeg, rows=rows, cells=cells, block=escape(block), times=_ENLARGED, grid=GRID_M
    )


def _cell(sigma_m: float) -> str:
    if not np.isfinite(sigma_m):
        return '<td class="none"></td>'
    share = min(1.0, sigma_m / 8)
    return f'<td style="background:hsl({120 - 120 * share:.0f} 60% 75%)">{sigma_m:.1f}</td>'


def _draw_grid(canvas: NDArray[np.uint8], calibration: Calibration) -> None:
    height, width = canvas.shape[:2]
    corners = calibration.hull_m
    low, high = corners.min(axis=0) - 10, corners.max(axis=0) + 10
    for axis in (0, 1):
        other = 1 - axis
        for value in np.arange(np.floor(low[axis] / GRID_M), np.ceil(high[axis] / GRID_M) + 1) * GRID_M:
            line = np.empty((80, 2))
            line[:, axis] = value
            line[:, other] = np.linspace(low[other], high[other], 80)
            line = line[calibration.fitted.depth(line) > 0.05]
            if len(line) > 1:
                pixels = np.clip(_pixels(calibration, line, width, height), -4000, 8000).round().astype(np.int32)
                cv2.polylines(canvas, [pixels], False, _LINE, 1, cv2.LINE_AA)


def _pixels(calibration: Calibration, ground: Array, width: int, height: int) -> Array:
    """Ground (N, 2) → pixels (N, 2); the lens's bend, a pixel or two, is undone by one step backwards."""
    straight = calibration.fitted.project(ground)
    bend = float(calibration.fitted.values[8])
    places = straight / (1 + bend * (straight**2).sum(axis=1, keepdims=True))
    return np.stack([(places[:, 0] / calibration.aspect + 0.5) * width, (places[:, 1] + 0.5) * height], axis=1)


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{camera}: calibration</title><style>
body{{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem auto;max-width:1100px;
padding:0 1rem;color:#1c2430}}
h1{{font-size:1.4rem}}h2{{font-size:1.05rem;margin-top:2rem}}img{{width:100%;border-radius:6px}}
table{{border-collapse:collapse}}td,th{{padding:.25rem .7rem;border-bottom:1px solid #d5dae2;text-align:right}}
td:first-child,th:first-child{{text-align:left}}.map td{{border:1px solid #fff;text-align:center;min-width:3.2rem}}
.map .none{{background:#eceff3}}pre{{background:#f3f5f8;padding:1rem;border-radius:6px;overflow:auto}}
p{{max-width:46rem}}
</style><h1>{camera}: calibration 标定</h1>
<img src="data:image/jpeg;base64,{jpeg}" alt="the picture with the ground's grid">
<p>Yellow: the ground, a line every {grid:.0f} m, north–south and east–west. Lines must run along kerbs and joints that
are really parallel to them, and lie on the ground. Green: the points as clicked. Red: where the fit draws them,
{times} times as far as it is.</p>
<h2>Points 控制点</h2>
<table><tr><th>point</th><th>off (m)</th><th>off, by the others alone (m)</th><th>sigma (m)</th></tr>
{rows}</table>
<p>A point that the others put metres elsewhere is wrong, or alone in its part of the picture.</p>
<h2>One sigma of a thing's place, in metres 定位误差</h2><table class="map">{cells}</table>
<p>By where in the picture its foot is; grey: no answer (above the horizon, or too far).
Outside the points it grows.</p>
<h2>For the configuration 配置</h2><pre>{block}</pre></html>
"""
