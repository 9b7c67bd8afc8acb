"""What is boxed: what is seen of a thing, no more, and nothing that isn't."""

import numpy as np
import pytest

from datasets.composites.layers import Box, Canvas, Layer


def grey(level: float = 100.0) -> Canvas:
    return Canvas(np.full((100, 120, 3), level, np.float32))


def patch(label: str | None, left: int, top: int, size: tuple[int, int], level: float, cover: float = 1.0) -> Layer:
    """A flat rectangle, `size` is (height, width)."""
    bgr = np.full((*size, 3), level, np.float32)
    return Layer(label, left, top, bgr, np.full(size, cover, np.float32))


def test_the_box_is_around_every_pixel_that_visibly_changed() -> None:
    canvas = grey()
    before = canvas.picture.copy()
    assert canvas.lay(patch("stall", 20, 30, (25, 40), 220))
    ys, xs = np.nonzero(np.abs(canvas.picture - before).max(axis=2) > 7)
    (found,) = canvas.labelled()
    assert found.box == Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)


def test_a_box_ends_where_the_picture_ends() -> None:
    canvas = grey()
    canvas.lay(patch("grill", 100, -10, (40, 60), 220))
    assert canvas.labelled()[0].box == Box(100, 0, 120, 30)


@pytest.mark.parametrize(
    "level,cover", [(103.0, 1.0), (220.0, 0.04), (108.0, 1.0)], ids=["same colour", "too thin", "hardly another colour"]
)
def test_what_nobody_would_see_is_not_laid_at_all(level: float, cover: float) -> None:
    canvas = grey()
    before = canvas.picture.copy()
    assert not canvas.lay(patch("smoke", 20, 20, (40, 40), level, cover))
    assert (canvas.picture == before).all()
    assert canvas.labelled() == ()


@pytest.mark.parametrize("noise,laid", [(0.0, True), (8.0, False)])
def test_what_the_cameras_noise_will_hide_is_not_laid(noise: float, laid: bool) -> None:
    canvas = Canvas(np.full((100, 120, 3), 100.0, np.float32), noise)
    assert canvas.lay(patch("smoke", 20, 20, (40, 40), 115)) is laid


def test_what_stands_out_of_a_plain_wall_is_lost_before_a_busy_one() -> None:
    busy = np.random.default_rng(1).uniform(0, 255, (100, 120, 1)).repeat(3, axis=2).astype(np.float32)
    veil = patch("smoke", 20, 20, (40, 40), 128, 0.2)
    assert not Canvas(busy).lay(veil)
    assert Canvas(np.full((100, 120, 3), 30.0, np.float32)).lay(veil)


def test_a_poor_stream_leaves_out_larger_things() -> None:
    canvas = Canvas(np.full((100, 120, 3), 100.0, np.float32), 0.0, 30.0)
    assert not canvas.lay(patch("grill", 20, 20, (25, 25), 220))


def test_a_nearer_thing_takes_away_from_the_box_of_what_it_hides() -> None:
    canvas = grey()
    canvas.lay(patch("stall", 10, 10, (40, 80), 220))
    canvas.lay(patch("table", 50, 0, (60, 60), 30))
    assert canvas.labelled()[0].box == Box(10, 10, 50, 50)


def test_a_hidden_thing_loses_its_box() -> None:
    canvas = grey()
    canvas.lay(patch("grill", 40, 40, (20, 20), 220))
    canvas.lay(patch(None, 30, 30, (50, 50), 30))
    assert canvas.labelled() == ()


def test_a_stalls_box_spans_its_parasol_which_keeps_its_own() -> None:
    canvas = grey()
    canvas.lay(patch("stall", 40, 50, (30, 40), 220))
    canvas.lay(patch("parasol", 30, 10, (20, 60), 30), extends="stall")
    stall, parasol = canvas.labelled()
    assert (stall.label, stall.box) == ("stall", Box(30, 10, 90, 80))
    assert parasol.box == Box(30, 10, 90, 30)


def test_the_last_wisp_of_a_plume_is_outside_its_box() -> None:
    cover = np.zeros((80, 40), np.float32)
    cover[20:, 5:35] = 0.8
    cover[2:4, 18:20] = 0.3
    canvas = grey()
    canvas.lay(Layer("smoke", 0, 0, np.full((80, 40, 3), 220, np.float32), cover))
    assert canvas.labelled()[0].box.y1 == 20
