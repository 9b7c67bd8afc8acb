"""The presence policy: when something seen is there, and when it is gone (values: `configs/edge/policies.yaml`).

What it *means* — dwell in law, hours, permits — is central's business (ARCHITECTURE §2).
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contract.configfile import Settings
from contract.taxonomy import Context, Seen

Seconds = Annotated[float, Field(gt=0, le=7 * 24 * 3600)]
Share = Annotated[float, Field(gt=0, le=1)]


class Gather(StrEnum):
    """How boxes of one look that overlap become one thing."""

    UNION = "union"
    """Pieces of one plume or one fire: their hull."""
    BEST = "best"
    """Nested boxes of one solid thing: the highest score."""


class PresencePolicy(Settings):
    """When one kind of thing counts as present and as gone. All times are capture time."""

    look_every_s: Seconds
    """The window is cut into slots of this length; a slot counts once, however many looks fall into it."""
    share: Share
    """Share of the window's slots that must show the thing. Higher: occlusion delays it; lower: flicker confirms."""
    present_after_s: Seconds
    """The window. Longer: later but surer."""
    gone_after_s: Seconds
    """Watched time without it until it counts as gone. Shorter: a passing bus splits one incident into two."""
    confirm_score: Annotated[float, Field(ge=0, le=1)]
    """The slots' best scores must sum to `share` × slots × this; the detector's own threshold only keeps a track."""
    update_every_s: Seconds = 60.0
    """At most one `updated` in this time while it stays."""
    gate: Annotated[float, Field(ge=0.01, le=1)] | None = None
    """The detector's score below which a box is not looked at; null: the model's own threshold. Low: a faint thing
    keeps its track alive and only `confirm_score` decides whether it opens. Too low and noise is tracked."""
    cool_down_s: Annotated[float, Field(ge=0, le=24 * 3600)] = 0.0
    """After it was gone, nothing of its kind opens at its place for so long; what still stands there then opens."""
    least_belief: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How sure the second stage must be that it is no steam, lamp or glare, 0..1; 0: it is not asked (`edge.plume`)."""
    attention_s: Annotated[float, Field(ge=0, le=120)] = 0.0
    """How long the camera is watched closely when it may be beginning; 0: never. Longer costs other cameras looks."""
    height_m: tuple[Annotated[float, Field(gt=0, le=30)], Annotated[float, Field(gt=0, le=30)]] | None = None
    """Least and most height of the thing above its foot; with the camera's perspective it rejects absurd boxes. null:
    any (plumes)."""
    shape: tuple[Annotated[float, Field(gt=0, le=50)], Annotated[float, Field(gt=0, le=50)]] | None = None
    """Least and most width of its box for its height, in the picture's own proportions, where the border doesn't cut
    it: a parasol is about as wide as high, somebody under an umbrella is not. Needs no calibration. null: any."""
    gather: Gather = Gather.BEST
    base_height_m: Annotated[float, Field(ge=0, le=10)] | None = 0.0
    """Height above ground of the box's lower edge (a grill's smoke starts at 0.8 m); null: not a ground thing."""
    half_depth_m: Annotated[float, Field(ge=0, le=10)] = 0.0
    """A box's lower edge is the thing's near side; its middle lies this much further from the camera. Without it two
    cameras on opposite sides of a stall disagree by its whole depth."""


class AttendancePolicy(Settings):
    """When somebody counts as staying with a thing: `edge.rules.attendance`. Times are capture time."""

    of: frozenset[Seen] = frozenset({Seen.STALL, Seen.CART, Seen.PARASOL, Seen.TABLE, Seen.GRILL})
    """What people are looked for beside; empty: nothing, and events say nothing of it."""
    slot_s: Seconds = 5.0
    """The window is cut into slots of this length; a slot counts once."""
    window_s: Seconds = 60.0
    """Longer: surer, and a short stay is missed; shorter: who waits for a bus beside it counts."""
    begins_share: Share = 0.35
    """Share of the window that must show somebody at one spot for a stay to begin. Lower: walkers on a full pavement;
    higher: a vendor whom the stall half hides."""
    ends_share: Share = 0.12
    """Share of the window's looks below which the stay is over; the vendor may turn away or be hidden meanwhile."""
    reach_m: Annotated[float, Field(gt=0, le=10)] = 1.2
    """Gap between the thing's box and a person's, across the picture. Wider: whoever passes."""
    still_m: Annotated[float, Field(gt=0, le=10)] = 0.8
    """How far from a spot somebody still is there. Wider: walkers on a full pavement."""
    least_height: Annotated[float, Field(ge=0, le=1)] = 0.04
    """Share of the looked-at picture's height that a person would take there; below it the detector sees nobody, and
    nothing is said."""
    least_slots: Annotated[int, Field(ge=1, le=1000)] = 6
    """Slots looked at before anything is said."""


class Policies(Settings):
    """One policy per kind; a kind without one is not reported."""

    presence: dict[Seen, PresencePolicy]
    attendance: AttendancePolicy = AttendancePolicy()

    def without(self, kinds: Collection[Seen]) -> "Policies":
        """The policies of all other kinds."""
        rest = {seen: policy for seen, policy in self.presence.items() if seen not in kinds}
        return Policies(presence=rest, attendance=self.attendance)

    def gates(self) -> Mapping[Seen | Context, float]:
        """The detector's gate of every kind that sets one."""
        return {seen: policy.gate for seen, policy in self.presence.items() if policy.gate is not None}
