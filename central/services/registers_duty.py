"""Rows of who answers when, and of the tables that clocks and law read."""

from datetime import date
from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from central.domain.deadlines import Stage
from central.domain.registers.areas import level_of
from central.domain.registers.responsibility import DutyScope
from central.domain.worktime import TimeUnit
from central.services.registers_base import NamedRow, Row, ValidRow, column
from central.services.registers_fields import Day, Hours, Key, Named, Short, Text, Truth, word_of, wrong
from contract.taxonomy import Violation

_SCOPES = {"网格": DutyScope.AREA, "区域": DutyScope.AREA, "路段": DutyScope.ROAD, "巷道": DutyScope.ROAD}


class DutyRow(ValidRow):
    id: Annotated[Key, column("编号", "short name", "责任编号", example="duty-1")]
    scope: Annotated[DutyScope, word_of(DutyScope, _SCOPES), column("范围", "area or road", example="网格")]
    target: Annotated[
        Key, column("责任区", "area code, or number of the road", "网格编码", "路段编号", example="370303001002003")
    ]
    person: Annotated[Named, column("责任人", "who answers", "姓名", "网格员")]
    post: Annotated[Short, column("岗位", "post")] = ""
    department: Annotated[Short, column("部门", "department", "单位")] = ""
    backup: Annotated[Short, column("替岗人", "who stands in", "备岗人", "B岗")] = ""
    shift: Annotated[Hours, column("班次", "'daily 08:00-20:00'; always where empty", "时段", "当班时间")] = ("always",)

    @model_validator(mode="after")
    def _names_an_area(self) -> Self:
        if self.scope is DutyScope.AREA:
            try:
                level_of(self.target)
            except ValueError as error:
                raise wrong(
                    "code_length", "no code", field="target", value=self.target, length=len(self.target)
                ) from error
        return self


class HolidayRow(Row):
    KEY: ClassVar[str] = "day"
    day: Annotated[Day, column("日期", "the day", "date", example="2027-02-20")]
    is_worked: Annotated[
        Truth, column("上班", "yes: a weekend day worked in exchange; no: a day off", "是否上班", "调休上班")
    ]
    name: Annotated[Short, column("节日", "what it is", "名称", "备注")] = ""

    @model_validator(mode="after")
    def _has_a_day(self) -> Self:
        if self.day is None:
            raise wrong("empty_key", "no day", field="day")
        return self

    @property
    def date(self) -> date:
        """The day, which is never missing in a row that was read."""
        assert self.day is not None
        return self.day


_STAGES = {
    "受理": Stage.ACCEPT,
    "派遣": Stage.DISPATCH,
    "核实": Stage.VERIFY,
    "处置": Stage.HANDLE,
    "核查": Stage.CHECK,
}
_UNITS = {
    "分钟": TimeUnit.MINUTE,
    "紧急工作时": TimeUnit.URGENT_HOUR,
    "工作时": TimeUnit.WORK_HOUR,
    "工作日": TimeUnit.WORK_DAY,
}


class LimitRow(Row):
    KEY: ClassVar[str] = "profile"
    profile: Annotated[Key, column("方案", "name of the profile", example="example_city_2026")]
    stage: Annotated[Stage, word_of(Stage, _STAGES), column("环节", "stage of a case", example="处置")]
    kind: Annotated[Violation | None, word_of(Violation, {}), column("事项", "violation; only of handling", "案由")] = (
        None
    )
    amount: Annotated[float, column("时限", "how much", gt=0, le=100_000)]
    unit: Annotated[TimeUnit, word_of(TimeUnit, _UNITS), column("单位", "minute, urgent_hour, work_hour, work_day")]
    source: Annotated[Text, column("依据", "whose figure it is", "来源")] = ""

    @property
    def key(self) -> str:
        return f"{self.profile}/{self.stage}" + (f"/{self.kind}" if self.kind else "")


class CodeRow(NamedRow, ValidRow):
    KEY: ClassVar[str] = "standard"
    standard: Annotated[Named, column("标准", "name of the standard", example="GB/T 47678.5-2026")]
    kind: Annotated[Violation, word_of(Violation, {}), column("事项", "violation", "案由", example="open_bbq")]
    code: Annotated[Named, column("代码", "as the standard writes it", "编码", example="06029")]

    @property
    def key(self) -> str:
        return f"{self.standard}/{self.kind}"
