"""The figures of a run: recall and false incidents per kind, per weather and per look-alike."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from contract.taxonomy import Context, Seen
from edge.plume.judge import Judge
from edge.rules.policy import Policies
from models.evaluation.counts import rate
from models.street_days.filed import first_false, incidents, standing_false
from models.street_days.interval import share_interval
from models.street_days.matching import CameraVerdict, Worth, confirm_seconds, judge_camera
from models.street_days.rerun import rerun
from models.street_days.store import Recording, read
from models.street_days.truth import SEEN_BY_LABEL, TrueIncident, true_incidents

KINDS = tuple(SEEN_BY_LABEL.values())
FIRE = (Seen.SMOKE, Seen.FLAME)


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one slice. `asked` is what had to be found, `found` as its kind, `as_group` as something of its group.

    `small` and `small_found`: things smaller or more hidden than is asked for. `false_high` is the upper end of the
    exact 95 % Poisson interval of `false` per camera-day.
    """

    name: str
    hours: float
    asked: int
    found: int
    as_group: int
    small: int
    small_found: int
    false: int
    false_per_day: float
    false_high: float
    wrong_kind: int
    again: int
    attended_s: float | None
    patrol_s: float | None
    false_by_cause: dict[str, int]
    recall_low: float | None
    recall_high: float | None
    """The ends of the exact 95 % interval of `found` in `asked`."""
    false_low: float
    incidents: int
    incidents_found: int
    incidents_low: float | None
    incidents_high: float | None
    """What a city would file once (`models.street_days.filed`): a seating with its tables and parasols, a grill with
    its smoke. Found if anything of it was reported as something of its group. The things are also counted one by one,
    by their own kind, in `asked`: that is the strict figure."""
    false_filed: int
    """False reports less those of a group and place that was falsely reported shortly before."""
    false_standing: int
    later_per_day: float
    later_low: float
    later_high: float
    """False reports of what stood there when the camera came up (once in its life), and how many come up later per
    camera-day, with the exact 95 % Poisson interval."""

    @property
    def recall(self) -> float | None:
        return self.found / self.asked if self.asked else None


def cameras(out: Path) -> Iterable[Sequence[Recording]]:
    """The recordings under `out`, camera by camera, in order."""
    for folder in sorted({path.parent for path in out.glob("*/*/act-*.npz")}):
        yield [read(path) for path in sorted(folder.glob("act-*.npz"))]


def judge_all(
    recordings: Iterable[Sequence[Recording]],
    means: Mapping[str, Seen | Context],
    policies: Policies,
    judge: Judge | None,
    *,
    surveyed: bool = False,
) -> tuple[CameraVerdict, ...]:
    """Every camera's verdict."""
    return tuple(
        judge_camera(entry, rerun(entry, means, policies, judge, surveyed=surveyed), true_incidents(entry, policies))
        for entry in recordings
    )


def row(name: str, verdicts: Sequence[CameraVerdict], kinds: Sequence[Seen] = KINDS) -> Row:
    """The figures of one slice of cameras and kinds."""
    truths = [(entry, truth) for entry in verdicts for truth in entry.truths if truth.seen in kinds and truth.is_asked]
    plain = [(entry, truth) for entry, truth in truths if truth.is_plain]
    small = [(entry, truth) for entry, truth in truths if not truth.is_plain]
    reports = [found for entry in verdicts for found in entry.verdicts if found.report.seen in kinds]
    false = [found for found in reports if found.worth is Worth.FALSE]
    hours = sum(entry.hours for entry in verdicts)
    per_hour = rate(len(false), hours)
    standing = sum(standing_false(entry, kinds) for entry in verdicts)
    later = rate(len(false) - standing, hours)
    found = _found(plain)
    interval = share_interval(found, len(plain))
    filed = incidents(plain)
    filed_found = sum(filed.values())
    filed_interval = share_interval(filed_found, len(filed))
    return Row(
        name=name,
        hours=round(hours, 2),
        asked=len(plain),
        found=found,
        as_group=sum(truth.identity in entry.found_as_group() for entry, truth in plain),
        small=len(small),
        small_found=_found(small),
        false=len(false),
        false_per_day=round(per_hour.value * 24, 2),
        false_high=round(per_hour.high * 24, 2),
        wrong_kind=sum(found.worth is Worth.WRONG_KIND for found in reports),
        again=sum(found.worth is Worth.AGAIN for found in reports),
        attended_s=_median(verdicts, kinds, attended=True),
        patrol_s=_median(verdicts, kinds, attended=False),
        false_by_cause=dict(Counter(entry.is_of for entry in false).most_common()),
        recall_low=None if interval is None else round(interval[0], 3),
        recall_high=None if interval is None else round(interval[1], 3),
        false_low=round(per_hour.low * 24, 2),
        incidents=len(filed),
        incidents_found=filed_found,
        incidents_low=None if filed_interval is None else round(filed_interval[0], 3),
        incidents_high=None if filed_interval is None else round(filed_interval[1], 3),
        false_filed=sum(len(first_false(entry, kinds)) for entry in verdicts),
        false_standing=standing,
        later_per_day=round(later.value * 24, 2),
        later_low=round(later.low * 24, 2),
        later_high=round(later.high * 24, 2),
    )


def rows(verdicts: Sequence[CameraVerdict]) -> tuple[Row, ...]:
    """All, fire alone, each kind, each weather."""
    conditions = sorted({entry.condition for entry in verdicts})
    return (
        row("all", verdicts),
        row("smoke and flame", verdicts, FIRE),
        *(row(kind.value, verdicts, (kind,)) for kind in KINDS),
        *(row(name, [entry for entry in verdicts if entry.condition == name]) for name in conditions),
    )


def _found(truths: Sequence[tuple[CameraVerdict, TrueIncident]]) -> int:
    return sum(truth.identity in entry.found() for entry, truth in truths)


def _median(verdicts: Sequence[CameraVerdict], kinds: Sequence[Seen], *, attended: bool) -> float | None:
    seconds = [s for entry in verdicts for kind in kinds for s in confirm_seconds(entry, kind, attended=attended)]
    return round(median(seconds), 1) if seconds else None
