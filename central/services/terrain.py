"""Where a case lies and who answers there, by the registers as they stand: unit grid, department, who is on shift."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from central.domain.law import Law
from central.domain.registers.responsibility import Duty
from central.services.lawbook import LawBook
from central.store.cases import Projection
from contract.plane import Point


class Terrain(Protocol):
    """Asked inside the caller's transaction."""

    def placed(self, connection: Connection, case: Projection, at: datetime) -> Projection:
        """The case with its unit grid and the department that answers for it, as far as they are known."""
        ...

    def on_duty(self, connection: Connection, case: Projection, at: datetime) -> tuple[Duty, ...]:
        """Whose shift it is where the case lies."""
        ...


class Unsurveyed:
    """A city without registers."""

    def placed(self, _connection: Connection, case: Projection, _at: datetime) -> Projection:
        return case

    def on_duty(self, _connection: Connection, _case: Projection, _at: datetime) -> tuple[Duty, ...]:
        return ()


UNSURVEYED = Unsurveyed()


class Surveyed:
    """What the newest registers say."""

    def __init__(self, laws: LawBook) -> None:
        self._laws = laws

    def placed(self, connection: Connection, case: Projection, at: datetime) -> Projection:
        if case.area_code is not None and case.department is not None:
            return case
        return placed_by(self._laws.current(connection), case, at)

    def on_duty(self, connection: Connection, case: Projection, at: datetime) -> tuple[Duty, ...]:
        law = self._laws.current(connection)
        return law.registers.duties_at(law.local(at), case.area_code or "", _point_of(case))


def placed_by(law: Law, case: Projection, at: datetime) -> Projection:
    """The case with the unit grid that holds it and the department that answers there; what it has stays."""
    registers, point = law.registers, _point_of(case)
    area, department = case.area_code, case.department
    if area is None and point is not None and registers.areas:
        grid = registers.grid_at(point)
        area = None if grid is None else grid.code
    if department is None and registers.duties:
        department = registers.department_at(law.local(at), area or "", point)
    return replace(case, area_code=area, department=department)


def _point_of(case: Projection) -> Point | None:
    return None if case.east_m is None or case.north_m is None else Point(case.east_m, case.north_m)
