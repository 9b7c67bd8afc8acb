"""Rows of who may trade and advertise where: permits, shops, frontages, merchants."""

from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from central.domain.registers.permits import BoardKind, PermitKind
from central.services.registers_base import NamedRow, ValidRow, column
from central.services.registers_fields import (
    AreaCode,
    Geometry,
    Hours,
    Key,
    Lat,
    Lon,
    Metres,
    Named,
    Region,
    Short,
    Text,
    Truth,
    Words,
    word_of,
    wrong,
)

_PERMIT_KINDS = {
    "户外广告": PermitKind.ADVERT,
    "广告": PermitKind.ADVERT,
    "店招牌匾": PermitKind.SHOP_SIGN,
    "牌匾": PermitKind.SHOP_SIGN,
    "横幅标语": PermitKind.BANNER,
    "临时宣传品": PermitKind.BANNER,
    "摊位": PermitKind.STALL,
}
_BOARDS = {
    "立柱": BoardKind.PILLAR,
    "楼顶": BoardKind.ROOF,
    "墙面": BoardKind.WALL,
    "落地": BoardKind.FREE_STANDING,
    "其他": BoardKind.OTHER,
    "": BoardKind.OTHER,
}


class PermitRow(ValidRow):
    id: Annotated[Key, column("许可编号", "its number", "编号", "许可证号", "permit_id", example="张综执广〔2026〕1")]
    kind: Annotated[
        PermitKind, word_of(PermitKind, _PERMIT_KINDS), column("类型", "what is permitted", "种类", example="户外广告")
    ]
    holder: Annotated[Named, column("持有人", "whose it is", "许可对象", "单位")]
    places: Annotated[
        Words,
        column(
            "画面位置", "camera/place that shows it; several by ';'", "place_id", "place_ids", example="cam-1/board-1"
        ),
    ] = ()
    lon: Annotated[Lon, column("经度", "degrees east", "longitude", "lng", "x")] = None
    lat: Annotated[Lat, column("纬度", "degrees north", "latitude", "y")] = None
    radius_m: Annotated[float, column("半径", "metres around the point", gt=0, le=500)] = 5.0
    rings: Annotated[Geometry, column("边界", "polygon", "geometry", "polygon", "wkt", "几何")] = ()
    board: Annotated[BoardKind, word_of(BoardKind, _BOARDS), column("设置形式", "how it stands")] = BoardKind.OTHER
    is_public_service: Annotated[Truth, column("公益广告", "needs no permit")] = False
    shop_id: Annotated[Short, column("商铺编号", "the shop it belongs to")] = ""
    hours: Annotated[Hours, column("时段", "of a stall; any where empty")] = ()
    goods: Annotated[Words, column("经营品类", "of a stall; any where empty", "品类")] = ()
    width_m: Annotated[Metres, column("宽", "metres", "宽度")] = None
    height_m: Annotated[Metres, column("高", "metres", "高度")] = None
    area_code: Annotated[AreaCode, column("所属网格", "area it lies in", "网格编码", "区划代码")] = ""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if not (self.places or self.rings or self.shop_id or self.lon is not None):
            raise wrong("nowhere", "no place", field="places")
        return self


class ShopRow(NamedRow, ValidRow):
    id: Annotated[Key, column("商铺编号", "short name", "编号", "shop_id", example="shop-1")]
    lon: Annotated[Lon, column("经度", "degrees east", "longitude", "lng", "x")] = None
    lat: Annotated[Lat, column("纬度", "degrees north", "latitude", "y")] = None
    area_code: Annotated[AreaCode, column("所属网格", "area it lies in", "网格编码", "区划代码")] = ""
    merchant_id: Annotated[Short, column("商户编号", "who runs it")] = ""
    hours: Annotated[Hours, column("营业时间", "when it is open; unknown where empty", "时段")] = ()
    signs_allowed: Annotated[int, column("牌匾数", "signs it may have (一店一牌: 1)", ge=0, le=100)] = 1


class FrontageRow(ValidRow):
    id: Annotated[Key, column("店面编号", "short name", "编号", example="front-1")]
    camera_id: Annotated[Key, column("摄像机编号", "whose picture", "摄像机", "camera", example="cam-1")]
    shop_id: Annotated[Key, column("商铺编号", "whose front", "商铺", "shop", example="shop-1")]
    region: Annotated[Region, column("画面区域", "'x y; x y; x y' in 0..1 of the picture")] = ()
    place_ids: Annotated[
        Words, column("画面位置", "place names that the camera reports there", "place_id", "places")
    ] = ()
    preset: Annotated[Short, column("预置位", "of a turning camera; any where empty")] = ""

    @model_validator(mode="after")
    def _is_on_the_picture(self) -> Self:
        if not (self.region or self.place_ids):
            raise wrong("nowhere", "no region", field="region")
        return self


class MerchantRow(ValidRow):
    RESTRICTED: ClassVar[frozenset[str]] = frozenset({"is_hardship", "hardship_note"})
    id: Annotated[Key, column("商户编号", "short name", "编号", "merchant_id", example="m-1")]
    name: Annotated[Named, column("名称", "name", "姓名", "商户名称")]
    licence: Annotated[Short, column("执照号", "of the business", "统一社会信用代码")] = ""
    area_code: Annotated[AreaCode, column("所属网格", "area", "网格编码", "区划代码")] = ""
    is_hardship: Annotated[Truth | None, column("困难帮扶", "restricted: in hardship, handle with care")] = None
    hardship_note: Annotated[Text, column("帮扶说明", "restricted")] = ""
