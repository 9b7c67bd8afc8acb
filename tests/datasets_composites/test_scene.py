"""What is laid on a picture: things with a box, look-alikes without one."""

import numpy as np
import pytest

from datasets.composites import fires, lookalikes, trade
from datasets.composites.compose import compose
from datasets.composites.fires import grill
from datasets.composites.plumes import Pool
from datasets.composites.site import Site
from datasets.composites.solids import Foot
from datasets.composites.views import View
from datasets.composites.wear import Wear, darkened, worn
from tests.datasets_composites.conftest import street


def near(site: Site) -> Foot:
    foot = site.foot(240.0, 300.0)
    assert foot is not None
    return foot


@pytest.mark.parametrize("kind", ["steam", "mist", "exhaust", "red_awning", "headlights", "lamp", "lanterns", "cones"])
def test_a_look_alike_changes_the_picture_and_has_no_box(site: Site, kind: str) -> None:
    before = site.canvas.picture.copy()
    getattr(lookalikes, kind)(site, near(site))
    assert np.abs(site.canvas.picture - before).max() > 8
    assert site.canvas.labelled() == ()


@pytest.mark.parametrize(
    "recipe,label",
    [
        (trade.stall, "stall"),
        (trade.cart, "vendor_cart"),
        (trade.parasol, "parasol"),
        (trade.tables, "table"),
        (trade.strung_banner, "banner"),
        (trade.bins, "waste_container"),
        (trade.rubbish, "garbage_pile"),
        (fires.grill, "grill"),
    ],
)
def test_a_thing_is_boxed_where_it_changed_the_picture(site: Site, recipe: object, label: str) -> None:
    before = site.canvas.picture.copy()
    assert callable(recipe)
    recipe(site, near(site))
    box = next(found.box for found in site.canvas.labelled() if found.label == label)
    changed = np.abs(site.canvas.picture - before).max(axis=2) > 12
    assert changed[box.y1 : box.y2, box.x1 : box.x2].mean() > 0.1
    assert 0 <= box.x1 < box.x2 <= 480
    assert 0 <= box.y1 < box.y2 <= 360


def test_smoke_and_fire_are_boxed_where_they_stand(site: Site) -> None:
    foot = near(site)
    assert fires.smoke(site, foot, 0.0, 2.5, dense=True)
    assert fires.flame(site, foot, 0.0, 0.8)
    smoke, flame = site.canvas.labelled()
    assert (smoke.label, flame.label) == ("smoke", "flame")
    assert flame.box.y2 == pytest.approx(300, abs=4)
    assert smoke.box.y1 < flame.box.y1, "smoke rises above the fire"


def test_things_on_farther_ground_are_smaller(site: Site) -> None:
    sizes = []
    for row in (220.0, 330.0):
        foot = site.foot(240.0, row)
        assert foot is not None
        grill(site, foot)
        boxes = [found.box for found in site.canvas.labelled() if found.label == "grill"]
        sizes.append(boxes[-1].y2 - boxes[-1].y1)
    assert sizes[0] * 1.8 < sizes[1]


def test_nothing_stands_on_the_sky(site: Site) -> None:
    assert site.foot(100.0, 100.0) is None
    for _ in range(20):
        foot = site.place()
        if foot is not None:
            assert foot.y_px > 0.45 * 360


def test_a_picture_without_ground_gets_nothing() -> None:
    done = compose(street(2), View(0.9, 50.0), {}, Pool(1, 1), np.random.default_rng(1))
    assert done.labelled == ()
    assert done.picture.shape == (180, 240, 3)


def test_night_darkens_but_never_to_nothing() -> None:
    picture = street(3).astype(np.float32)
    night = darkened(picture, Wear(0.95, 1.0, 0.0, 0.0, 1.0, 80))
    assert 20 < night.mean() < 0.5 * picture.mean()


def test_a_poor_stream_keeps_the_size_and_loses_detail() -> None:
    picture = np.random.default_rng(1).uniform(0, 255, (120, 160, 3)).astype(np.float32)
    poor = worn(picture, Wear(0.0, 0.3, 0.0, 0.0, 1.0, 30), np.random.default_rng(2))
    assert poor.shape == picture.shape
    assert poor.std() < 0.7 * picture.std()
