"""Pictures are a function of the seed, the camera and the moment."""

from dataclasses import replace

import numpy as np

from edge.scene.forms.vehicles import Bus
from edge.scene.render import Renderer
from edge.scene.street import Street
from edge.scene.streets import demo_street, random_street
from edge.scene.truth import SceneObject
from edge.scene.world import Actor, Schedule, Stand, Way

Renderers = dict[str, Renderer]
SCRIPTED = ("stall-lawful", "stall-unlawful", "grill", "grill.smoke", "fire.flame", "fire.smoke")


def by_identity(renderer: Renderer, t_s: float) -> dict[str, SceneObject]:
    """What is in the picture, by identity."""
    return {thing.identity: thing for thing in renderer.truth(t_s)}


def test_the_same_seed_gives_the_same_bytes(renderers: Renderers) -> None:
    """Two streets built from one seed show byte-identical pictures, also as plain arrays of BGR bytes."""
    again = demo_street()
    frame = Renderer(again.world, again.cameras[0]).frame(71.4)
    assert frame.dtype == np.uint8
    assert frame.shape == (360, 640, 3)
    assert frame.tobytes() == renderers["cam-1"].frame(71.4).tobytes()


def test_any_moment_can_be_asked_for_at_once(renderers: Renderers, street: Street) -> None:
    """A picture does not depend on which pictures were drawn before it."""
    walked = renderers["cam-2"]
    for t_s in (0.0, 5.2, 40.0, 40.2, 700.0, 99.8):
        walked.frame(t_s)
    fresh = Renderer(street.world, street.cameras[1])
    assert fresh.frame(100.0).tobytes() == walked.frame(100.0).tobytes()


def test_the_caller_owns_the_frame(renderers: Renderers) -> None:
    """Scribbling on a delivered frame does not show in the next one."""
    frame = renderers["cam-1"].frame(3.0)
    kept = frame.copy()
    frame[:] = 0
    assert renderers["cam-1"].frame(3.0).tobytes() == kept.tobytes()


def test_the_script_is_kept(renderers: Renderers) -> None:
    """Stall, grill, smoke and fire come and go when the demo's schedule says, seen by both main cameras."""

    def seen(t_s: float) -> set[str]:
        # A passing bus may hide one thing from one camera for a second.
        views = [by_identity(renderers[camera_id], t_s) for camera_id in ("cam-1", "cam-2")]
        return {identity for view in views for identity in view} & set(SCRIPTED)

    assert seen(4.0) == {"stall-lawful"}
    assert seen(7.0) == {"stall-lawful", "stall-unlawful"}
    assert seen(15.0) == {"stall-lawful", "stall-unlawful", "grill"}
    assert seen(30.0) == {"stall-lawful", "stall-unlawful", "grill", "grill.smoke"}
    assert seen(45.0) == set(SCRIPTED) - {"fire.smoke"}
    assert seen(80.0) == set(SCRIPTED)
    assert seen(640.0) == {"stall-lawful", "stall-unlawful"}
    assert seen(950.0) == {"stall-lawful"}
    assert seen(1280.0) == set(SCRIPTED)  # the next round of the script


def test_cameras_agree_where_things_stand(renderers: Renderers) -> None:
    """The same identity has the same ground point in every camera, and its box contains or tops that point."""
    views = [by_identity(renderer, 80.0) for renderer in renderers.values()]
    for identity in SCRIPTED:
        shown = [view[identity] for view in views if identity in view]
        assert len(shown) >= 3
        assert len({thing.ground_m for thing in shown}) == 1
        assert len({thing.label for thing in shown}) == 1
    walkers = [{k: v.ground_m for k, v in view.items() if k.startswith("walker")} for view in views]
    shared = set(walkers[0]) & set(walkers[1])
    assert shared
    assert all(walkers[0][k] == walkers[1][k] for k in shared)


def test_incidents_are_large_enough_in_two_views(renderers: Renderers) -> None:
    """Stalls and grill are at least 30 px and the plume at least 40 px high for the two main cameras."""
    for camera_id in ("cam-1", "cam-2"):
        view = by_identity(renderers[camera_id], 80.0)
        for identity in SCRIPTED:
            _, top, _, bottom = view[identity].box_px
            assert bottom - top >= (40 if identity.endswith("smoke") else 24 if identity.endswith("flame") else 30)


def test_smoke_box_covers_what_smoke_changes(street: Street, renderers: Renderers) -> None:
    """Most of the clearly changed pixels lie in the smoke's box, and the box is really filled with change."""
    world = street.world
    without = replace(world, actors=tuple(actor for actor in world.actors if actor.identity != "grill.smoke"))
    with_smoke, clear = renderers["cam-1"], Renderer(without, street.cameras[0])
    change = np.abs(with_smoke.frame(80.0).astype(np.int16) - clear.frame(80.0)).max(axis=2) > 18
    x1, y1, x2, y2 = (round(v) for v in by_identity(with_smoke, 80.0)["grill.smoke"].box_px)
    inside = change[y1:y2, x1:x2]
    assert inside.sum() > 0.9 * change.sum()
    assert inside.mean() > 0.25


def test_a_nearer_thing_lowers_the_visible_share(street: Street) -> None:
    """A bus parked before the grill takes its pixels; behind the grill it takes none."""
    world, camera = street.world, street.cameras[1]
    shares = []
    for north_m in (3.0, 12.0):
        bus = Actor("bus-parked", "vehicle", Bus((200, 80, 40)), Stand(2.0, north_m, 90.0), Schedule(0.0, 1e6))
        only = tuple(actor for actor in world.actors if actor.identity == "grill")
        renderer = Renderer(replace(world, actors=(*only, bus)), camera)
        found = by_identity(renderer, 15.0).get("grill")
        shares.append(0.0 if found is None else found.visible_share)
    assert shares[0] < 0.8
    assert shares[1] > 0.95


def test_passers_by_of_another_round_are_other_people(street: Street) -> None:
    """A walker's identity changes with each appearance, so identities never jump across the street."""
    for actor in street.world.actors:
        if isinstance(actor.place, Way) and actor.schedule.every_s is not None:
            first = next(
                now.identity for t_s in range(400) for now in street.world.actors_at(float(t_s)) if now.actor is actor
            )
            later = {
                now.identity
                for t_s in range(0, 1200, 10)
                for now in street.world.actors_at(float(t_s))
                if now.actor is actor
            }
            assert first in later or len(later) > 1
            assert len(later) > 1
            return
    raise AssertionError("nobody passes by")


def test_random_streets_differ_and_their_truth_is_in_the_picture() -> None:
    """Streets of chance draw, their boxes lie inside the picture, and two seeds are two streets."""
    frames = []
    for seed in (3, 4):
        street = random_street(seed)
        renderer = Renderer(street.world, street.cameras[0])
        frames.append(renderer.frame(37.0))
        for thing in renderer.truth(37.0):
            x1, y1, x2, y2 = thing.box_px
            assert 0 <= x1 < x2 <= 640
            assert 0 <= y1 < y2 <= 360
            assert 0.15 <= thing.visible_share <= 1
    assert np.abs(frames[0].astype(np.int16) - frames[1]).mean() > 5
