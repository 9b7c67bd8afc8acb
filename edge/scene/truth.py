"""What is really in a picture: boxes, how much of each thing shows, and where it stands.

A box spans what the lens would see of the object if nothing stood before it, cut at the picture's border. Smoke and
flame have no surface: their box spans the cells whose opacity passes a threshold.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.paint import Drawing, silhouette
from edge.scene.plume import Cover
from edge.scene.stage import Solid, Vapour
from edge.scene.world import Label, Smoke

SMOKE_VISIBLE_ALPHA = 0.2
"""Opacity from which smoke counts as visible: below it a person looking at a single frame does not point at it.

Lower and the boxes take in air; higher and they cut off the drifting end that a detector rightly sees."""
FLAME_VISIBLE_ALPHA = 0.30
_OPAQUE_ALPHA = 0.75
"""Smoke thicker than this hides what is behind it."""
LEAST_VISIBLE_SHARE = 0.15
LEAST_AREA_PX2 = 60.0
_CELL_PX = 2


@dataclass(frozen=True, slots=True)
class SceneObject:
    """One true object in one picture.

    Attributes:
        identity: the same in every camera and every frame.
        box_px: x1, y1, x2, y2 in pixels, cut at the picture's border.
        visible_share: 0..1, what is left after the border and nearer objects have taken theirs.
        ground_m: (east, north) of its foot; None for signs, which stand on no ground.
    """

    identity: str
    label: Label
    box_px: tuple[float, float, float, float]
    visible_share: float
    ground_m: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What smoke must stand out from: the picture behind it, (H, W, 3), and by how many grey levels."""

    picture: NDArray[np.uint8]
    least_contrast: float


@dataclass(slots=True)
class _Trace:
    """One object's marks on the half-size picture."""

    identity: str
    label: Label | None
    ground_m: tuple[float, float] | None
    full_box_px: tuple[float, float, float, float]
    whole: NDArray[np.bool_]
    hides: NDArray[np.bool_]
    part_of: str | None


def scene_objects(
    items: tuple[Solid | Vapour, ...],
    boards: Iterable[tuple[str, Drawing]],
    camera: PinholeCamera,
    ground: Ground | None = None,
) -> tuple[SceneObject, ...]:
    """The true objects, near to far.

    Args:
        items: the stage at the moment, far to near.
        boards: name boards on the walls, behind everything.
        camera: whose picture it is.
        ground: what smoke must stand out from; None where its opacity alone counts.
    """
    shape = (camera.height_px // _CELL_PX, camera.width_px // _CELL_PX)
    traces = [_board_trace(identity, drawing, shape) for identity, drawing in boards]
    for item in items:
        trace = _solid_trace(item, shape) if isinstance(item, Solid) else _vapour_trace(item, shape, ground)
        if trace is not None:
            traces.append(trace)
    traces.reverse()
    taken = np.zeros(shape, np.bool_)
    visible: list[NDArray[np.bool_]] = []
    for trace in traces:
        visible.append(trace.whole & ~taken)
        taken |= trace.hides
    return tuple(found for k in range(len(traces)) if (found := _object(k, traces, visible, camera)) is not None)


def _object(
    index: int, traces: list[_Trace], visible: list[NDArray[np.bool_]], camera: PinholeCamera
) -> SceneObject | None:
    trace = traces[index]
    if trace.label is None:
        return None
    family = [k for k, other in enumerate(traces) if k == index or other.part_of == trace.identity]
    whole = np.logical_or.reduce([traces[k].whole for k in family])
    shown = np.logical_or.reduce([visible[k] for k in family])
    boxes = np.array([traces[k].full_box_px for k in family])
    x1, y1 = (float(v) for v in boxes[:, :2].min(axis=0))
    x2, y2 = (float(v) for v in boxes[:, 2:].max(axis=0))
    inside = (max(0.0, x1), max(0.0, y1), min(float(camera.width_px), x2), min(float(camera.height_px), y2))
    area = max(0.0, inside[2] - inside[0]) * max(0.0, inside[3] - inside[1])
    if area < LEAST_AREA_PX2 or not whole.any():
        return None
    share = float(shown.sum() / whole.sum()) * area / max((x2 - x1) * (y2 - y1), 1e-9)
    if share < LEAST_VISIBLE_SHARE:
        return None
    return SceneObject(trace.identity, trace.label, inside, min(1.0, share), trace.ground_m)


def _board_trace(identity: str, drawing: Drawing, shape: tuple[int, int]) -> _Trace:
    whole = _mask(drawing, shape)
    return _Trace(identity, "shop_sign", None, drawing.box_px, whole, whole, None)


def _solid_trace(item: Solid, shape: tuple[int, int]) -> _Trace:
    actor = item.now.actor
    whole = _mask(item.drawing, shape)
    ground = (item.now.stand.east_m, item.now.stand.north_m)
    return _Trace(item.now.identity, actor.label, ground, item.drawing.box_px, whole, whole, actor.part_of)


def _vapour_trace(item: Vapour, shape: tuple[int, int], ground: Ground | None) -> _Trace | None:
    actor = item.now.actor
    threshold = SMOKE_VISIBLE_ALPHA if actor.label == "smoke" else FLAME_VISIBLE_ALPHA
    alpha = _on_cells(item.cover, item.cell_px, shape)
    whole = alpha > threshold
    if ground is not None and isinstance(item.now.actor.form, Smoke):
        whole &= _stands_out(item, alpha, ground)
    box = _body_box(whole)
    if box is None:
        return None
    foot = (item.now.stand.east_m, item.now.stand.north_m)
    hides = alpha > _OPAQUE_ALPHA
    return _Trace(item.now.identity, actor.label, foot, box, whole, hides, actor.part_of)


def _stands_out(item: Vapour, alpha: NDArray[np.float32], ground: Ground) -> NDArray[np.bool_]:
    """Where smoke changes the picture by enough to be seen, on the half-size picture."""
    rows, columns = item.cover.alpha.shape
    top, left = item.cover.top_px // _CELL_PX, item.cover.left_px // _CELL_PX
    behind = cv2.resize(ground.picture, (alpha.shape[1], alpha.shape[0]), interpolation=cv2.INTER_AREA)
    window = behind[top : top + rows, left : left + columns].astype(np.float32)
    rows, columns = window.shape[:2]
    change = np.abs(item.cover.bgr[:rows, :columns] - window).mean(axis=2)
    stands_out = np.zeros(alpha.shape, np.bool_)
    share = alpha[top : top + rows, left : left + columns]
    # Neighbouring cells are averaged as an eye does: single cells differ by the wall's own grain.
    seen = cv2.blur((change * share).astype(np.float32), (5, 5)) > ground.least_contrast
    stands_out[top : top + rows, left : left + columns] = seen
    return stands_out


def _mask(drawing: Drawing, shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    silhouette(drawing, mask, (0.0, 0.0), 1 / _CELL_PX, 1)
    return mask.astype(np.bool_)


def _on_cells(cover: Cover, cell_px: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    """The cover's opacity on the half-size picture."""
    alpha = np.zeros((shape[0] * _CELL_PX // cell_px, shape[1] * _CELL_PX // cell_px), np.float32)
    rows, columns = cover.alpha.shape
    top, left = cover.top_px // cell_px, cover.left_px // cell_px
    window = alpha[top : top + rows, left : left + columns]
    window[...] = cover.alpha[: window.shape[0], : window.shape[1]]
    if alpha.shape == shape:
        return alpha
    return cv2.resize(alpha, (shape[1], shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32)


def _body_box(whole: NDArray[np.bool_]) -> tuple[float, float, float, float] | None:
    """The box around the visible body in pixels; loose wisps of under a twelfth of the body are left out."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(whole.astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    bodies = stats[1:]
    kept = bodies[bodies[:, cv2.CC_STAT_AREA] * 12 >= bodies[:, cv2.CC_STAT_AREA].max()]
    x1, y1 = kept[:, cv2.CC_STAT_LEFT].min(), kept[:, cv2.CC_STAT_TOP].min()
    x2 = (kept[:, cv2.CC_STAT_LEFT] + kept[:, cv2.CC_STAT_WIDTH]).max()
    y2 = (kept[:, cv2.CC_STAT_TOP] + kept[:, cv2.CC_STAT_HEIGHT]).max()
    return float(x1 * _CELL_PX), float(y1 * _CELL_PX), float(x2 * _CELL_PX), float(y2 * _CELL_PX)
