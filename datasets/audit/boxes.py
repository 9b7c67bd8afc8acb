"""Boxes that can be read and still look wrong: tiny, whole-frame, slivers, two on one thing, classes with too few."""

from collections import Counter
from collections.abc import Iterator, Sequence

from datasets.audit.values import Finding, Kind, Seen, Shown
from datasets.folder import LabelledBox, LabelledFolder

INPUT_SIDE_PX = 640.0
"""The longest side that the detector looks at; tiny means tiny there."""

TINY_SIDE_PX = 5.0
"""At INPUT_SIDE_PX. The simulated street leaves smaller things out as well; larger would call distant flames tiny."""

WHOLE_FRAME_AREA = 0.9
"""Share of the picture. At a street camera's distance nothing fills more than a third; close-ups of stalls and boards
fill up to 0.85, so lower would list them all."""

SLIVER_RATIO = 15.0
"""Longer side to shorter, in pixels. Long shop signs reach 12."""

REPEATED_IOU = 0.9
"""Two boxes of one class overlapping more are one thing; 0.8 would list parasols in a row."""

FEW_BOXES = 20
"""Fewer boxes of a class than this in one source neither teach nor judge."""


def box_findings(seen: Seen) -> Iterator[Finding]:
    """What is odd about one picture's boxes."""
    for place, box in enumerate(seen.picture.boxes):
        width, height = (box.x2 - box.x1) * seen.size.width_px, (box.y2 - box.y1) * seen.size.height_px
        scale = INPUT_SIDE_PX / max(seen.size.width_px, seen.size.height_px)
        area = (box.x2 - box.x1) * (box.y2 - box.y1)
        short, long = sorted((width, height))
        if area >= WHOLE_FRAME_AREA:
            yield _about(seen, box, Kind.WHOLE_FRAME, f"fills {area:.0%} of the picture", area)
        if short * scale < TINY_SIDE_PX:
            yield _about(seen, box, Kind.TINY, f"is {short * scale:.1f} px wide at {INPUT_SIDE_PX:.0f}", -short * scale)
        elif long / short > SLIVER_RATIO:
            yield _about(seen, box, Kind.SLIVER, f"is {long / short:.0f} times as long as wide", long / short)
        if any(other.label == box.label and iou(other, box) >= REPEATED_IOU for other in seen.picture.boxes[:place]):
            yield _about(seen, box, Kind.REPEATED, "lies on another of its class", 0.0)


def class_findings(folders: Sequence[LabelledFolder]) -> Iterator[Finding]:
    """Classes of which a source has too few boxes."""
    for folder in folders:
        count = Counter(box.label for picture in folder.pictures for box in picture.boxes)
        for label in folder.classes:
            if count[label] < FEW_BOXES:
                yield Finding(Kind.RARE, f"{folder.name}: {label} has {count[label]} boxes", weight=-count[label])


def iou(one: LabelledBox, other: LabelledBox) -> float:
    """Intersection over union of two boxes of one picture."""
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    areas = sum((box.x2 - box.x1) * (box.y2 - box.y1) for box in (one, other))
    return shared / (areas - shared)


def _about(seen: Seen, box: LabelledBox, kind: Kind, what: str, weight: float) -> Finding:
    where = f"{seen.source}/{seen.picture.path.name}"
    return Finding(kind, f"{where}: {box.label} {what}", (Shown(seen.source, seen.picture, (box,)),), weight)
