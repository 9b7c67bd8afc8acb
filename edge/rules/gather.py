"""Detections → things: boxes of one look that belong to one thing become one.

A plume comes as several boxes whose number changes from look to look; left apart they would become several tracks,
several incidents and, since one camera saw them at once, several cases.
"""

from collections.abc import Iterable

from contract.taxonomy import Seen
from edge.rules.boxes import grown, intersection, share_of_smaller, union
from edge.rules.policy import Gather, Policies
from edge.values import Detection, Thing

NESTED_SHARE = 0.7
"""Two solid things share at most this much of the smaller one's box; more and they are one, boxed twice. Lower would
join neighbouring stalls of a row seen at an angle."""
PLUME_REACH = 0.15
"""Plume boxes within this share of their own size of each other are pieces of one plume. Higher joins two grills."""


def gather(detections: Iterable[Detection], policies: Policies) -> tuple[Thing, ...]:
    """The things one look shows, of the kinds that have a policy, highest score first."""
    things: list[Thing] = []
    ordered = sorted(detections, key=lambda detection: -detection.score)
    for detection in ordered:
        if not isinstance(detection.means, Seen) or detection.means not in policies.presence:
            continue
        if detection.score < (policies.presence[detection.means].gate or 0.0):
            continue
        things.append(Thing(detection.means, detection.score, detection.box_norm))
    gathered: list[Thing] = []
    for seen in dict.fromkeys(thing.seen for thing in things):
        same = [thing for thing in things if thing.seen is seen]
        match policies.presence[seen].gather:
            case Gather.UNION:
                gathered.extend(_hulls(same))
            case Gather.BEST:
                gathered.extend(_best(same))
    return tuple(gathered)


def _best(things: list[Thing]) -> list[Thing]:
    kept: list[Thing] = []
    for thing in things:
        if all(share_of_smaller(thing.box_norm, other.box_norm) < NESTED_SHARE for other in kept):
            kept.append(thing)
    return kept


def _hulls(things: list[Thing]) -> list[Thing]:
    """Joins touching pieces until nothing touches; the hull carries the best piece's score."""
    hulls: list[Thing] = []
    for thing in things:
        merged = thing
        rest = hulls
        while touching := [hull for hull in rest if _touch(hull, merged)]:
            rest = [hull for hull in rest if hull not in touching]
            for hull in touching:
                box = union(hull.box_norm, merged.box_norm)
                merged = Thing(merged.seen, max(hull.score, merged.score), box)
        hulls = [*rest, merged]
    return hulls


def _touch(a: Thing, b: Thing) -> bool:
    return intersection(grown(a.box_norm, PLUME_REACH), grown(b.box_norm, PLUME_REACH)) > 0
