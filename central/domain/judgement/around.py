"""Which other cases may explain one: an index over many, by place and time, and by shop for signs.

Only what some rule asks for is given: a stall beside smoke, smoke beside a stall, the stalls of a zone whose plaque
names a number, the signs of one shop.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from math import floor

from central.domain.judgement.scene import TRADERS, Neighbour, Scene, shops_of
from central.domain.law import TRADE_ZONES, Law, Zone
from contract.plane import Point
from contract.taxonomy import KindGroup

CELL_M = 32.0
"""Twice the reach of a compound: four cells around hold what is near, a market's stalls lie in a dozen."""
STRETCH_S = 2 * 3600
"""Cases are shelved by the hours they last; most lie on one or two shelves."""
MOST_STRETCHES = 400
"""What lasts longer than a month lies on a shelf that is always looked through."""
LONG = -1
LARGEST_M2 = 4e6
"""A zone with a plaque that is larger than 2 × 2 km is a drawing error; it must not cost a million look-ups."""
GAP = timedelta(minutes=10)
"""A stall that left so shortly before, or came so shortly after, still explains the smoke."""
EXPLAINS = {KindGroup.FIRE: KindGroup.TRADE, KindGroup.TRADE: KindGroup.FIRE}
_Shelf = tuple[KindGroup, tuple[int, int], int]


class Around:
    """Cases of any time, by where and when. Not thread-safe: one writer."""

    def __init__(self, cases: Iterable[Neighbour] = ()) -> None:
        self._shelves: dict[_Shelf, list[Neighbour]] = defaultdict(list)
        self._by_shop: dict[str, list[Neighbour]] = defaultdict(list)
        for case in cases:
            self.put(case)

    def put(self, case: Neighbour) -> None:
        """Adds a case; one that no rule ever asks for is left out."""
        for shop_id in case.shop_ids:
            self._by_shop[shop_id].append(case)
        if case.group in EXPLAINS and case.point is not None:
            cell = _cell(case.point)
            for stretch in _kept_under(case.first_seen_at, case.last_seen_at):
                self._shelves[(case.group, cell, stretch)].append(case)

    def near(self, scene: Scene, law: Law) -> list[Neighbour]:
        """What may explain `scene`, each case once, itself left out."""
        group = scene.case.group
        if group is KindGroup.SIGNAGE:
            shops = shops_of(scene.case, law, scene.day)
            found = {one.case_id: one for shop in shops for one in self._by_shop.get(shop.shop_id, ())}
        elif group in EXPLAINS and scene.place is not None:
            found = {}
            if asks_for_others(scene, law):
                found = {one.case_id: one for one in self._explaining(scene, scene.place.point, law)}
            zone = zone_with_capacity(scene)
            if zone is not None:
                found.update({one.case_id: one for one in self._in_zone(scene, zone)})
        else:
            return []
        found.pop(scene.case.case_id, None)
        return list(found.values())

    def _explaining(self, scene: Scene, point: Point, law: Law) -> Iterator[Neighbour]:
        start, end = scene.since - GAP, scene.at + GAP
        group = EXPLAINS[scene.case.group]
        reach_m, stretches = law.compound_reach_m, list(_looked_through(start, end))
        for cell in _cells(point.east_m - reach_m, point.north_m - reach_m, 2 * reach_m, 2 * reach_m):
            for stretch in stretches:
                for other in self._shelves.get((group, cell, stretch), ()):
                    if other.first_seen_at <= end and other.last_seen_at >= start:
                        yield other

    def _in_zone(self, scene: Scene, zone: Zone) -> Iterator[Neighbour]:
        west, south, east, north = zone.shape.bounds
        moment = list(_looked_through(scene.at - GAP, scene.at))
        if (east - west) * (north - south) > LARGEST_M2:
            shelves = [key for key in self._shelves if key[0] is KindGroup.TRADE and key[2] in moment]
        else:
            cells = _cells(west, south, east - west, north - south)
            shelves = [(KindGroup.TRADE, cell, stretch) for cell in cells for stretch in moment]
        for shelf in shelves:
            yield from self._shelves.get(shelf, ())


def asks_for_others(scene: Scene, law: Law) -> bool:
    """A stall asks whether something burns beside it only where its goods matter; parasols and tables always."""
    if scene.case.group is KindGroup.FIRE or law.goods_matter or scene.seen.isdisjoint(TRADERS):
        return True
    zone = scene.zone_of(TRADE_ZONES)
    return zone is not None and bool(zone.goods)


def zone_with_capacity(scene: Scene) -> Zone | None:
    """The trade zone around the case, if its plaque names how many stalls it holds."""
    if scene.case.group is not KindGroup.TRADE:
        return None
    zone = scene.zone_of(TRADE_ZONES)
    return None if zone is None or zone.capacity is None else zone


def _cell(point: Point) -> tuple[int, int]:
    return floor(point.east_m / CELL_M), floor(point.north_m / CELL_M)


def _cells(west_m: float, south_m: float, width_m: float, height_m: float) -> Iterator[tuple[int, int]]:
    for column in range(floor(west_m / CELL_M), floor((west_m + width_m) / CELL_M) + 1):
        for row in range(floor(south_m / CELL_M), floor((south_m + height_m) / CELL_M) + 1):
            yield column, row


def _kept_under(start: datetime, end: datetime) -> Iterable[int]:
    """The shelves of what lasted from `start` to `end`."""
    first, last = _stretch(start), _stretch(end)
    return range(first, last + 1) if last - first < MOST_STRETCHES else (LONG,)


def _looked_through(start: datetime, end: datetime) -> Iterator[int]:
    """The shelves that may hold what was there between `start` and `end`; of a very long time only its end."""
    yield LONG
    last = _stretch(end)
    yield from range(max(_stretch(start), last - MOST_STRETCHES), last + 1)


def _stretch(instant: datetime) -> int:
    return int(instant.timestamp() // STRETCH_S)
