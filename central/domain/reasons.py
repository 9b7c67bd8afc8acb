"""Why something was judged so: reasons as data, and each as one sentence in Chinese and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from central.domain.law import Names

SENTENCES: Mapping[str, Names] = {
    "fire_in_recycling_zone": Names(
        "废品收购区「{zone}」内见明火或烟", "flame or smoke inside recycling zone “{zone}”"
    ),
    "inside_bbq_site": Names("位于烧烤点「{zone}」内且在营业时间内", "inside barbecue site “{zone}” and its hours"),
    "grill_in_ban_area": Names(
        "「{zone}」内禁止露天烧烤，见烧烤炉", "a grill inside “{zone}”, where open-air barbecue is banned"
    ),
    "smoke_with_trade": Names(
        "禁烧区「{zone}」内见烟或火，且旁有摊位", "smoke or flame with a stall beside it in ban area “{zone}”"
    ),
    "smoke_alone": Names(
        "禁烧区「{zone}」内仅见烟，未见炉具或摊位", "smoke alone in ban area “{zone}”, no grill or stall"
    ),
    "flame_alone": Names("见明火，未见炉具或摊位", "open flame, no grill or stall beside it"),
    "fire_outside_ban_area": Names("不在任何禁烧区内", "outside every barbecue ban area"),
    "inside_trade_zone": Names(
        "位于「{zone}」内且在开放时间内（{hours}）", "inside “{zone}” during its hours ({hours})"
    ),
    "trade_zone_closed": Names(
        "位于「{zone}」内，但不在开放时间（{hours}）", "inside “{zone}” outside its hours ({hours})"
    ),
    "stall_outside_zone": Names(
        "摊位不在任何疏导区、摊点群或便民市场内", "a stall outside every vendor zone and market"
    ),
    "cart_outside_zone": Names("流动摊车不在任何疏导区内", "a vendor's cart outside every vendor zone"),
    "furniture_alone": Names("仅见遮阳伞或桌椅，未见摊位", "parasol or table only, no stall"),
    "outside_enforcement_hours": Names("不在执法时段（{hours}）", "outside the hours in which it counts ({hours})"),
    "no_register_yet": Names("广告招牌须核对许可台账", "signs and boards need a look-up in the permit register"),
    "garbage_needs_person": Names("暴露垃圾或满溢须人工核实", "garbage or an overflowing bin needs a person's look"),
    "no_ground_point": Names("无地面坐标，无法判断所在区域", "no ground point, so no zone can be told"),
    "camera_moved": Names(
        "摄像机「{camera}」已移位，其位置不可用", "camera “{camera}” was moved; its positions don't count"
    ),
    "camera_blind": Names(
        "摄像机「{camera}」画面冻结、全黑或被遮挡", "the picture of camera “{camera}” is frozen, black or covered"
    ),
    "camera_dull": Names(
        "摄像机「{camera}」画面模糊、眩光或有雾", "the picture of camera “{camera}” is blurred, glaring or foggy"
    ),
    "clock_unsure": Names("摄像机「{camera}」所属节点时钟未同步", "the clock of camera “{camera}” is not synchronised"),
    "camera_off": Names(
        "摄像机「{camera}」定位偏差 {metres} 米，须重新标定",
        "camera “{camera}” is off by {metres} m; measure its pose again",
    ),
    "dwell_short": Names("已停留 {dwell_s} 秒，未满 {legal_s} 秒", "there for {dwell_s} s of {legal_s} s"),
    "dwell_reached": Names("已停留 {dwell_s} 秒，超过 {legal_s} 秒", "there for {dwell_s} s, over {legal_s} s"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact that decided; `facts` fill the sentence. A zone is named twice: ``zone`` (zh) and ``zone_en``."""

    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """The reason in `language` (``zh`` or ``en``).

        >>> Reason("dwell_short", {"dwell_s": 20, "legal_s": 300}).sentence("en")
        'there for 20 s of 300 s'
        """
        names = SENTENCES[self.code]
        if language == "zh":
            return names.zh.format_map(self.facts)
        return names.en.format_map({**self.facts, "zone": self.facts.get("zone_en", self.facts.get("zone", ""))})


def sentence(reasons: Sequence[Reason], language: str) -> str:
    """All reasons as one sentence."""
    joined = ("；" if language == "zh" else "; ").join(reason.sentence(language) for reason in reasons)
    return f"{joined}。" if language == "zh" else f"{joined[:1].upper()}{joined[1:]}."
