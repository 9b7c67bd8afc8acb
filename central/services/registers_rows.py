"""Which rows each register has."""

from collections.abc import Mapping

from central.services.registers_base import Register, Row
from central.services.registers_duty import CodeRow, DutyRow, HolidayRow, LimitRow
from central.services.registers_ground import AreaRow, CameraRow, RoadRow, ZoneRow
from central.services.registers_trade import FrontageRow, MerchantRow, PermitRow, ShopRow

ROWS: Mapping[Register, type[Row]] = {
    Register.AREAS: AreaRow,
    Register.CAMERAS: CameraRow,
    Register.ZONES: ZoneRow,
    Register.PERMITS: PermitRow,
    Register.SHOPS: ShopRow,
    Register.FRONTAGES: FrontageRow,
    Register.MERCHANTS: MerchantRow,
    Register.ROADS: RoadRow,
    Register.DUTIES: DutyRow,
    Register.HOLIDAYS: HolidayRow,
    Register.LIMITS: LimitRow,
    Register.CODES: CodeRow,
}
