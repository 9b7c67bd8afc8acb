"""Where smoke and flame really are, seen or not: what is found there is no false finding, even if no person sees it.

The scene's truth boxes smoke only where it stands out. A thin plume that the detector finds all the same is neither
asked for nor held against it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge.scene.world import Flame, Smoke, Stand
from edge.values import Box
from models.street_days.script import TIMETABLES, street_act
from models.street_days.store import Recording


@dataclass(frozen=True, slots=True)
class FaintPlume:
    """The column of one source, in shares of the picture, from its beginning until its smoke has gone."""

    from_s: float
    until_s: float
    box: Box


def faint_plumes(recordings: Sequence[Recording]) -> Iterator[FaintPlume]:
    """All sources of one camera's recordings that lie in front of it."""
    for entry in recordings:
        facts = entry.facts
        street = street_act(facts.seed, facts.act, TIMETABLES[facts.timetable])
        camera = next(view for view in street.cameras if view.camera_id == facts.camera_id)
        east_mps, north_mps = street.world.wind_mps
        for actor in street.world.actors:
            form, place = actor.form, actor.place
            if actor.label not in ("smoke", "flame") or not isinstance(place, Stand):
                continue
            if isinstance(form, Smoke):
                low, high, life, reach = form.height_m, form.height_m + form.rise_mps * form.life_s, form.life_s, 0.0
                reach = form.spread_m + form.width_m
            elif isinstance(form, Flame):
                low, high, life, reach = form.base_m, form.base_m + form.height_m, 0.0, form.width_m
            else:
                continue
            ends = [
                (place.east_m + side * reach + east_mps * life * share, place.north_m + north_mps * life * share, up)
                for side in (-1.0, 1.0)
                for share, up in ((0.0, low), (1.0, high))
            ]
            pixels, depths = camera.project(np.array(ends))
            if (depths < 1.0).any():
                continue
            shares = np.clip(pixels / (camera.width_px, camera.height_px), 0.0, 1.0)
            (x1, y1), (x2, y2) = shares.min(axis=0).tolist(), shares.max(axis=0).tolist()
            if x2 > x1 and y2 > y1:
                yield FaintPlume(actor.schedule.from_s, actor.schedule.until_s + life, (x1, y1, x2, y2))
