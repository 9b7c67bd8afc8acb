"""Parts of the pictures on which numbers are told apart: light, source, size of the thing, whatever is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, sqrt

from contract.manifest import ModelInput
from edge.detect.letterbox import fit
from models.ap import IOUS, Box, Look, Weights
from models.evaluation.attributes import LIGHT
from models.evaluation.bootstrap import Measured
from models.evaluation.classes import ClassReport, places
from models.evaluation.eyes import Viewed
from models.evaluation.figures import Metric, Sample, match

NIGHT_BRIGHTNESS = 60.0
"""Mean grey, 0..255, below which a picture without a stated light counts as night. A poor clock: of 700 photographs
looked at, those below were mostly nights and dark rooms; between 60 and 80 nights and shaded days mix, and streets in
flash or sodium light reach 90. Higher takes shade for night, lower loses lit markets."""

SIZES_PX: Mapping[str, tuple[float, float]] = {"small": (0.0, 32.0), "medium": (32.0, 96.0), "large": (96.0, inf)}
"""Square root of the box's area in pixels of the model's input: COCO's three sizes, at the resolution that counts."""

TOLD = (
    Metric.AP50,
    Metric.AP30,
    Metric.PRECISION,
    Metric.RECALL,
    Metric.F1,
    Metric.FALSE_PER_IMAGE,
)


@dataclass(frozen=True, slots=True)
class SliceClass:
    """One class on one slice."""

    pictures: int
    instances: int
    measured: Mapping[Metric, Measured]


@dataclass(frozen=True, slots=True)
class Slice:
    """`name` is ``key:value``, as ``light:night``."""

    name: str
    pictures: int
    by_label: Mapping[str, SliceClass]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A class's report and the numbers of the pictures it was made from."""

    report: ClassReport
    numbers: tuple[int, ...]


def slices(
    viewed: Sequence[Viewed], reports: Sequence[ClassReport], weights: Weights, shape: ModelInput
) -> tuple[Slice, ...]:
    """Every slice that holds a picture, by name; classes only where the slice's pictures can judge them."""
    pictures = [entry.picture for entry in viewed]
    judged = tuple(
        _Judged(report, places(pictures, report.label).exhaustive) for report in reports if report.is_exhaustive
    )
    numbers_by_name: dict[str, list[int]] = {}
    for number, entry in enumerate(viewed):
        for name in _names(entry):
            numbers_by_name.setdefault(name, []).append(number)
    by_picture = [_slice(name, numbers, judged, weights) for name, numbers in sorted(numbers_by_name.items())]
    return (*by_picture, *_by_size(viewed, judged, weights, shape))


def light_of(entry: Viewed) -> tuple[str, ...]:
    """What the source says of the light, else night or day by brightness."""
    stated = entry.picture.attributes.get(LIGHT, ())
    return stated or (("night",) if entry.brightness < NIGHT_BRIGHTNESS else ("day",))


def _names(entry: Viewed) -> set[str]:
    known = {**entry.picture.attributes, LIGHT: light_of(entry), "source": (entry.picture.source,)}
    return {f"{key}:{value}" for key, values in known.items() for value in values}


def _slice(name: str, numbers: Sequence[int], judged: Sequence[_Judged], weights: Weights) -> Slice:
    by_label = {}
    for one in judged:
        place_by_number = {number: place for place, number in enumerate(one.numbers)}
        judging = [number for number in numbers if number in place_by_number]
        if judging:
            part = one.report.sample.part([place_by_number[number] for number in judging])
            by_label[one.report.label] = _told(part, weights[:, judging])
    return Slice(name, len(numbers), by_label)


def _by_size(
    viewed: Sequence[Viewed], judged: Sequence[_Judged], weights: Weights, shape: ModelInput
) -> tuple[Slice, ...]:
    """Things of other sizes need not be found, and boxes of other sizes that find nothing are forgiven, as in COCO."""
    found = []
    for size, (least_px, below_px) in SIZES_PX.items():
        by_label = {}
        holding: set[int] = set()
        for one in judged:
            label = one.report.label
            looks = [_sized(viewed[number], label, shape, least_px, below_px) for number in one.numbers]
            if any(curve.truths for curve, _ in looks):
                sample = match([curve for curve, _ in looks], [shipped for _, shipped in looks], IOUS[:1])
                by_label[label] = _told(sample, weights[:, one.numbers])
                holding.update(one.numbers)
        if by_label:
            found.append(Slice(f"size:{size}", len(holding), by_label))
    return tuple(found)


def _sized(entry: Viewed, label: str, shape: ModelInput, least_px: float, below_px: float) -> tuple[Look, Look]:
    placement = fit(entry.width_px, entry.height_px, shape.width_px, shape.height_px)

    def fits(box: Box) -> bool:
        area_px = (box[2] - box[0]) * placement.width_px * (box[3] - box[1]) * placement.height_px
        return least_px <= sqrt(max(0.0, area_px)) < below_px

    return _look(entry, label, fits, curve=True), _look(entry, label, fits, curve=False)


def _look(entry: Viewed, label: str, fits: Callable[[Box], bool], curve: bool) -> Look:
    sight = entry.sights[0]
    boxes = entry.picture.boxes(label)
    founds = tuple(
        (found.score, found.box_norm) for found in (sight.curve if curve else sight.shipped) if found.label == label
    )
    return Look(
        truths=tuple(box for box in boxes if fits(box)),
        founds=founds,
        ignored=tuple(box for box in boxes if not fits(box)),
        forgiven=tuple(not fits(box) for _, box in founds),
    )


def _told(sample: Sample, weights: Weights) -> SliceClass:
    return SliceClass(sample.pictures, sample.instances, sample.measured(weights, TOLD))
