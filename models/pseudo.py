"""Boxes people, vehicles and cycles in photographs whose own labels leave them out."""

from pathlib import Path
from typing import Any

from models.mixture import PseudoBoxes
from models.plan import REPOSITORY, Pseudo
from models.torch_env import prepare


def pseudo_boxes(pseudo: Pseudo, ours: tuple[str, ...]) -> PseudoBoxes:
    """A function from a picture to label lines, by a COCO model whose hash the caller has checked."""
    prepare()
    from ultralytics.models import YOLO

    model: Any = YOLO(REPOSITORY / pseudo.weights)
    least = pseudo.doubtful_score or pseudo.least_score

    def boxes(picture: Path, labelled: frozenset[str]) -> list[str]:
        found = model.predict(picture, imgsz=640, conf=least, verbose=False)[0].boxes
        lines = []
        for number, score, sides in zip(
            found.cls.int().tolist(), found.conf.tolist(), found.xywhn.tolist(), strict=True
        ):
            label = pseudo.label_by_coco_class.get(number)
            if label is not None and label not in labelled:
                channel = ours.index(label) + (0 if score >= pseudo.least_score else len(ours))
                lines.append(" ".join([str(channel), *(f"{side:.5f}" for side in sides)]))
        return lines

    return boxes
