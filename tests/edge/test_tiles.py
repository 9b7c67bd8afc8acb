"""Tiles cover the picture, come by turns, and what they show meets the camera's tracks without counting as absence."""

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contract.taxonomy import Seen
from edge.rules.boxes import intersection
from edge.rules.presence import Presence
from edge.rules.track import Tracker
from edge.tiles.plan import TileRound, cut, placed, tiles_of
from edge.values import Box, Incident, Thing
from tests.edge.fakes import T0, at, policy, saw

FAR: Box = (0.70, 0.30, 0.72, 0.34)
TILE: Box = (0.6, 0.2, 0.93, 0.55)
STALL = {Seen.STALL: policy(look_every_s=5, present_after_s=60, gone_after_s=120)}


@given(st.integers(700, 4000), st.integers(500, 3000))
def test_every_point_of_the_picture_lies_in_a_tile(width_px: int, height_px: int) -> None:
    tiles = tiles_of(width_px, height_px, 640, 384)
    if not tiles:
        return
    grid = np.linspace(0, 1, 41)
    for x in grid:
        for y in grid:
            assert any(x1 - 1e-9 <= x <= x2 + 1e-9 and y1 - 1e-9 <= y <= y2 + 1e-9 for x1, y1, x2, y2 in tiles)


@given(st.integers(800, 4000), st.integers(600, 3000), st.floats(0, 0.95), st.floats(0, 0.95))
def test_a_small_thing_lies_whole_in_some_tile(width_px: int, height_px: int, x: float, y: float) -> None:
    """A box of 40 × 30 pixels anywhere in the picture, on a seam or not."""
    tiles = tiles_of(width_px, height_px, 640, 384)
    box = (x, y, min(1.0, x + 40 / width_px), min(1.0, y + 30 / height_px))
    whole = (box[2] - box[0]) * (box[3] - box[1])
    assert not tiles or any(intersection(box, tile) >= 0.999 * whole for tile in tiles)


def test_tiles_come_by_turns_one_at_a_time() -> None:
    tiles = tiles_of(1920, 1080, 640, 384)
    turns = TileRound(tiles, 4.0)
    seen = [turns.due(T0 + timedelta(seconds=2 * k)) for k in range(24)]
    assert [tile for tile in seen if tile is not None] == list(tiles)
    assert turns.round_s == 48.0
    assert turns.due(T0 + timedelta(hours=1)) == tiles[0]
    assert turns.due(T0 + timedelta(hours=1, seconds=1)) is None, "a late look brings one tile, never the missed ones"


def test_what_the_inner_border_cuts_is_dropped_and_the_rest_lies_where_it_is() -> None:
    inside, cut_off = saw(Seen.STALL, (0.25, 0.25, 0.5, 0.5)), saw(Seen.STALL, (0.9, 0.2, 1.0, 0.4))
    found = placed((0.0, 0.0, 0.5, 0.5), [inside, cut_off]).detections
    assert [entry.box_norm for entry in found] == [(0.125, 0.125, 0.25, 0.25)]
    at_edge = placed((0.5, 0.0, 1.0, 0.5), [cut_off]).detections
    assert len(at_edge) == 1, "the picture's own border cuts nothing"


def test_a_tile_shows_the_pictures_own_pixels() -> None:
    image = np.arange(100 * 200 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 200, 3)
    assert np.array_equal(cut(image, (0.5, 0.0, 1.0, 0.5)), image[:50, 100:])


def test_whole_looks_are_no_absence_for_what_only_tiles_show() -> None:
    """Seen in its tile every 48 s, looked past 23 times in between: one track, present, not gone."""
    tracker, presence = Tracker(STALL), Presence(STALL, 2.0)
    states: list[Incident] = []
    for second in range(0, 600, 2):
        states += presence.step(tracker.step([], at(second)), at(second))
        if second % 48 == 0:
            thing = Thing(Seen.STALL, 0.8, FAR)
            states += presence.step(tracker.step([thing], at(second), TILE, 48.0), at(second))
    assert states[0].revision == 1
    assert {incident.track.track_id for incident in states} == {1}
    opened = states[0]
    assert (opened.track.last_seen_at - opened.track.first_seen_at).total_seconds() >= 60


def test_its_own_tile_without_it_ends_it_in_time() -> None:
    tracker = Tracker(STALL)
    tracker.step([Thing(Seen.STALL, 0.8, FAR)], at(0), TILE, 48.0)
    lost = []
    for second in range(48, 400, 48):
        lost += [second for _ in tracker.step([], at(second), TILE, 48.0).lost]
    assert lost == [144]


def test_another_tile_says_nothing_of_it() -> None:
    tracker = Tracker(STALL)
    tracker.step([Thing(Seen.STALL, 0.8, FAR)], at(0), TILE, 48.0)
    for second in range(4, 2000, 4):
        assert not tracker.step([], at(second), (0.0, 0.0, 0.33, 0.36), 48.0).lost


def test_what_the_whole_look_has_shown_is_missed_by_whole_looks() -> None:
    tracker = Tracker(STALL)
    tracker.step([Thing(Seen.STALL, 0.8, FAR)], at(0), TILE, 48.0)
    tracker.step([Thing(Seen.STALL, 0.8, FAR)], at(2))
    lost = [second for second in range(4, 200, 2) if tracker.step([], at(second)).lost]
    assert lost == [122]
