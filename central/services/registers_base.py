"""What all rows of registers share: flat, degrees of CGCS2000, local days, and a heading in each language.

A field's title is its column in Chinese, its description says in English what is meant, and further headings are taken
as well.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from central.domain.registers.names import Names, Validity
from central.services.registers_fields import Day, Named, Short, wrong


def column(
    zh: str,
    en: str,
    *also: str,
    example: str = "",
    gt: float | None = None,
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    """A field's headings and bounds."""
    headings: JsonDict = {"also": list(also), "example": example}
    return Field(title=zh, description=en, json_schema_extra=headings, gt=gt, ge=ge, le=le)


class Register(StrEnum):
    """The registers, by the names that commands and addresses use."""

    AREAS = "areas"
    CAMERAS = "cameras"
    ZONES = "zones"
    PERMITS = "permits"
    SHOPS = "shops"
    FRONTAGES = "frontages"
    MERCHANTS = "merchants"
    ROADS = "roads"
    DUTIES = "duties"
    HOLIDAYS = "holidays"
    LIMITS = "limits"
    CODES = "codes"


REGISTER_NAMES: Mapping[Register, Names] = {
    Register.AREAS: Names("区域网格", "areas"),
    Register.CAMERAS: Names("摄像机", "cameras"),
    Register.ZONES: Names("区域点位", "zones"),
    Register.PERMITS: Names("许可", "permits"),
    Register.SHOPS: Names("商铺", "shops"),
    Register.FRONTAGES: Names("店面画面", "frontages"),
    Register.MERCHANTS: Names("商户", "merchants"),
    Register.ROADS: Names("路段巷道", "roads"),
    Register.DUTIES: Names("责任分工", "responsibility"),
    Register.HOLIDAYS: Names("节假日", "holidays"),
    Register.LIMITS: Names("处置时限", "time limits"),
    Register.CODES: Names("事项代码", "codes"),
}


class Row(BaseModel):
    """One row. Unknown keys are errors; what is missing and has a default is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    KEY: ClassVar[str] = "id"
    RESTRICTED: ClassVar[frozenset[str]] = frozenset()
    """Fields that are kept apart: named roles read them, nothing exports them."""

    @property
    def key(self) -> str:
        return str(getattr(self, self.KEY))

    @property
    def place(self) -> tuple[float, float] | None:
        """(lon, lat) where the row is: its point, or the middle of its first ring's bounds."""
        lon, lat = getattr(self, "lon", None), getattr(self, "lat", None)
        if lon is not None and lat is not None:
            return lon, lat
        rings = getattr(self, "rings", ())
        if not rings:
            return None
        lons, lats = [corner[0] for corner in rings[0]], [corner[1] for corner in rings[0]]
        return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2

    @model_validator(mode="after")
    def _has_whole_points(self) -> Self:
        lon, lat = getattr(self, "lon", None), getattr(self, "lat", None)
        if (lon is None) != (lat is None):
            raise wrong("half_point", "a point has both", field="lat" if lat is None else "lon")
        return self


class NamedRow(Row):
    """A row with a name in both languages; the English one may be left out."""

    name_zh: Annotated[Named, column("名称", "name in Chinese", "name", "中文名称")]
    name_en: Annotated[Short, column("英文名称", "name in English; the Chinese one where empty")] = ""

    def to_names(self) -> Names:
        return Names(self.name_zh, self.name_en or self.name_zh)


class ValidRow(Row):
    """A row that holds for some days only; both ends included, an empty one is open."""

    valid_from: Annotated[Day, column("生效日期", "first day", "有效期起", "开始日期")] = None
    valid_to: Annotated[Day, column("失效日期", "last day, included", "有效期止", "到期日期", "结束日期")] = None

    def to_validity(self) -> Validity:
        return Validity(self.valid_from, self.valid_to)

    @model_validator(mode="after")
    def _runsmust_run_forward(self) -> Self:
        must_run_forward("valid_to", self.valid_from, self.valid_to)
        return self


def must_run_forward(field: str, first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        raise wrong("ends_before", "ends before it begins", field=field, first=str(first), last=str(last))
