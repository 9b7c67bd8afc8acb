"""Which of two kinds boxed in one place it is: what looks clearly more like something else is not what it was called.

The model boxes every kind on its own, so an advertising case is now and then a cart as well, a bin a grill, a heap of
rubbish a stall. On tuning streets (seeds 1000–1999) this took away 8 of 29 false solid things and one true cart.
"""

from collections.abc import Sequence

from contract.taxonomy import GROUP_BY_SEEN, Context, KindGroup, Seen
from edge.rules.boxes import iou
from edge.values import Detection

CLEARLY = 1.3
"""How many times as sure the model must be of the other kind. Lower: a cart before an advertising case is lost."""
SAME_PLACE_IOU = 0.45
"""Two boxes that overlap this much are of one thing. Lower: a stall is lost to the bin beside it."""
_PLUMES = (Seen.SMOKE, Seen.FLAME)


def uncontested(detections: Sequence[Detection]) -> tuple[Detection, ...]:
    """The detections without the solid things that something else in their place outdoes.

    Kinds of one group never contest each other (a parasol stands over a stall), nor do people (who stand before
    things) and plumes (which burning rubbish has).
    """
    return tuple(entry for entry in detections if not any(_outdoes(other, entry) for other in detections))


def _outdoes(other: Detection, entry: Detection) -> bool:
    return (
        other.score > CLEARLY * entry.score
        and _may_contest(other, entry)
        and iou(other.box_norm, entry.box_norm) >= SAME_PLACE_IOU
    )


def _may_contest(other: Detection, entry: Detection) -> bool:
    if not isinstance(entry.means, Seen) or entry.means in _PLUMES or GROUP_BY_SEEN[entry.means] is KindGroup.SIGNAGE:
        return False
    if isinstance(other.means, Seen):
        return other.means not in _PLUMES and GROUP_BY_SEEN[other.means] is not GROUP_BY_SEEN[entry.means]
    return other.means is not Context.PERSON
