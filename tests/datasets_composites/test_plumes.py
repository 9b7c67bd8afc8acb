"""Flows that rise from their source, and smoke and flames made of them."""

import numpy as np
import pytest

from datasets.composites.flame import add_glow, flame_layer
from datasets.composites.fluid import COLUMNS, ROWS, Flow, density
from datasets.composites.smoke import SmokeLook, smoke_layer

FLOW = Flow(seed=4, source_cells=14, lift=0.3, cooling=0.001, fading=0.0, wind=0.0, swirl=0.3, eddies=0.05, steps=60)


def look(thickness: float) -> SmokeLook:
    return SmokeLook(thickness, (200, 200, 200), 0.3)


def test_smoke_rises_from_its_source_and_widens() -> None:
    found = density(FLOW)
    assert found.shape == (ROWS, COLUMNS)
    assert np.isfinite(found).all()
    rows = np.flatnonzero(found.max(axis=1) > 0.05)
    assert rows[0] < ROWS - 40, "it has risen"
    assert rows[-1] > ROWS - 14, "it still leaves its source"


def test_the_same_flow_gives_the_same_smoke() -> None:
    first = density(FLOW).copy()
    density.cache_clear()
    assert (density(FLOW) == first).all()


def test_thicker_smoke_hides_more_and_all_of_it_lies_in_its_layer() -> None:
    thin = smoke_layer("smoke", density(FLOW), look(0.3), (100, 200), 150, 1)
    thick = smoke_layer("smoke", density(FLOW), look(4.0), (100, 200), 150, 1)
    assert thin.alpha.max() < thick.alpha.max() <= 1
    assert thick.alpha[0].max() == thick.alpha[:, 0].max() == thick.alpha[:, -1].max() == 0, "no straight edge"


def test_smoke_stands_on_its_foot() -> None:
    layer = smoke_layer("smoke", density(FLOW), look(2.0), (100.0, 200.0), 150, 1)
    rows, columns = np.nonzero(layer.alpha > 0.3)
    assert layer.top_px + rows.max() == pytest.approx(200, abs=8)
    near_foot = columns[rows > rows.max() - 6]
    assert layer.left_px + near_foot.mean() == pytest.approx(100, abs=10)


def test_a_flame_is_as_tall_as_asked_and_hottest_inside() -> None:
    layer = flame_layer(density(FLOW), (50.0, 90.0), 60.0)
    assert layer is not None
    assert layer.top_px == 30
    assert layer.alpha.shape[0] == 60
    core, tip = layer.bgr[layer.alpha > 0.97], layer.bgr[(layer.alpha > 0.1) & (layer.alpha < 0.5)]
    assert core[:, 1].mean() > tip[:, 1].mean(), "yellow inside, red at the rim"


def test_cold_air_is_no_flame() -> None:
    assert flame_layer(np.zeros((ROWS, COLUMNS), np.float32), (50.0, 90.0), 60.0) is None


def test_a_fires_light_warms_what_is_near_and_leaves_the_far_alone() -> None:
    layer = flame_layer(density(FLOW), (50.0, 60.0), 30.0)
    assert layer is not None
    picture = np.full((200, 400, 3), 60, np.float32)
    add_glow(picture, layer, 0.8)
    blue, _, red = picture[50, 52]
    assert red > blue > 60
    assert (picture[180, 390] == 60).all()
