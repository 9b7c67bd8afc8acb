"""The rules of joining, as data (`configs/central/association.yaml`). Every number says what it gates.

They decide which sightings are one thing; what that thing means is the law's business.
"""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from central.domain.districts import ONE_CITY, Districts
from contract.configfile import Settings
from contract.ids import CameraId
from contract.taxonomy import KindGroup, Seen

Metres = Annotated[float, Field(ge=0, le=200)]
Seconds = Annotated[float, Field(ge=0, le=365 * 86400)]


class GroupRule(Settings):
    """When two incidents of one group may be one thing."""

    gap_s: Seconds
    """Longest silence, in event time, that a case survives: within it a thing that comes back re-opens its case.
    Too short: one stall becomes two cases after a lorry parked in front of it; too long: the next vendor inherits."""
    reach_m: Metres
    """Two sightings farther apart are never compared, however vague the cameras are."""
    nearest_m: Metres
    """Two of a kind never stand nearer, middle to middle. Two tracks of one camera that surely do are one thing that
    was boxed twice (a table beside a stall taken for a stall, two tongues of one fire), not two things seen at once."""
    ends_s: Seconds = 45.0
    """Two cameras see one thing come, and go, within this of each other: how long their looks lie apart, and small
    obstacles. Too short: what they saw together counts for nothing; too long: neighbours seem to have come together."""
    recurs_within_s: Seconds
    """A new case at a place where one ended less than this ago is told which one it recurs after."""

    @property
    def gap(self) -> timedelta:
        return timedelta(seconds=self.gap_s)


class SeenRule(Settings):
    """How well a thing's foot point stands for the thing itself, and when central believes it."""

    slack_m: Metres = 0.3
    """Standard deviation added to every position: a plume drifts, a canopy overhangs."""
    is_anchor: bool = True
    """Others are compared with it. A vague thing (smoke, a parasol) must not chain two stalls into one case."""
    is_many: bool = False
    """Several may belong to one anchor at once: a stall has two tables."""
    confirm_n: Annotated[int, Field(ge=1, le=100)] = 1
    confirm_of: Annotated[int, Field(ge=1, le=100)] = 1
    """A case is believed once `confirm_n` of its newest `confirm_of` revisions reach `confirm_score`. The node has
    proven presence already, so one is enough for most."""
    confirm_score: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.confirm_n > self.confirm_of:
            raise ValueError(f"confirm_n: {self.confirm_n} of {self.confirm_of} can never be reached")
        return self


class SwapRule(Settings):
    """When a track is cut because its tracker took a neighbour for the thing it followed."""

    window: Annotated[int, Field(ge=2, le=50)] = 20
    """Revisions compared on each side of a possible cut."""
    gate: Annotated[float, Field(gt=0, le=50)] = 4.5
    """Standard deviations between the means of both sides. Lower cuts tracks that only shake."""
    jump_m: Metres = 2.5
    """A shorter jump is never a swap: no two things stand nearer than this."""
    jump_boxes: Annotated[float, Field(gt=0, le=50)] = 0.6
    """The same in the picture of a camera without ground points, in sizes of the thing's box."""


class AssociationRules(Settings):
    """The whole rule."""

    version: Annotated[str, Field(max_length=40)] = "4"
    gate: Annotated[float, Field(gt=0, le=20)] = 3.25
    """Standard deviations at which two sightings stop speaking for each other and begin to speak against."""
    against: Annotated[float, Field(gt=0, le=100)] = 3.0
    """How strongly at most one far pair counts against joining two groups of sightings, in gates squared."""
    bias_m: Metres = 0.9
    """Per camera: the position error that stays the same from look to look and that its covariance leaves out. It parts
    no two tracks of one camera. Too small: two cameras' views of one stall stay apart; too large: neighbours join."""
    unknown_bias_m: Metres = 1.5
    """The same, before the first cases have taught anything about the cameras. Smaller: badly measured cameras never
    meet and never learn; larger: the first cases mix neighbours and teach nonsense."""
    together: Annotated[float, Field(ge=0, le=1)] = 0.25
    """How much it speaks for two cameras' sightings, in gates squared, that they began together, and again that they
    ended together (`ends_s`). It chooses between neighbours; what is too far apart stays apart."""
    silence: Annotated[float, Field(ge=0, le=1)] = 0.3
    """How much the longest silence (`gap_s`) speaks against two sightings; a shorter one less, in proportion. Too
    small: whoever takes the next pitch inherits the case; too large: what a lorry hid comes back as a new one."""
    uncovered: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How much it speaks against a vague thing's belonging to an anchor that the anchor was not there meanwhile."""
    steady: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of a look's variance that averaging over a track does not remove."""
    handover_s: Seconds = 5.0
    """A track may overlap its own continuation by this much and still be the same thing."""
    box_sigma: Annotated[float, Field(gt=0, le=5)] = 0.25
    """For cameras without ground points: standard deviation of a box's foot, as a share of the box's size."""
    overlap_share: Annotated[float, Field(ge=0, le=1)] = 0.7
    """Cameras of a declared overlap: the stays must be the same for this share of the longer one, and begin and end
    together (twice `ends_s`)."""
    overlap_margin: Annotated[float, Field(ge=0, le=1)] = 0.02
    """And by this much more than with any other thing that was there; a row of stalls that open and close together
    stays apart rather than being joined by chance."""
    recurs_m: Metres = 4.0
    """A new case this near to where an earlier one ended recurs after it."""
    alarm_m: Metres = 3.0
    """A camera that places things this far beside the others' is reported: measure its pose again."""
    late_s: Seconds = 86400.0
    """An event that comes later than this goes to the record without raising anything."""
    largest: Annotated[int, Field(ge=10, le=5000)] = 300
    """Sightings re-considered together at most; in a crowd only the nearest are, what else there is stays as it was
    decided, and links say ``crowd``. Time grows with its square: 300 take some 30 ms."""
    swap: SwapRule = SwapRule()
    groups: dict[KindGroup, GroupRule] = Field(
        default_factory=lambda: {
            KindGroup.FIRE: GroupRule(gap_s=540, reach_m=10, nearest_m=5, recurs_within_s=30 * 86400),
            KindGroup.TRADE: GroupRule(gap_s=540, reach_m=7.5, nearest_m=3.5, recurs_within_s=30 * 86400),
            KindGroup.SIGNAGE: GroupRule(
                gap_s=2 * 86400, reach_m=6, nearest_m=0, ends_s=900, recurs_within_s=90 * 86400
            ),
            KindGroup.WASTE: GroupRule(gap_s=3600, reach_m=7.5, nearest_m=3.5, ends_s=90, recurs_within_s=30 * 86400),
        }
    )
    seen: dict[Seen, SeenRule] = Field(
        default_factory=lambda: {
            Seen.SMOKE: SeenRule(slack_m=1.5, is_anchor=False),
            Seen.PARASOL: SeenRule(slack_m=1.0, is_anchor=False, is_many=True),
            Seen.TABLE: SeenRule(slack_m=1.3, is_anchor=False, is_many=True),
        }
    )
    rivals: tuple[frozenset[Seen], ...] = (frozenset({Seen.STALL, Seen.CART}),)
    """Sets of `seen` of which one camera can't see the same thing twice at once; each kind rivals itself anyway."""
    overlaps: frozenset[frozenset[CameraId]] = frozenset()
    """Pairs of cameras declared to share a view; from the site file."""
    districts: Districts = ONE_CITY
    """Cameras of two districts never share a case; from the site file."""

    @model_validator(mode="after")
    def _knows_every_group(self) -> Self:
        missing = sorted(set(KindGroup) - set(self.groups))
        if missing:
            raise ValueError(f"groups: {', '.join(missing)} is missing")
        return self

    @property
    def late(self) -> timedelta:
        return timedelta(seconds=self.late_s)

    def of(self, seen: Seen) -> SeenRule:
        return self.seen.get(seen, SOLID)

    def partners_of(self, camera_id: CameraId) -> frozenset[CameraId]:
        """The cameras declared to share a view with `camera_id`."""
        return frozenset(other for pair in self.overlaps if camera_id in pair for other in pair - {camera_id})

    def are_rivals(self, a: Seen, b: Seen) -> bool:
        """Whether one camera that sees both at once sees two things."""
        return a is b or any(a in rivals and b in rivals for rivals in self.rivals)

    def named(self, basis: str) -> str:
        """How a link calls the rule it was made by."""
        return f"{basis}/{self.version}"


SOLID = SeenRule()
"""For everything that `seen` doesn't name."""
