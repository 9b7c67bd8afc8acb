"""What a person could point at in one picture of the simulated street, and what is there to be mistaken for it."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.render import Renderer
from edge.scene.truth import SceneObject
from edge.values import Box

LEAST_VISIBLE_SHARE = 0.25
LEAST_SIDE_PX = 5.0
LEAST_CONTRAST = 2.0
"""The three as the training pictures have them (`datasets.synth`): what is not boxed there is not asked for here."""
_CELLS = 12
_VAPOURS = ("smoke", "flame")


def seen_objects(
    renderer: Renderer, t_s: float, camera: PinholeCamera, grey: NDArray[np.float32]
) -> Iterator[tuple[str, str, float, Box]]:
    """(identity, label, visible share, box in shares of the picture) of all true objects and look-alikes.

    A true object that nobody could point at has visible share 0; a look-alike's label begins with ``~``.
    """
    size = np.array([camera.width_px, camera.height_px] * 2)
    for found in renderer.truth(t_s):
        share = found.visible_share if _is_seen(found, grey) else 0.0
        yield found.identity, str(found.label), share, _norm(found.box_px, size)
    for kind, box_px in renderer.lookalike_boxes(t_s):
        yield "", f"~{kind}", 1.0, _norm(box_px, size)


def _norm(box_px: Box, size: NDArray[np.int_]) -> Box:
    x1, y1, x2, y2 = np.clip(np.array(box_px) / size, 0.0, 1.0).tolist()
    return (x1, y1, x2, y2)


def _is_seen(found: SceneObject, grey: NDArray[np.float32]) -> bool:
    x1, y1, x2, y2 = found.box_px
    if found.visible_share < LEAST_VISIBLE_SHARE or min(x2 - x1, y2 - y1) < LEAST_SIDE_PX:
        return False
    if found.label in _VAPOURS:
        return True
    margin = 0.2 * min(x2 - x1, y2 - y1) + 1
    rows = slice(max(0, int(y1 - margin)), int(y2 + margin) + 1)
    columns = slice(max(0, int(x1 - margin)), int(x2 + margin) + 1)
    cells = cv2.resize(grey[rows, columns], (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return float(cells.std()) >= LEAST_CONTRAST
