"""How long a large register takes to come in, and how fast it answers: 50,000 permits, some of them wrong."""

import csv
import io
import random
import resource
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from central.bench.machine import machine_facts, versions
from central.bench.measuring import ORIGIN, BenchPlan, database_version, refuse_real
from central.bench.reporting import BenchReport, Percentiles, Target, at_least, at_most
from central.domain.registers.frames import Frame, from_cgcs2000
from central.domain.registers.snapshot import Registers
from central.services.registers import RegisterBook
from central.services.registers_base import Register
from central.services.registers_import import ImportDesk
from central.services.registers_orders import Order, Report
from central.store import registers as stored
from central.store.database import Database
from contract.plane import Point

ROWS, BAD = 50_000, 300
GRIDS = 50
"""Unit grids along each side; each is a hundred metres wide."""
STEP = 0.001
LOOKED_UP = 20_000
DAY = date(2026, 7, 1)


def measure_registers(plan: BenchPlan, rows: int = ROWS) -> BenchReport:
    """Imports areas and permits into an empty register, then looks things up.

    Raises:
        UsageError: the database holds events of real nodes.
    """
    database = Database(plan.database_url)
    database.create()
    refuse_real(database)
    desk = ImportDesk(database, plan.clock)
    began = plan.clock.monotonic()

    def lap() -> float:
        nonlocal began
        was, began = began, plan.clock.monotonic()
        return began - was

    desk.bring_in(_order(Register.AREAS, _areas()))
    content = _permits(rows, max(6, BAD * rows // ROWS))
    areas_s = lap()
    tried = desk.bring_in(_order(Register.PERMITS, content, is_dry_run=True), lambda n, of: plan.tick("check", n / of))
    check_s = lap()
    done = desk.bring_in(_order(Register.PERMITS, content, only_good=True), lambda n, of: plan.tick("import", n / of))
    import_s = lap()
    with database.read() as connection:
        registers = RegisterBook(ORIGIN).current(connection)
        load_s = lap()
        kept = len(list(stored.rows_of(connection, Register.PERMITS)))
    lap()
    rates = _lookups(registers, lap)
    details = {"areas_s": areas_s, "check_s": check_s, "import_s": import_s, "load_s": load_s, **rates}
    report = _report(database, tried, done, kept, details)
    database.close()
    return report


def _order(register: Register, content: bytes, *, is_dry_run: bool = False, only_good: bool = False) -> Order:
    return Order(register, "bench.csv", content, "bench", "bench", is_dry_run=is_dry_run, only_good=only_good)


def _lookups(registers: Registers, lap: Callable[[], float]) -> dict[str, float]:
    """Look-ups a second, each kind by itself; the indexes are made before."""
    chance = random.Random(1)
    side_m = GRIDS * STEP * 100_000
    points = [Point(chance.random() * side_m, chance.random() * side_m) for _ in range(LOOKED_UP)]
    asks: dict[str, Callable[[int], object]] = {
        "permits_at_per_s": lambda n: registers.permits_at(points[n], DAY),
        "grid_at_per_s": lambda n: registers.grid_at(points[n]),
        "permits_of_place_per_s": lambda n: registers.permits_of_place(f"cam-{n % 500}", f"board-{n}", DAY),
    }
    rates = {}
    for name, ask in asks.items():
        ask(0)
        lap()
        for number in range(LOOKED_UP):
            ask(number)
        rates[name] = LOOKED_UP / lap()
    return rates


def _areas() -> bytes:
    return _csv(["编码", "名称", "边界"], _area_lines())


def _area_lines() -> Iterator[Sequence[object]]:
    yield "3703", "市", ""
    yield "370303", "区", ""
    yield "370303001", "街道", ""
    for column in range(GRIDS):
        yield f"370303001{column:03d}", f"社区{column}", ""
        for row in range(GRIDS):
            west, south = ORIGIN.lon + column * STEP, ORIGIN.lat + row * STEP
            east, north = west + STEP, south + STEP
            corners = ((west, south), (east, south), (east, north), (west, north))
            drawn = "; ".join(f"{lon} {lat}" for lon, lat in corners)
            yield _grid(column, row), f"网格{column}-{row}", drawn


def _grid(column: int, row: int) -> str:
    return f"370303001{column:03d}{row:03d}"


def _permits(rows: int, bad: int) -> bytes:
    heads = ["许可编号", "类型", "持有人", "经度", "纬度", "半径", "生效日期", "失效日期", "所属网格", "画面位置"]
    return _csv(heads, _permit_lines(rows, bad))


def _permit_lines(rows: int, bad: int) -> Iterator[Sequence[object]]:
    """Twenty permits in each grid, ten metres apart; every so often one is wrong, in six ways by turns."""
    spoilt = {number * rows // bad for number in range(bad)}
    for number in range(rows):
        column, row, nth = number % GRIDS, number // GRIDS % GRIDS, number // GRIDS**2 % 20
        lon = ORIGIN.lon + (column + 0.1 + nth % 5 * 0.18) * STEP
        lat = ORIGIN.lat + (row + 0.1 + nth // 5 * 0.2) * STEP
        code, kind, last = _grid(column, row), "户外广告", "2027-12-31"
        if number in spoilt:
            match number * bad // rows % 6:
                case 0:
                    lon, lat = lat, lon
                case 1:
                    code = code[:14]
                case 2:
                    kind = "夜市"
                case 3:
                    lat, lon = from_cgcs2000(Frame.GCJ02, lat, lon)
                case 4:
                    last = "2026-13-40"
                case _:
                    last = "2025-01-01"
        place = f"cam-{number % 500}/board-{number}"
        yield f"P-{number}", kind, f"单位{number}", lon, lat, 3, "2026-01-01", last, code, place


def _csv(headings: Sequence[str], lines: Iterator[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows(lines)
    return text.getvalue().encode()


def _report(database: Database, tried: Report, done: Report, kept: int, details: dict[str, float]) -> BenchReport:
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    targets: tuple[Target, ...] = (
        at_most("import s", 30, details["import_s"]),
        at_least("permits_at per s", 20_000, details["permits_at_per_s"]),
        at_least("grid_at per s", 20_000, details["grid_at_per_s"]),
    )
    return BenchReport(
        mode="registers",
        events_sent=done.rows,
        events_committed=kept,
        duplicates=0,
        lost=done.rows - done.bad_rows - kept,
        rate_per_s=round(done.rows / details["import_s"], 1),
        publish_to_commit_ms=Percentiles(p50=0.0, p99=0.0),
        rss_mb=round(rss_mb, 1),
        details={name: round(value, 3) for name, value in details.items()} | {"bad_rows": float(tried.bad_rows)},
        targets=targets,
        machine=machine_facts(),
        versions=versions("none", database_version(database)),
    )
