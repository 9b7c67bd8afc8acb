"""The package's sheet for people: what, where, when, why, who did what, and the pictures; in Chinese and English.

Drawn by MuPDF from simple HTML, with its own CJK font, cut to the signs that are used: no font has to be installed,
and the same content gives the same bytes. Times are those of the city (`+08:00`), since people read it.
"""

import io
import json
from datetime import datetime, timedelta, timezone
from functools import cache
from html import escape
from pathlib import Path

import pymupdf

from central.package.gathering import Gathered, Picture
from central.translations import Texts, load_texts

CITY_TIME = timezone(timedelta(hours=8))
"""Zibo keeps no summer time."""
PAGE = pymupdf.paper_rect("a4")
MARGIN_PT = 42
INNER = pymupdf.Rect(PAGE.x0 + MARGIN_PT, PAGE.y0 + MARGIN_PT, PAGE.x1 - MARGIN_PT, PAGE.y1 - MARGIN_PT)
MOST_PICTURES = 12
WIDEST_PX = 900
"""Of a picture on the sheet; the whole one lies beside it."""
CSS = """
body { font-family: sans-serif; font-size: 9.5px; color: #1a2230; line-height: 1.35; }
h1 { font-size: 17px; margin: 0 0 2px 0; } h2 { font-size: 12px; margin: 12px 0 4px 0; color: #0b4f8a; }
p { margin: 2px 0 4px 0; } .en { color: #5a6472; } .small { font-size: 8px; color: #5a6472; }
table { width: 100%; } td { padding: 2px 6px 2px 0; vertical-align: top; }
.mono { font-family: monospace; font-size: 7.5px; }
"""


def draw_sheet(gathered: Gathered) -> bytes:
    """The PDF."""
    shown = [it for it in sorted(gathered.pictures, key=lambda it: it.captured_at) if not it.is_clip][:MOST_PICTURES]
    archive = pymupdf.Archive()
    unreadable = set()
    for sha256, path in [*((picture.sha256, picture.path) for picture in shown), *gathered.shots[:MOST_PICTURES]]:
        small = _small(path)
        if small is None:
            unreadable.add(sha256)
        else:
            archive.add(small, f"{sha256}.jpg")
    story = pymupdf.Story(_html(gathered, shown, unreadable), user_css=CSS, archive=archive)
    buffer = io.BytesIO()
    writer = pymupdf.DocumentWriter(buffer)
    is_more = True
    while is_more:
        device = writer.begin_page(PAGE)
        is_more, _ = story.place(INNER)
        story.draw(device)
        writer.end_page()
    writer.close()
    return _finished(buffer.getvalue(), gathered.case.number or gathered.case.id)


def _finished(content: bytes, name: str) -> bytes:
    """Numbered pages, only the signs that are used, and no date of making."""
    with pymupdf.open("pdf", content) as document:
        for number, page in enumerate(document, start=1):
            corner = pymupdf.Point(MARGIN_PT, PAGE.y1 - 22)
            page.insert_text(corner, f"{name}   {number}/{document.page_count}", fontsize=7.5, color=(0.4, 0.4, 0.45))
        document.set_metadata({"title": f"Xunjie {name}", "producer": "xunjie"})
        document.subset_fonts()
        return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))


def _small(path: Path) -> bytes | None:
    """The picture, at most `WIDEST_PX` wide; None where it is no picture after all."""
    try:
        found = pymupdf.Pixmap(path.read_bytes())
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase):
        return None
    if found.width > WIDEST_PX:
        found = pymupdf.Pixmap(found, WIDEST_PX, round(found.height * WIDEST_PX / found.width), None)
    return bytes(found.tobytes("jpeg", jpg_quality=80))


def _html(gathered: Gathered, shown: list[Picture], unreadable: set[str]) -> str:
    case = gathered.case
    name = case.kind_name or case.suggested_name
    zh, en = (name.zh, name.en) if name else ("待认定", "kind not yet decided")
    parts = [
        "<h1>案件证据单 <span class=en>Evidence sheet</span></h1>",
        f"<p><b>{_e(zh)}</b> <span class=en>{_e(en)}</span></p>",
        _facts(gathered),
        "<h2>判定 <span class=en>Judgement</span></h2>",
        f"<p>{_e(case.sentence.zh)}</p><p class=en>{_e(case.sentence.en)}</p>",
        "".join(f"<p class=small>{_e(code.standard)}: {_e(code.code)}</p>" for code in case.judgement.codes),
        _history(gathered),
        _pictures(gathered, shown, unreadable),
        _photographs(gathered, unreadable),
        "<p class=small>本单为视频线索材料，图片已脱敏；是否违法由有权机关认定。<br/>"
        "A lead from video; pictures are redacted. Whether it is an offence is for the authority to find.</p>",
    ]
    return "".join(parts)


def _facts(gathered: Gathered) -> str:
    case = gathered.case
    place = (
        "–"
        if case.place is None
        else f"{case.place.lat:.6f}, {case.place.lon:.6f} ± {case.place.major_m:.1f} m (CGCS2000)"
    )
    rows = [
        ("案件编号", "Case", case.number or "–"),
        ("内部标识", "Identifier", case.id),
        ("状态", "State", _word(f"state.{case.state}")),
        ("首次发现", "First seen", _local(case.first_seen_at)),
        ("最近发现", "Last seen", _local(case.last_seen_at)),
        ("消失", "Gone", "–" if case.gone_at is None else _local(case.gone_at)),
        ("位置", "Place", place),
        ("单元网格", "Unit grid", case.area_code or "–"),
        ("区域", "Zone", "–" if case.zone_name is None else f"{case.zone_name.zh} {case.zone_name.en}"),
        ("摄像机", "Cameras", ", ".join(case.cameras) or "–"),
    ]
    cells = (f"<tr><td>{zh} <span class=en>{en}</span></td><td>{_e(text)}</td></tr>" for zh, en, text in rows)
    return f"<table>{''.join(cells)}</table>"


def _history(gathered: Gathered) -> str:
    rows = []
    columns = gathered.steps.columns
    for row in gathered.steps.rows:
        step = dict(zip(columns, row.texts, strict=True))
        what = f"action.{step['action']}" if step["action"] else f"what.{step['what']}"
        at = _local(datetime.fromisoformat(f"{step['at']}+00:00"))
        states = [_word(f"state.{name}") for name in (step["from_state"], step["to_state"]) if name]
        moved = " → ".join(states)
        note = json.loads(step["facts"] or "{}").get("note") or ""
        rows.append(
            f"<tr><td>{at}</td><td>{_e(_word(what))}</td>"
            f"<td>{_e(step['actor'] or '')}</td><td>{_e(moved)} {_e(note)}</td><td class=small>{row.seq}</td></tr>"
        )
    head = "<tr><td>时间 Time (UTC+8)</td><td>步骤 Step</td><td>谁 Who</td><td>变化 Change</td><td>链号 Link</td></tr>"
    return f"<h2>处置经过 <span class=en>History</span></h2><table>{head}{''.join(rows)}</table>"


def _pictures(gathered: Gathered, shown: list[Picture], unreadable: set[str]) -> str:
    parts = ["<h2>图片 <span class=en>Pictures</span></h2>"]
    for picture in shown:
        taken = _local(datetime.fromisoformat(picture.captured_at))
        vouched = "节点已签名 signed by its node" if picture.manifest else "无节点签名 no node's signature"
        seen = f'<img src="{picture.sha256}.jpg" width="400"/>'
        if picture.sha256 in unreadable:
            seen = "无法显示 can't be shown"
        parts.append(
            f"<p>{seen}</p><p>{_e(picture.camera_id)} · "
            f"{_e(_word(f'role.{picture.role}'))} · {taken} · {vouched}</p><p class=mono>SHA-256 {picture.sha256}</p>"
        )
    rest = len(gathered.pictures) - len(shown)
    if rest:
        parts.append(f"<p class=en>另有 {rest} 个图片或视频文件，见 pictures/ · {rest} more files under pictures/</p>")
    if gathered.missing:
        count = len(gathered.missing)
        parts.append(
            f"<p class=en>{count} 张图片未在中心平台（未上传或已按期删除） · {count} pictures were not at central</p>"
        )
    return "".join(parts)


def _photographs(gathered: Gathered, unreadable: set[str]) -> str:
    """Officers' own, coarse, up to `MOST_PICTURES`."""
    drawn = {sha256 for sha256, _ in gathered.shots[:MOST_PICTURES]} - unreadable
    parts = []
    for it in gathered.photographs.photographs:
        seen = f'<p><img src="{it.sha256}.jpg" width="240"/></p>' if it.sha256 in drawn else ""
        parts.append(
            f"{seen}<p>{_e(it.person)} · {_local(it.taken_at)}</p><p class=mono>SHA-256 {it.sha256}<br/>"
            f"原图 original {it.original_sha256}</p>"
        )
    title = "<h2>现场照片（粗略显示） <span class=en>Officers' photographs (coarse)</span></h2>"
    return title + "".join(parts) if parts else ""


@cache
def _texts() -> dict[str, Texts]:
    return load_texts()


def _word(key: str) -> str:
    """In both languages; the bare word where the console has none."""
    zh, en = _texts()["zh"].get(key), _texts()["en"].get(key)
    return key.partition(".")[2] if zh is None else f"{zh} {en}"


def _local(instant: datetime) -> str:
    return instant.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M:%S")


def _e(text: str) -> str:
    return escape(text, quote=True)
