"""Rows of what lies and hangs on the ground: areas, cameras, zones, roads."""

from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from central.domain.registers.cameras import EvidenceGrade, check_number
from central.domain.registers.responsibility import RoadClass
from central.domain.registers.zones import ZoneKind
from central.services.registers_base import NamedRow, ValidRow, column, must_run_forward
from central.services.registers_fields import (
    AreaCode,
    Count,
    Day,
    Geometry,
    Heading,
    Hours,
    Key,
    Lat,
    Lon,
    Short,
    Text,
    View,
    Words,
    word_of,
    wrong,
)


class AreaRow(NamedRow):
    KEY: ClassVar[str] = "code"
    code: Annotated[
        AreaCode,
        column("编码", "4, 6, 9, 12 or 15 digits", "区划代码", "网格编码", "单元网格编码", example="370303001002003"),
    ]
    rings: Annotated[Geometry, column("边界", "polygon", "geometry", "polygon", "wkt", "几何")] = ()

    @model_validator(mode="after")
    def _has_a_code(self) -> Self:
        if not self.code:
            raise wrong("empty_key", "no code", field="code")
        return self


_GRADES = {"仅巡查": EvidenceGrade.PATROL_ONLY, "已审核": EvidenceGrade.PENALTY_REVIEWED}


class CameraRow(NamedRow, ValidRow):
    id: Annotated[Key, column("摄像机编号", "as the edge calls it", "编号", "camera_id", example="cam-1")]
    number: Annotated[
        Short,
        column(
            "国标编号", "GB/T 28181, 20 digits", "gb28181", "GB28181编号", "设备编码", example="37030300081320000001"
        ),
    ] = ""
    lon: Annotated[Lon, column("经度", "degrees east", "longitude", "lng", "x")] = None
    lat: Annotated[Lat, column("纬度", "degrees north", "latitude", "y")] = None
    place_text: Annotated[Text, column("安装地点", "where it hangs, in words", "地点", "地址", "address")] = ""
    area_code: Annotated[
        AreaCode, column("所属网格", "unit grid (15 digits) that it hangs in", "网格编码", "单元网格", "grid")
    ] = ""
    heading_deg: Annotated[
        Heading,
        column("朝向", "where it looks, degrees clockwise from north", "heading", "方位角", "朝向角", example="90"),
    ] = None
    view_deg: Annotated[View, column("视场角", "how wide it looks, degrees", "fov", "水平视场角", example="70")] = None
    node_id: Annotated[Short, column("边缘节点", "node it hangs on", "节点", "node")] = ""
    evidence_grade: Annotated[
        EvidenceGrade, word_of(EvidenceGrade, _GRADES), column("证据等级", "patrol_only or penalty_reviewed")
    ] = EvidenceGrade.PATROL_ONLY
    review: Annotated[Text, column("审核文件", "document of the legal and technical review")] = ""
    published_place: Annotated[Text, column("公布位置", "where its place was made public")] = ""

    @model_validator(mode="after")
    def _is_a_camera(self) -> Self:
        if self.number:
            try:
                check_number(self.number)
            except ValueError as error:
                raise wrong("camera_number", "{value}", field="number", value=str(error)) from error
        if self.evidence_grade is EvidenceGrade.PENALTY_REVIEWED and not (self.review and self.published_place):
            raise wrong("unreviewed", "no document", field="published_place" if self.review else "review")
        return self


_ZONE_KINDS = {
    "流动商贩疏导区": ZoneKind.VENDOR_GUIDE_ZONE,
    "疏导区": ZoneKind.VENDOR_GUIDE_ZONE,
    "摊点群": ZoneKind.VENDOR_CLUSTER,
    "便民市场": ZoneKind.CONVENIENCE_MARKET,
    "废品收购点": ZoneKind.RECYCLING_ZONE,
    "废品收购区": ZoneKind.RECYCLING_ZONE,
    "烧烤点": ZoneKind.BBQ_SITE,
    "烧烤大院": ZoneKind.BBQ_SITE,
    "烧烤城": ZoneKind.BBQ_SITE,
    "烧烤街": ZoneKind.BBQ_SITE,
    "禁烧区": ZoneKind.BBQ_BAN_AREA,
    "露天烧烤禁止区": ZoneKind.BBQ_BAN_AREA,
    "建成区": ZoneKind.BUILT_UP_AREA,
}


class ZoneRow(NamedRow, ValidRow):
    id: Annotated[Key, column("区域编号", "short name", "编号", "zone_id", example="vendor-1")]
    kind: Annotated[ZoneKind, word_of(ZoneKind, _ZONE_KINDS), column("类型", "what it means", "种类", example="疏导区")]
    rings: Annotated[Geometry, column("边界", "polygon", "geometry", "polygon", "wkt", "几何")]
    hours: Annotated[
        Hours,
        column(
            "开放时间",
            "'daily 17:00-22:00'; several by ';'; a season before: '05-01..10-15 daily 17:00-23:30'",
            "时段",
            "营业时间",
        ),
    ] = ("always",)
    capacity: Annotated[Count, column("容量", "stalls that the plaque allows", "摊位数")] = None
    plaque: Annotated[Short, column("牌号", "number of the plaque", "挂牌编号")] = ""
    plaque_from: Annotated[Day, column("挂牌日期", "first day of the plaque")] = None
    plaque_to: Annotated[Day, column("牌照到期", "last day of the plaque", "挂牌到期", "挂牌有效期")] = None
    holder: Annotated[Short, column("责任单位", "who runs it", "管理单位", "持有人")] = ""
    goods: Annotated[Words, column("经营品类", "what may be traded; anything where empty", "品类")] = ()
    area_code: Annotated[AreaCode, column("所属网格", "area it lies in", "网格编码", "区划代码")] = ""

    @model_validator(mode="after")
    def _is_drawn(self) -> Self:
        if not self.rings:
            raise wrong("empty_polygon", "no polygon", field="rings")
        must_run_forward("plaque_to", self.plaque_from, self.plaque_to)
        return self


_ROAD_CLASSES = {
    "主干道": RoadClass.MAIN,
    "次干道": RoadClass.SECONDARY,
    "支路": RoadClass.BRANCH,
    "巷道": RoadClass.LANE,
    "背街小巷": RoadClass.LANE,
}


class RoadRow(NamedRow):
    id: Annotated[Key, column("路段编号", "short name", "编号", "road_id", example="road-1")]
    road_class: Annotated[
        RoadClass,
        word_of(RoadClass, _ROAD_CLASSES),
        column("道路等级", "main, secondary, branch or lane", "类型", example="主干道"),
    ]
    rings: Annotated[Geometry, column("边界", "polygon", "geometry", "polygon", "wkt", "几何")] = ()
    area_code: Annotated[AreaCode, column("所属区域", "area it lies in", "区划代码", "网格编码")] = ""
