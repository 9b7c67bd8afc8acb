"""Every reason's sentence in Chinese and English, by its code. ``{zone}`` and the like are filled from its facts."""

from collections.abc import Mapping

from central.domain.registers.names import Names

FIRE: Mapping[str, Names] = {
    "fire_in_recycling_zone": Names(
        "废品收购区「{zone}」内见明火或烟", "flame or smoke inside recycling zone “{zone}”"
    ),
    "inside_bbq_site": Names("位于烧烤点「{zone}」内且在营业时间内", "inside barbecue site “{zone}” and its hours"),
    "smoke_in_bbq_site": Names(
        "烧烤点「{zone}」内见烟：不属露天烧烤，可能为油烟污染",
        "smoke inside barbecue site “{zone}”: no open-air barbecue, but perhaps too much fume",
    ),
    "bbq_site_closed": Names(
        "位于烧烤点「{zone}」内，但不在营业时间（{hours}）", "inside barbecue site “{zone}” outside its hours ({hours})"
    ),
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
    "smoke_outside_ban_area": Names("仅见烟，且不在任何禁烧区内", "smoke alone, outside every barbecue ban area"),
    "fire_outside_ban_area": Names("不在任何禁烧区内", "outside every barbecue ban area"),
}
TRADE: Mapping[str, Names] = {
    "inside_trade_zone": Names(
        "位于「{zone}」内且在开放时间内（{hours}）", "inside “{zone}” during its hours ({hours})"
    ),
    "trade_zone_closed": Names(
        "位于「{zone}」内，但不在开放时间（{hours}）", "inside “{zone}” outside its hours ({hours})"
    ),
    "zone_ended": Names("「{zone}」已撤销或到期", "“{zone}” has been given up or has run out"),
    "plaque_expired": Names(
        "「{zone}」的挂牌（{plaque}）不在有效期内", "the plaque of “{zone}” ({plaque}) is not valid that day"
    ),
    "goods_not_allowed": Names(
        "「{zone}」只准经营 {goods}，旁见炉具、烟或火",
        "“{zone}” allows {goods} only; a grill, smoke or flame is beside it",
    ),
    "over_capacity": Names(
        "「{zone}」核定 {capacity} 个摊位，此为第 {count} 个",
        "the plaque of “{zone}” allows {capacity} stalls; this is number {count}",
    ),
    "stall_permit": Names(
        "持有摊位许可 {permit_id}（{holder}，至 {until}）", "stall permit {permit_id} ({holder}, until {until})"
    ),
    "permit_hours_or_goods": Names(
        "有摊位许可 {permit_id}，但时段或经营品类不符",
        "there is stall permit {permit_id}, but not for this hour or these goods",
    ),
    "stall_outside_zone": Names(
        "摊位不在任何疏导区、摊点群或便民市场内", "a stall outside every vendor zone and market"
    ),
    "cart_outside_zone": Names("流动摊车不在任何疏导区内", "a vendor's cart outside every vendor zone"),
    "goods_before_shop": Names(
        "位于商铺「{shop}」门前，属店外经营", "before the front of shop “{shop}”: the shop's own trade"
    ),
    "furniture_alone": Names("仅见遮阳伞或桌椅，未见摊位", "parasol or table only, no stall"),
    "furniture_together": Names("遮阳伞与桌椅一并摆放，未见摊位", "parasol and table set up together, no stall"),
    "somebody_stays": Names("有人守摊 {attended_s}", "somebody stayed with it for {attended_s}"),
    "nobody_stays": Names(
        "未见有人守摊满 {legal_s}（最长 {attended_s}），无人看管的不按设摊认定",
        "nobody was seen to stay with it for {legal_s} (longest {attended_s}); left alone it is no trade",
    ),
    "attendance_unknown": Names(
        "节点未报告是否有人守摊，按其停留时间判断",
        "the node does not say whether anybody stays with it; judged by how long it stands",
    ),
    "furniture_beside_fire": Names(
        "遮阳伞或桌椅旁有炉具、烟或火，并入该案", "parasol or table beside a grill, smoke or flame: part of that case"
    ),
}
SIGNAGE: Mapping[str, Names] = {
    "permit_valid": Names(
        "许可 {permit_id}（{holder}）有效期至 {until}", "permit {permit_id} ({holder}) is valid until {until}"
    ),
    "public_service": Names(
        "公益广告（{permit_id}），无须许可", "public-service advert ({permit_id}): needs no permit"
    ),
    "permit_expired": Names(
        "许可 {permit_id}（{holder}）已于 {until} 到期", "permit {permit_id} ({holder}) ran out after {until}"
    ),
    "permit_not_yet": Names(
        "许可 {permit_id}（{holder}）自 {since} 起有效", "permit {permit_id} ({holder}) holds from {since} on"
    ),
    "permit_of_other_kind": Names(
        "此处登记的许可 {permit_id} 属另一类别（{kind}）",
        "permit {permit_id} of this place is for another kind ({kind})",
    ),
    "no_permit_found": Names("许可台账中无此位置的记录", "the permit register has no entry for this place"),
    "no_register_yet": Names("广告招牌须核对许可台账", "signs and boards need a look-up in the permit register"),
    "sign_too_many": Names(
        "一店一牌：商铺「{shop}」准设 {allowed} 块，此为第 {count} 块",
        "one shop one sign: shop “{shop}” may have {allowed}, this is number {count}",
    ),
    "shop_sign_unregistered": Names(
        "商铺「{shop}」的招牌未见登记", "no permit is registered for this sign of shop “{shop}”"
    ),
    "board_removed": Names(
        "已备案的招牌或广告牌不见了，须人工核实", "a known sign or board is not there any more; a person should look"
    ),
}
WASTE: Mapping[str, Names] = {
    "garbage_exposed": Names("见暴露垃圾", "garbage lies open"),
    "bin_overflowing": Names("垃圾箱（站）满溢", "a bin is overflowing"),
    "garbage_in_recycling_zone": Names(
        "废品收购区「{zone}」内见散落垃圾或废品", "garbage or scrap lies about inside recycling zone “{zone}”"
    ),
    "garbage_needs_person": Names("暴露垃圾或满溢须人工核实", "garbage or an overflowing bin needs a person's look"),
}
GENERAL: Mapping[str, Names] = {
    "outside_enforcement_hours": Names("不在执法时段（{hours}）", "outside the hours in which it counts ({hours})"),
    "no_ground_point": Names("无地面坐标，无法判断所在区域", "no ground point, so no zone can be told"),
    "register_missing": Names(
        "缺少登记（{needs}），不能认定", "the registers lack {needs}, without which this is not decided"
    ),
    "dwell_short": Names("已停留 {dwell_s}，未满 {legal_s}", "there for {dwell_s} of {legal_s}"),
    "dwell_reached": Names("已停留 {dwell_s}，超过 {legal_s}", "there for {dwell_s}, over {legal_s}"),
}
CAMERAS: Mapping[str, Names] = {
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
    "camera_patrol_only": Names(
        "摄像机「{camera}」仅供巡查，未经处罚取证审核",
        "camera “{camera}” is for patrol only, not reviewed for penalties",
    ),
    "no_camera_register": Names("摄像机台账未建立", "there is no register of cameras"),
    "camera_unregistered": Names("摄像机「{camera}」未在台账登记", "camera “{camera}” is not in the register"),
    "reviewed_too_short": Names(
        "已审核的摄像机「{camera}」单独所见时长不足",
        "reviewed camera “{camera}” alone did not see it for as long as the law asks",
    ),
}
SENTENCES: Mapping[str, Names] = {**FIRE, **TRADE, **SIGNAGE, **WASTE, **GENERAL, **CAMERAS}
