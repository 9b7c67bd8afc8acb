"""Which spots of an uncalibrated camera's picture the cases tie to places on the ground."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from central.domain.presence import joined, presence_of, shared_stay
from central.domain.registration import Registration, camera_of
from central.domain.rules import AssociationRules
from central.domain.values import Observation
from central.domain.views import Tie, View, fitted

SAME_STAY = 0.7
"""Both cameras' stays must be the same for this share of the longer one, and begin and end together (`ENDS` times the
group's `ends_s`). Less, and neighbours teach for each other."""
ENDS = 1.33


def learn_views(
    cases: Iterable[Sequence[Observation]], rules: AssociationRules, known: Registration
) -> dict[str, View]:
    """The view of every camera without calibration that the cases (the sightings of each) teach enough about."""
    ties: dict[str, list[Tie]] = defaultdict(list)
    calibrated: set[str] = set()
    for case in cases:
        calibrated.update(camera_of(sighting) for sighting in case if sighting.position is not None)
        ends_s = ENDS * rules.groups[case[0].group].ends_s
        for camera, tie in _ties([sighting for sighting in case if rules.of(sighting.seen).is_anchor], known, ends_s):
            ties[camera].append(tie)
    found = {camera: fitted(own) for camera, own in sorted(ties.items()) if camera not in calibrated}
    return {camera: view for camera, view in found.items() if view is not None}


def _ties(solid: Sequence[Observation], known: Registration, ends_s: float) -> Iterator[tuple[str, Tie]]:
    """One for each camera without positions, where those with positions saw the same stay."""
    placed = [sighting for sighting in solid if sighting.position is not None]
    points = [point for sighting in placed if (point := known.corrected(sighting)) is not None]
    looks = [sighting.looks for sighting in placed]
    for camera in sorted({camera_of(sighting) for sighting in solid if sighting.position is None and sighting.box}):
        own = [sighting for sighting in solid if camera_of(sighting) == camera and sighting.position is None]
        boxes = [sighting.box for sighting in own if sighting.box is not None]
        share = _shared(own, placed, ends_s) if placed else 0.0
        if share >= SAME_STAY:
            yield (
                camera,
                Tie(
                    x=round(sum((box.x1 + box.x2) / 2 for box in boxes) / len(boxes), 4),
                    y=round(sum(box.y2 for box in boxes) / len(boxes), 4),
                    east_m=round(_mean([point.east_m for point in points], looks), 3),
                    north_m=round(_mean([point.north_m for point in points], looks), 3),
                    share=round(share, 3),
                ),
            )


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _shared(a: Sequence[Observation], b: Sequence[Observation], ends_s: float) -> float:
    first, second = (joined([presence_of(sighting) for sighting in own]) for own in (a, b))
    return shared_stay(first, second, ends_s)
