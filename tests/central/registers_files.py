"""Files of registers for tests: a small district of drawn grids, and rows that are right until a test spoils them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from central.services.registers_base import Register
from central.services.registers_import import ImportDesk
from central.services.registers_orders import Order, Report
from central.store.database import Database
from contract.clock import VirtualClock
from tests.central.builders import T0

WEST, SOUTH, STEP = 118.05, 36.81, 0.001
"""A grid is a hundred metres wide, as in the city."""
DISTRICT = "370303"


def grid_code(column: int, row: int) -> str:
    return f"370303001001{column}{row:02d}"


def middle(column: int, row: int) -> tuple[float, float]:
    """(lat, lon) of a grid's middle."""
    return SOUTH + (row + 0.5) * STEP, WEST + (column + 0.5) * STEP


def square(lon: float, lat: float, side: float = STEP) -> str:
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    return "POLYGON((" + ", ".join(f"{lon + x * side:.7f} {lat + y * side:.7f}" for x, y in corners) + "))"


def area_rows(columns: int = 4, rows: int = 4) -> list[dict[str, object]]:
    """A district, street and community that hold `columns` × `rows` unit grids."""
    around = square(WEST, SOUTH, STEP * max(columns, rows))
    levels = [("3703", "淄博"), ("370303", "张店"), ("370303001", "街道"), ("370303001001", "社区")]
    found: list[dict[str, object]] = [{"编码": code, "名称": name, "边界": around} for code, name in levels]
    for column in range(columns):
        for row in range(rows):
            drawn = square(WEST + column * STEP, SOUTH + row * STEP)
            found.append({"编码": grid_code(column, row), "名称": f"网格{column}-{row}", "边界": drawn})
    return found


def camera(name: str, column: int = 1, row: int = 1, **spoilt: object) -> dict[str, object]:
    lat, lon = middle(column, row)
    return {"id": name, "name_zh": name, "lon": lon, "lat": lat, "area_code": grid_code(column, row)} | spoilt


def zone(name: str, **spoilt: object) -> dict[str, object]:
    facts = {"id": name, "name_zh": "疏导区", "kind": "疏导区", "plaque": "牌1", "rings": square(WEST, SOUTH, STEP / 4)}
    return facts | spoilt


def permit(name: str, **spoilt: object) -> dict[str, object]:
    return {"id": name, "kind": "户外广告", "holder": "单位", "places": "cam-1/board-1"} | spoilt


def as_csv(rows: Sequence[Mapping[str, object]], encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    headings = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, headings)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


class Shelf:
    """A database and a clock; nothing else is needed to keep registers."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.clock = VirtualClock(T0)


def desk_of(parts: Shelf) -> ImportDesk:
    return ImportDesk(parts.database, parts.clock)


def order(register: Register, rows: Iterable[Mapping[str, object]] = (), **more: object) -> Order:
    content = as_csv(list(rows))
    facts: dict[str, object] = {"name": "rows.csv", "content": content, "who": "王", "why": "test"}
    return Order(register=register, **(facts | more))  # type: ignore[arg-type]


def bring(parts: Shelf, register: Register, rows: Iterable[Mapping[str, object]], **more: object) -> Report:
    return desk_of(parts).bring_in(order(register, rows, **more))


def codes(report: Report) -> list[tuple[int, str]]:
    """(row, what is wrong), without what only warns that a plaque or area is missing."""
    return [(finding.row, finding.code) for finding in report.findings]
