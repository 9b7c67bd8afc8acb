"""What central's errors say, in Chinese: each English sentence that a person can meet has its counterpart here.

The sentences stay where the errors are raised; here stand their patterns. `{state}`, `{action}`, `{actions}`, `{roles}`
and `{right}` are said in the console's own words, `{why}` is itself a sentence, everything else is kept as it is. What
has no pattern is quoted behind a Chinese beginning: nobody is left with nothing.
"""

import re
from collections.abc import Mapping
from functools import cache

from central import letters_said
from central.nodes_said import pattern_of
from central.translations import load_texts

UNKNOWN = "请求未被接受：{why}"
"""For a sentence without a counterpart."""
PATTERNS: tuple[tuple[str, str], ...] = (
    # steps of a case
    (
        "{action} of a case in state {state}: {why}; open actions: {actions}",
        "案件处于“{state}”，不能“{action}”：{why}。现在可以：{actions}",
    ),
    ("not in this state", "此状态没有这一步"),
    ("is for {roles}", "由{roles}办理"),
    ("{partner} answers for this stage of the case", "此环节由{partner}负责"),
    ("{person} reviewed or reported it; another person files it", "{person}已复核或上报，须由另一人立案"),
    ("it says no kind of violation yet; name one", "尚未注明案由，请先选择"),
    ("{kind} is not reminded first", "{kind}不适用先行提醒"),
    ("a camera's finding is reviewed first", "摄像机线索须先经人工复核"),
    ("cameras only propose it for this kind", "此类案件摄像机只能建议结案"),
    ("{action} needs a note that says why", "“{action}”须填写理由"),
    ("{action} needs a reason: {reasons}", "“{action}”须选择误报原因：{reasons}"),
    ("{action} needs a condition to file on: {conditions}", "“{action}”须注明立案条件：{conditions}"),
    ("{action} needs a condition to close on: {conditions}", "“{action}”须注明结案条件：{conditions}"),
    ("{action} needs the department that handles it", "“{action}”须注明处置部门"),
    ("{action} needs a limit: how much time is added, in which unit", "“{action}”须注明延长的时间和单位"),
    ("extend: the stage {stage} has no limit", "此环节没有时限，不能延期"),
    ("extend: {rest}", "延期：{rest}"),
    # the fleet: bundles, zones, calibrations, roll-outs; dead letters
    (
        "version {version} of node {node} was set by {person} meanwhile; "
        "this was made from version {old}: look at it and make the change again",
        "{person}已把节点{node}更新到 v{version}，此处的修改基于 v{old}；请查看新版本后重新修改",
    ),
    ("why: say in a few words {rest}", "请用几个字说明原因"),
    ("zones: two are called {name}; {rest}", "有两个区域都叫{name}；名称不能重复"),
    ("zones.{number}.name: {rest}", "区域名称只能用英文字母、数字和 . _ -（从 0 数起第 {number} 个）"),
    ("{shape}.{number}.polygon{rest}", "形状不成立：至少三个顶点，都在画面内（从 0 数起第 {number} 个）"),
    (
        "camera {camera} is in no bundle of node {node}; {rest}",
        "节点{node}的配置里没有摄像机{camera}，请先在节点页加入",
    ),
    ("camera {camera} has no preset {preset}", "摄像机{camera}没有预置位{preset}"),
    ("node {node} has no bundle yet; {rest}", "节点{node}还没有下发过配置，请先在节点页下发首个配置"),
    (
        "cameras.{number}: {camera} belongs to node {node}; {rest}",
        "摄像机{camera}属于节点{node}，请先从那个节点的配置中移除",
    ),
    ("points {one} and {other} look swapped: {rest}", "控制点 {one} 和 {other} 像是互换了"),
    ("point {name} does not fit the others: {rest}", "控制点 {name} 与其他点不符，请检查点击位置和坐标"),
    ("point {name}: lies {far} km from the others: {rest}", "控制点 {name} 距其他点 {far} 公里，请检查经纬度"),
    ("the points lie nearly on one line {rest}", "控制点几乎在一条线上：远近左右各选一些"),
    ("the points {rest}", "这些控制点不成立：请检查顺序、坐标和点击位置"),
    ("all points are at one place {rest}", "所有控制点在同一处"),
    (
        "{count} points: at least {least} are needed, six or more are better",
        "只有 {count} 个点；至少 {least} 个，六个以上更好",
    ),
    ("nodes: choose at least one", "请至少选择一个节点"),
    ("node {node}: was given no {what}, so there is no way back", "节点{node}没有下发过，无从退回"),
    ("dead letter {number} was replayed or put away already", "这条消息已处理过"),
    ("dead letter {number}: {reason}", "{reason}"),
    ("no dead letter {number}; {rest}", "没有编号为 {number} 的消息"),
    ("YAML: {rest}", "YAML 有误：{rest}"),
    # photographs
    ("the photograph can't be read as a JPEG picture; take it again", "照片无法识别（须为 JPEG），请重新拍摄"),
    (
        "the photograph has {count} million pixels; at most {most} million are taken",
        "照片有 {count} 百万像素，最多 {most} 百万，请调低相机分辨率",
    ),
    ("more than {size} MiB", "超过 {size} MiB"),
    # who may what
    ("needs a role of {roles}; {name} has {mine}", "需要角色：{roles}；{name}的角色是：{mine}"),
    ("the case lies in {area}; {name} answers for {own}", "案件位于{area}，{name}只负责{own}"),
    ("the case has no area yet; {name} answers for {own}", "案件尚无区域编码，{name}只负责{own}"),
    ("the case is for {department}; {name} is of {own}", "案件由{department}处置，{name}属于{own}"),
    ("the case has no department yet; {name} is of {own}", "案件尚未派遣到部门，{name}属于{own}"),
    (
        "{right} is for who answers for everywhere; {name} answers for {own}",
        "此项须由负责全域的人员办理，{name}只负责{own}",
    ),
    (
        "the picture belongs to no case in {own}, which {name} answers for",
        "该图片不属于{name}所负责区域（{own}）的案件",
    ),
    (
        "name a camera, a zone or a place in {own}, which {name} answers for",
        "请指定{own}内的摄像机、区域或位置，{name}只负责该处",
    ),
    ("the account {name} is disabled", "账号{name}已停用"),
    ("area {area}: {name} answers for {own}", "区域{area}：{name}只负责{own}"),
    ("this request came from another site", "请求来自其他网站，未被接受"),
    ("the page's word is missing: field {field}, {header}", "页面凭证缺失或已过期，请刷新页面后重试"),
    # cases: unknown, claimed, frozen, joined
    ("no case {id}", "没有案件{id}"),
    ("{name} is at work on case {id} until {until} UTC", "{name}正在办理案件{id}，占用至 {until} UTC"),
    ("case {id} is reviewed and loses nothing; reopen it first", "案件{id}已复核，不能移出线索；请先重新打开"),
    ("into: is the case itself; name another one", "不能与自身合并，请选择另一案件"),
    ("into: is of another kind group; smoke and a stall are two cases", "类别不同，不能合并"),
    ("into: lies in another district ({names}); {rest}", "位于另一关联分区（{names}），不能合并"),
    ("incidents: name some of the case's incidents, not all and not others'", "请选择本案件的部分线索"),
    ("sha256: {sha256} is no picture of case {id}", "该图片不属于案件{id}"),
    ("an original is opened for a case and with a reason of some words", "查看原图须注明案件和理由"),
    # by hand, silences, assigning
    ("source: cameras bring their cases themselves; say who told of it", "来源：摄像机线索自动生成，请选择反映人渠道"),
    ("seen_at: lies in the future", "发现时间晚于现在"),
    ("place: say where, by lat and lon or by an address", "请填写位置：坐标或地址"),
    ("reason: say why nobody is to be called", "请填写静默理由"),
    ("expires_at: must lie between now and {days} days from now", "到期时间须在现在之后 {days} 天以内"),
    ("no silence {id} in force", "没有生效的静默{id}"),
    ("person: nobody is called {name}; take one of the list", "没有名为{name}的人员，请从列表中选择"),
    ("person: {why}", "人员：{why}"),
    # accounts
    (
        "password: {why}; take a few words that belong together for you alone",
        "密码{why}；请用几个只有自己会连在一起的词",
    ),
    ("needs at least {count} characters", "至少需要 {count} 个字符"),
    ("has more than {count} characters", "超过 {count} 个字符"),
    ("holds the account's name", "含有账号名"),
    ("is one of the commonest passwords, or begins as one", "过于常见"),
    ("is one character, a row of keys or a short pattern over and over", "过于简单"),
    ("password: the new one is the old one", "新密码与旧密码相同"),
    ("the operator token is no account; {rest}", "操作员令牌不是账号，请在启动环境中更换"),
    ("name {name}: taken; names that differ only in capital letters are one", "账号{name}已存在（不区分大小写）"),
    ("name {name}: 2 to 64 letters and digits, {rest}", "账号名{name}不合要求：2 至 64 个字母、数字或汉字"),
    ("roles: an account needs one or more of {roles}", "账号至少需要一个角色：{roles}"),
    ("roles: {unknown}; there are {roles}", "角色{unknown}不存在；可选：{roles}"),
    ("district {district}: an area code or the beginning of one {rest}", "区域{district}应为区划编码或其前缀（可空）"),
    ("department: at most {count} letters, {rest}", "部门名称最多 {count} 个字"),
    ("{name} is the only administrator; make another one first", "{name}是唯一的管理员，请先另设一名"),
    ("nobody is called {name}", "没有名为{name}的账号"),
    # registers
    ("{register}: no row {key} in your district {own}", "您负责的区域{own}内没有台账记录{key}"),
    ("{register}: no row {key}", "台账中没有记录{key}"),
    ("{register}: there never was a row {key}", "台账中从未有过记录{key}"),
    ("{file}: can't be imported; bring a .csv, .xlsx or .geojson file", "{file}：请使用 .csv、.xlsx 或 .geojson 文件"),
    ("{file}: is larger than {size} MiB; split it", "{file}：超过 {size} MiB，请拆分"),
    ("{file}: holds no rows; {rest}", "{file}：没有数据行；首行为表头，其后每行一条"),
    ("{file}: is neither UTF-8 nor GB 18030 text; save it as CSV UTF-8", "{file}：编码无法识别，请另存为 UTF-8 的 CSV"),
    ("{file}: the first line has no headings; {rest}", "{file}：首行不是表头；可先下载模板"),
    ("{file}: is no GeoJSON FeatureCollection; export it as one", "{file}：不是 GeoJSON FeatureCollection"),
    ("{file}: has more than {count} rows; split it", "{file}：超过 {count} 行，请拆分"),
    ("{file}: is no workbook that can be read ({error}); {rest}", "{file}：表格无法打开，请重新另存为 .xlsx"),
    ("{file}: is no JSON ({error}); {rest}", "{file}：不是有效的 JSON，请重新导出为 GeoJSON"),
    ("{file}: unpacks to {size} MiB; {rest}", "{file}：解压后有 {size} MiB，请重新另存或拆分"),
    ("the report is not kept any longer; check the file again", "报告已不再保留，请重新检查文件"),
    # figures
    ("period {period}: whole months, quarters and years that are over are public", "仅公开已结束的整月、整季和整年"),
    (
        "period {period} ends on {day}; it can be frozen from the day after on",
        "考评期{period}于{day}结束，次日起方可固化",
    ),
    ("give either period, as 2026-07, or from and to, as 2026-07-01", "请填写考评期（如 2026-07）或起止日期"),
    ("figures are being counted for the first time; ask again in a few minutes", "指标正在首次统计，请几分钟后再试"),
    # fleet
    ("no node {name}", "没有节点{name}"),
    ("no camera {name}", "没有摄像机{name}"),
    ("no {what}", "没有：{what}"),
    ("no camera has seen this case", "没有摄像机看到过此案件"),
    # the world is slow
    ("too many people sign in at this moment; try again", "登录人数较多，请稍后再试"),
    ("too many live listeners", "实时连接已满，请稍后再试"),
    ("database {database}: {rest}", "数据库暂时不可用，请稍后再试"),
    ("Not Found", "没有此页面"),
    ("Method Not Allowed", "此页面不接受该操作"),
)
_WORD_GROUPS = {"state": "state.", "action": "action.", "actions": "action.", "roles": "who.", "mine": "who."}


def in_chinese(sentence: str) -> str:
    """The sentence in Chinese, line by line.

    >>> in_chinese("needs a role of reviewer; wang has inspector")
    '需要角色：审核员；wang的角色是：监督员'
    """
    return "\n".join(_line(line) for line in sentence.splitlines())


def has_counterpart(sentence: str) -> bool:
    """Whether some pattern fits the sentence whole."""
    return _translated(sentence) is not None


def _line(line: str) -> str:
    return _translated(line) or UNKNOWN.format(why=line)


def _translated(line: str) -> str | None:
    for pattern, template in _compiled():
        found = pattern.fullmatch(line.strip())
        if found is not None:
            said = {name: _said(name, value) for name, value in found.groupdict().items()}
            return template.format_map(said)
    return None


def _said(name: str, value: str) -> str:
    """A part of a sentence: our own words translated, a sentence within it too, names as they are."""
    if name == "why":
        return _translated(value) or value
    if name == "reason":
        return letters_said.in_chinese(value) or UNKNOWN.format(why=value)
    group = _WORD_GROUPS.get(name)
    if group is None:
        return value
    words = [_word(group, word.strip()) for word in value.split(",")]
    return "、".join(words)


def _word(group: str, word: str) -> str:
    texts = _texts()
    return {"none": "无", "nobody": "无人"}.get(word) or texts.get(f"{group}{word}", word)


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((pattern_of(english), chinese) for english, chinese in PATTERNS)


@cache
def _texts() -> Mapping[str, str]:
    return load_texts()["zh"]
