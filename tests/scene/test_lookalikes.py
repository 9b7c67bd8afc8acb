"""Look-alikes are drawn as physics has them, told for slicing, and never labelled; tables and banners are labelled."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from edge.scene import casting_trade
from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.chance_lookalikes import lookalikes, steam
from edge.scene.conditions import CLEAR_DAY, Conditions
from edge.scene.plume import puffs
from edge.scene.render import Renderer
from edge.scene.street import Street
from edge.scene.streets import random_street
from edge.scene.truth import SceneObject
from edge.scene.world import Actor, ActorNow, Schedule, Smoke, Stand, Way, World

CAMERA = PinholeCamera("cam", 0.0, -4.0, 5.0, yaw_deg=0.0, tilt_deg=18.0, fov_deg=75.0, width_px=320, height_px=180)
ALWAYS = Schedule(-60.0, 1e6)
SIGNS_OF_TROUBLE = {"smoke", "flame", "grill", "stall", "vendor_cart", "garbage_pile"}
FOG = Conditions(weather="fog", fog_bgr=(190.0, 190.0, 190.0))


def only(street: Street, actors: tuple[Actor, ...]) -> World:
    """The demo's street with these things and no others."""
    return replace(street.world, actors=actors)


def labelled(world: World) -> dict[str, SceneObject]:
    """What the truth names, by identity, without the shops' signs."""
    found = Renderer(world, CAMERA).truth(20.0)
    return {thing.identity: thing for thing in found if thing.label != "shop_sign"}


def drawn_lookalikes(seeds: range) -> list[Actor]:
    """Everything the look-alikes' own drawing makes for these seeds, in fog, where mist is drawn too."""
    actors: list[Actor] = []
    for seed in seeds:
        actors += lookalikes(generator("test", seed), CAMERA, 4.0, 12.0, FOG, [])
    return actors


def now(actor: Actor, t_s: float) -> ActorNow:
    """One actor of a street at a moment."""
    place = actor.place if isinstance(actor.place, Stand) else actor.place.at(t_s * actor.place.speed_mps)
    return ActorNow(actor, actor.identity, place, t_s, 0.0)


def test_no_lookalike_is_called_smoke_flame_or_trade() -> None:
    """Neither where they are drawn nor in whole streets of chance, in any conditions."""
    actors = drawn_lookalikes(range(150))
    for seed in range(60):
        actors += [actor for actor in random_street(seed).world.actors if actor.lookalike]
    kinds = Counter(actor.lookalike for actor in actors if actor.lookalike)
    assert {"steam", "mist", "exhaust", "dust", "lantern", "tarpaulin", "orange vest", "parked van"} <= set(kinds)
    assert {"traffic light", "headlight", "brake light", "street lamp"} <= set(kinds)
    assert not [actor for actor in actors if actor.lookalike and actor.label in SIGNS_OF_TROUBLE]
    assert all(actor.label is None for actor in actors if isinstance(actor.form, Smoke))


def test_lookalikes_are_seen_but_not_in_the_truth(street: Street) -> None:
    """Steam, mist and exhaust change the picture and are told as look-alikes; the truth is silent about them."""
    random = generator("test", 1)
    vapours = [actor for actor in drawn_lookalikes(range(80)) if isinstance(actor.form, Smoke)]
    chosen = {actor.lookalike: actor for actor in vapours if isinstance(actor.place, Stand)}
    placed = [replace(actor, place=Stand(2.0 * k - 3.0, 6.0)) for k, actor in enumerate(chosen.values())]
    placed.append(steam("pot", 3, Stand(0.0, 5.0), 1.2, 0.4, random))
    world = only(street, tuple(placed))
    assert not labelled(world)
    renderer = Renderer(world, CAMERA)
    assert {"steam", "mist", "exhaust"} <= set(renderer.lookalikes(20.0))
    clear = Renderer(only(street, ()), CAMERA).frame(20.0)
    assert (np.abs(renderer.frame(20.0).astype(np.int16) - clear).max(axis=2) > 25).sum() > 60


def test_steam_is_gone_after_two_metres_and_exhaust_stays_low() -> None:
    """What tells them from smoke: no column, no drift; mist has no base at all."""
    reach: dict[str, list[float]] = {"steam": [], "exhaust": [], "mist": []}
    for actor in drawn_lookalikes(range(120)):
        if not isinstance(actor.form, Smoke) or isinstance(actor.place, Way) or actor.lookalike not in reach:
            continue
        cloud = puffs(now(actor, 20.0), actor.form, (0.5, 0.0))
        thick = cloud.depth > 0.08 * cloud.depth.max()
        base = 0.0 if actor.lookalike == "exhaust" else actor.form.height_m
        reach[actor.lookalike].append(float(cloud.at_m[thick, 2].max()) - base)
    assert max(reach["steam"]) < 2.2
    assert max(reach["exhaust"]) < 1.2
    assert max(reach["mist"]) < 0.5
    column = Smoke(3, 1.0, 1.0, life_s=6.0)
    fire = puffs(now(Actor("fire", "smoke", column, Stand(0, 0), ALWAYS), 20.0), column, (0.5, 0.0))
    assert float(fire.at_m[fire.depth > 0.08 * fire.depth.max(), 2].max()) > 4.0


def test_a_moving_source_leaves_its_trail_behind() -> None:
    way = Way(((0.0, 0.0), (100.0, 0.0)), 6.0)
    form = Smoke(3, 0.3, 0.2, life_s=2.0)
    actor = Actor("trail", None, form, way, ALWAYS, lookalike="dust")
    cloud = puffs(now(actor, 8.0), form, (0.0, 0.0))
    behind = 48.0 - cloud.at_m[:, 0]
    assert behind.min() > 0.5
    assert behind.max() == pytest.approx(2.0 * 6.0, abs=4.0)


def test_tables_are_boxed_with_their_stools(street: Street) -> None:
    actors = casting_trade.seating("meal", generator("test", 6), Stand(0.0, 6.0, 180), Schedule(-1e6, 1e9))
    tables = {key: thing for key, thing in labelled(only(street, actors)).items() if thing.label == "table"}
    assert tables
    for thing in tables.values():
        x1, y1, x2, y2 = thing.box_px
        assert x2 - x1 > 15
        assert y2 - y1 > 10
    assert max(thing.visible_share for thing in tables.values()) > 0.5


def test_a_banner_is_boxed_without_its_poles(street: Street) -> None:
    actors = casting_trade.banner("slogan", generator("test", 2), Stand(0.0, 7.0, 180), Schedule(-1e6, 1e9))
    found = labelled(only(street, actors))
    assert set(found) == {"slogan"}
    assert found["slogan"].label == "banner"
    x1, y1, x2, y2 = found["slogan"].box_px
    assert (x2 - x1) > 3 * (y2 - y1)
    assert found["slogan"].visible_share > 0.9


def test_streets_of_chance_hold_the_new_classes_and_the_demo_does_not(street: Street) -> None:
    labels = Counter(actor.label for seed in range(40) for actor in random_street(seed).world.actors)
    assert labels["table"] > 10
    assert labels["banner"] > 5
    assert not [actor for actor in street.world.actors if actor.label in ("table", "banner") or actor.lookalike]


def test_boards_of_all_kinds_are_signs() -> None:
    """Upright and jutting boards are named in the truth as those over the door are."""
    street = random_street(3, "day")
    assert street.conditions == CLEAR_DAY
    camera = replace(street.cameras[0], width_px=320, height_px=180)
    found = Renderer(street.world, camera).truth(5.0)
    identities = {thing.identity for thing in found if thing.label == "shop_sign"}
    assert any("-more-" in identity for identity in identities)
    assert any("-more-" not in identity for identity in identities)
