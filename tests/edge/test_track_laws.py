"""Laws of tracking: identity holds for what stands still, at any cadence, through buses, lamps and darkness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.taxonomy import Seen
from edge.rules.track import Tracker
from edge.values import Box, Thing
from tests.edge.fakes import at, policy

STALL = {Seen.STALL: policy(gone_after_s=120)}
PLACES: tuple[Box, ...] = tuple((0.05 + 0.19 * k, 0.4, 0.17 + 0.19 * k, 0.65) for k in range(5))


def shaken(box: Box, random: np.random.Generator, share: float) -> Box:
    wide, high = box[2] - box[0], box[3] - box[1]
    moves = random.uniform(-share, share, 4) * (wide, high, wide, high)
    x1, y1, x2, y2 = (np.array(box) + moves).tolist()
    return (x1, y1, x2, y2)


@settings(max_examples=15)
@given(
    st.integers(0, 10_000),
    st.sampled_from([0.2, 0.5, 1.0, 2.0]),
    st.floats(0.0, 0.6),
    st.integers(1, 5),
)
def test_standing_stalls_keep_their_identity_at_any_cadence(
    seed: int, look_every_s: float, missed_share: float, count: int
) -> None:
    """Boxes tremble by an eighth of their size and up to six in ten looks miss a stall."""
    random, tracker = np.random.default_rng(seed), Tracker(STALL)
    ids: dict[int, set[int]] = {place: set() for place in range(count)}
    for look in range(int(120 / look_every_s)):
        shown = {k: shaken(PLACES[k], random, 0.12) for k in range(count) if random.random() >= missed_share}
        live = tracker.step([Thing(Seen.STALL, 0.7, box) for box in shown.values()], at(look * look_every_s)).live
        for place, box in shown.items():
            ids[place] |= {track.track_id for track in live if track.latest_box_norm == box and track.score is not None}
    assert all(len(found) <= 1 for found in ids.values())
    assert len(set().union(*ids.values())) == sum(bool(found) for found in ids.values())


@pytest.mark.parametrize("look_every_s", [0.2, 2.0])
def test_a_bus_that_stands_before_the_row_for_a_minute_and_a_half_changes_nobody(look_every_s: float) -> None:
    tracker = Tracker(STALL)
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    for look in range(int(300 / look_every_s)):
        t_s = look * look_every_s
        things = [] if 100 <= t_s < 190 else [Thing(Seen.STALL, 0.7, box) for box in PLACES]
        live = tracker.step(things, at(t_s)).live
        if t_s < 100:
            before = tuple(track.track_id for track in live)
        after = tuple(track.track_id for track in live)
    assert before == after == (1, 2, 3, 4, 5)


def test_a_lighting_switch_that_halves_boxes_for_a_while_changes_nobody() -> None:
    """When the lamps go on the detector sees the lit half only, for half a minute."""
    tracker = Tracker(STALL)
    for look in range(90):
        halved = 30 <= look < 45
        boxes = [(x1, y1, x2, y2 - (0.5 if halved else 0.0) * (y2 - y1)) for x1, y1, x2, y2 in PLACES]
        live = tracker.step([Thing(Seen.STALL, 0.7, box) for box in boxes], at(2 * look)).live
    assert [track.track_id for track in live] == [1, 2, 3, 4, 5]
