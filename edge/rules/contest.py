"""Which of two kinds boxed in one place it is: what looks more like something else is not what it was called.

The model boxes every kind on its own, so an advertising case is now and then a cart as well, a bin a grill, a heap of
rubbish a stall. On tuning streets this took away 8 of 29 false solid things and one true cart; then (23 camera-hours)
any surer kind instead of one 1.3 times as sure, and people, 4 of 30 more and nothing true.
"""

from collections.abc import Sequence

from contract.taxonomy import GROUP_BY_SEEN, Context, KindGroup, Seen
from edge.rules.boxes import iou
from edge.values import Detection

SURER = 1.0
"""How many times as sure the model must be of the other kind. Below 1 two may do away with each other."""
SAME_PLACE_IOU = 0.45
"""Two boxes that overlap this much are of one thing. Lower: a stall is lost to the bin beside it."""
PERSON_IOU = 0.6
"""A person stands before a thing and hides part of it; one whose box is the thing's own is what was taken for it (most
often under an umbrella). Lower: a narrow cart is lost to its vendor."""
PERSON_TIMES = 0.8
"""How many times as sure the model must be of the person. Under an umbrella in the rain it is never very sure."""
_PLUMES = (Seen.SMOKE, Seen.FLAME)


def uncontested(detections: Sequence[Detection]) -> tuple[Detection, ...]:
    """The detections without the solid things that something else in their place outdoes.

    Kinds of one group never contest each other (a parasol stands over a stall), nor do plumes (which burning rubbish
    has); people only where their box is the thing's own.
    """
    return tuple(entry for entry in detections if not any(_outdoes(other, entry) for other in detections))


def _outdoes(other: Detection, entry: Detection) -> bool:
    is_person = other.means is Context.PERSON
    times, overlap = (PERSON_TIMES, PERSON_IOU) if is_person else (SURER, SAME_PLACE_IOU)
    return (
        other.score > times * entry.score
        and _may_contest(other, entry)
        and iou(other.box_norm, entry.box_norm) >= overlap
    )


def _may_contest(other: Detection, entry: Detection) -> bool:
    if not isinstance(entry.means, Seen) or entry.means in _PLUMES or GROUP_BY_SEEN[entry.means] is KindGroup.SIGNAGE:
        return False
    if isinstance(other.means, Seen):
        return other.means not in _PLUMES and GROUP_BY_SEEN[other.means] is not GROUP_BY_SEEN[entry.means]
    return True
