"""Where an invented district's streets, communities and grids lie, and which corners its cameras look at.

Streets stand in three by two blocks around the origin, communities are strips of one, grids quarters of a strip.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from contract.plane import Origin, Point

CITY, DISTRICT = "3703", "370303"
STREETS = (
    ("青柳", "Qingliu"),
    ("槐荫里", "Huaiyinli"),
    ("陶窑湾", "Taoyaowan"),
    ("星河", "Xinghe"),
    ("石榴园", "Shiliuyuan"),
    ("北苇塘", "Beiweitang"),
)
COMMUNITIES, GRIDS = 3, 4
STREET_M, COMMUNITY_M, GRID_M = (2400.0, 1600.0), 800.0, 400.0
"""East-west and north-south of a street; a community is a strip, a grid a quarter of it."""
CAMERAS_A_COMMUNITY = 2


@dataclass(frozen=True, slots=True)
class Corner:
    """A camera and the ground that it looks at: things appear within some 20 m of `point`."""

    camera_id: str
    node_id: str
    point: Point
    grid: str


def street_code(number: int) -> str:
    """The nine digits of a street, counted from 0."""
    return f"{DISTRICT}{number + 1:03d}"


class Lattice:
    """The streets around an origin."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def corners(self, rng: random.Random) -> Iterator[Corner]:
        """Two cameras a community, on one node a street."""
        for street in range(len(STREETS)):
            at = self.street_at(street)
            for community in range(COMMUNITIES):
                for camera in range(CAMERAS_A_COMMUNITY):
                    grid = camera * 2 + rng.randrange(2)
                    east = at.east_m + (community + rng.uniform(0.2, 0.8)) * COMMUNITY_M
                    north = at.north_m + (grid + rng.uniform(0.3, 0.7)) * GRID_M
                    code = f"{street_code(street)}{community + 1:03d}{grid + 1:03d}"
                    number = (street * COMMUNITIES + community) * CAMERAS_A_COMMUNITY + camera + 1
                    yield Corner(f"demo-cam-{number:02d}", f"demo-node-{street + 1}", Point(east, north), code)

    def street_at(self, street: int) -> Point:
        """Its south-west corner."""
        column, row = street % 3, street // 3
        return Point((column - 1.5) * STREET_M[0], (row - 1) * STREET_M[1])

    def rings(self, corner: Point, size_m: tuple[float, float]) -> list[list[tuple[float, float]]]:
        east, north = size_m
        around = (
            beside(corner, 0, 0),
            beside(corner, east, 0),
            beside(corner, east, north),
            beside(corner, 0, north),
        )
        degrees = [self.degrees(point) for point in around]
        return [[(lon, lat) for lat, lon in degrees]]

    def degrees(self, point: Point) -> tuple[float, float]:
        lat, lon = self._origin.to_degrees(point)
        return round(lat, 7), round(lon, 7)


def beside(point: Point, east_m: float, north_m: float) -> Point:
    return Point(point.east_m + east_m, point.north_m + north_m)
