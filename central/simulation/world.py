"""What a simulated city is made of. Values only; places in metres from the origin, times in seconds from the start."""

from dataclasses import dataclass
from datetime import UTC, datetime

from contract.ids import CameraId, NodeId
from contract.plane import Origin, Point
from contract.taxonomy import Seen

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
"""A Wednesday, 16:00 in Shanghai: the barbecue hours begin."""
ORIGIN = Origin(36.8135, 118.0548)


@dataclass(frozen=True, slots=True)
class Conditions:
    """How unkind the city is. Shares are 0..1, rates per hour, lengths in metres, times in seconds.

    `rows` of one kind at a crossing (from, below), of `row_lengths` places each, up to `spread_m` farther apart than
    the kind allows. `bias_m`: standard deviation, per axis, of a camera's fixed position error. `noise_m` and
    `noise_share`: that of one look, a part plus a share of the range; `steady_share` of its variance stays the same
    for a whole track, because a thing that stands still is boxed the same way again and again. `claim_scale`: what a
    node claims for its noise, as a multiple of the truth. `alone_share`: carts that nobody is with. `is_oblique`: the
    noise is long along the look and short across.
    """

    rows: tuple[int, int] = (4, 8)
    row_lengths: tuple[int, ...] = (1, 1, 2, 2, 3, 4)
    spread_m: float = 4.0
    bias_m: float = 1.2
    noise_m: float = 0.6
    noise_share: float = 0.03
    steady_share: float = 0.4
    claim_scale: float = 1.0
    alone_share: float = 0.1
    is_oblique: bool = False
    moved_share: float = 0.03
    moved_m: float = 4.0
    unposed_share: float = 0.06
    swap_share: float = 0.03
    breaks_per_h: float = 0.5
    occlusions_per_h: float = 1.5
    confused_share: float = 0.03
    ghosts_per_h: float = 0.2
    outage_share: float = 0.10
    outage_s: float = 2400.0
    late_share: float = 0.003
    duplicate_share: float = 0.01
    reorder_share: float = 0.05
    skew_s: float = 2.0
    skewed_share: float = 0.05
    skewed_s: float = 90.0


WORLDS: dict[str, Conditions] = {
    "city": Conditions(),
    "calm": Conditions(rows=(2, 5), row_lengths=(1, 1, 1, 1, 2), spread_m=12.0, unposed_share=0.0, steady_share=0.0),
    "edge": Conditions(is_oblique=True, steady_share=0.7, claim_scale=1.3),
    "understated": Conditions(claim_scale=0.6),
    "biased": Conditions(bias_m=3.0),
    "moved": Conditions(moved_share=0.25),
    "confused": Conditions(confused_share=0.10),
}
"""`city` is the world to be good in, `calm` has few near neighbours, `edge` claims as the nodes of this project do, the
others are hard on purpose."""


@dataclass(frozen=True, slots=True)
class Offset:
    """From `from_s` on, a camera places everything `east_m`, `north_m` beside the truth."""

    from_s: float
    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera on a pole. `yaw_rad` clockwise from north; `offsets` in time order, the first from 0.

    `skew_s`: how far its node's clock runs ahead. `outage`: when its node could not send, or None.
    """

    camera_id: CameraId
    node_id: NodeId
    place: Point
    height_m: float
    yaw_rad: float
    has_pose: bool
    offsets: tuple[Offset, ...]
    skew_s: float
    outage: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on the street from `start_s` to `end_s`.

    `real_id` names the real incident: a stall and its parasol share it. `drift_m`: how far the wind carries it.
    `is_attended`: somebody is with it all the time.
    """

    thing_id: str
    real_id: str
    seen: Seen
    place: Point
    start_s: float
    end_s: float
    size_m: float
    drift_m: float = 0.0
    is_attended: bool = True


@dataclass(frozen=True, slots=True)
class City:
    """Everything there is, and which pairs of cameras are declared to share a view."""

    cameras: tuple[Camera, ...]
    things: tuple[Thing, ...]
    overlaps: tuple[tuple[CameraId, CameraId], ...]
    length_s: float
    conditions: Conditions
