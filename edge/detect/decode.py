"""Turns YOLO's raw output into detections: thresholds per class, then suppression within each class."""

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.manifest import ModelManifest
from edge.detect.letterbox import Placement, to_norm
from edge.values import Detection

MAX_CANDIDATES = 1000
"""Boxes that enter suppression; a market scene has about 300. Caps the cost of a frame full of noise."""

MAX_DETECTIONS = 200
"""Boxes one look may report; a frame with more is noise or a crowd that confirmation can't use."""


class Decoder:
    """Reads one model's output; holds nothing between frames."""

    def __init__(self, manifest: ModelManifest) -> None:
        self._classes = manifest.classes
        self._nms_iou = manifest.nms_iou
        self._thresholds = np.array([entry.threshold for entry in manifest.classes], np.float32)[:, None]

    def decode(self, output: NDArray[np.float32], placement: Placement) -> tuple[Detection, ...]:
        """Detections, best first.

        Args:
            output: (1, 4 + classes, anchors): centre x, centre y, width, height in input pixels, then scores 0..1.
            placement: where the frame lies inside the input.
        """
        rows = output[0]
        columns, class_indices, scores = self._candidates(rows[4:])
        if not columns.size:
            return ()
        boxes_px = _xyxy(rows[:4, columns])
        kept = self._suppress(boxes_px, scores, class_indices)
        boxes_norm = to_norm(boxes_px[kept], placement)
        detections = []
        for box, score, class_index in zip(boxes_norm.tolist(), scores[kept], class_indices[kept], strict=True):
            x1, y1, x2, y2 = box
            if x2 > x1 and y2 > y1:  # a box that lies wholly in the border belongs to no place in the frame
                entry = self._classes[class_index]
                detections.append(Detection(entry.label, entry.means, float(score), (x1, y1, x2, y2)))
        return tuple(detections)

    def _candidates(
        self, scores: NDArray[np.float32]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
        """Columns, classes and scores of anchors whose best class *among those above threshold* is that class.

        Taking the best class first would lose thin smoke (0.18, threshold 0.15) behind a poor person (0.20 of 0.25).
        """
        passed = np.flatnonzero((scores >= self._thresholds).any(axis=0))
        few = scores[:, passed]
        few = np.where(few >= self._thresholds, few, 0.0)
        class_indices = few.argmax(axis=0)
        best = few[class_indices, np.arange(passed.size)]
        order = np.argsort(-best, kind="stable")[:MAX_CANDIDATES]
        return passed[order], class_indices[order], best[order]

    def _suppress(
        self, boxes_px: NDArray[np.float32], scores: NDArray[np.float32], class_indices: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        top_left_size = np.concatenate([boxes_px[:, :2], boxes_px[:, 2:] - boxes_px[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxesBatched(
            top_left_size.tolist(), scores.tolist(), class_indices.tolist(), 0.0, self._nms_iou
        )
        indices = np.asarray(kept, np.intp).reshape(-1)
        return indices[np.argsort(-scores[indices], kind="stable")][:MAX_DETECTIONS]


def _xyxy(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(4, N) centre and size → (N, 4) corners, in the same pixels."""
    half = boxes[2:] / 2
    return np.concatenate([boxes[:2] - half, boxes[:2] + half]).T
