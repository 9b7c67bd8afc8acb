"""The status page: every word in both languages, worst camera first."""

from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from contract.clock import format_rfc3339
from contract.events import CameraCondition
from contract.status import CameraState, CameraStatus
from edge.status_page.facts import NodeFacts

WORDS: dict[str, tuple[str, str]] = {
    "title": ("节点状态", "Node status"),
    "cameras": ("摄像机", "Cameras"),
    "starting": ("启动中", "starting"),
    "live": ("正常", "live"),
    "stale": ("无新画面", "no fresh frames"),
    "failed": ("连接失败", "failed"),
    "ended": ("已结束", "ended"),
    "clear": ("画面正常", "clear"),
    "frozen": ("画面冻结", "frozen"),
    "black": ("黑屏", "black"),
    "blurred": ("模糊", "blurred"),
    "covered": ("被遮挡", "covered"),
    "moved": ("位置移动", "moved"),
    "glare": ("强光", "glare"),
    "fog": ("雾", "fog"),
    "patrol": ("巡视", "patrol"),
    "attention": ("重点关注", "attention"),
    "no_condition": ("未判断", "not judged"),
    "looks": ("检测次数", "looks"),
    "skipped": ("跳过", "skipped"),
    "last_frame": ("最后画面", "last frame"),
    "never": ("无", "never"),
    "broker": ("消息服务器", "Broker"),
    "connected": ("已连接", "connected"),
    "away": ("未连接", "not connected"),
    "no_broker": ("未配置，事件保存在本机", "not configured; events stay here"),
    "since": ("自", "since"),
    "outbox": ("待发事件", "Events waiting"),
    "pictures": ("待传图片", "Pictures waiting"),
    "coalesced": ("因磁盘不足合并的更新", "updates merged, disk short"),
    "owed": ("磁盘拒绝、暂存内存", "refused by the disk, in memory"),
    "set_aside": ("损坏的发件箱已移至", "A damaged outbox was set aside at"),
    "disk": ("磁盘可用", "Disk free"),
    "clock": ("时钟", "Clock"),
    "synchronised": ("已同步", "synchronised"),
    "unsynchronised": ("未同步", "not synchronised"),
    "unknown": ("未知", "unknown"),
    "ahead": ("偏差", "offset"),
    "steps": ("次调整", "steps"),
    "model": ("模型", "Model"),
    "software": ("软件", "Software"),
    "config": ("配置版本", "Configuration"),
    "started": ("启动于", "Started"),
    "revivals": ("看门狗重启线程", "Revived by the watchdog"),
    "small": ("缩略图分辨率极低，人脸不可辨认", "Thumbnails are too coarse to show a face"),
    "at": ("截至", "as of"),
}
_ILL = {CameraState.FAILED: 0, CameraState.STALE: 1, CameraState.STARTING: 3, CameraState.LIVE: 4, CameraState.ENDED: 5}


def render(facts: NodeFacts, language: str) -> str:
    """The page in ``zh`` or ``en``; it fetches nothing but its own thumbnails and reloads itself."""
    which = 1 if language == "en" else 0
    words = {key: pair[which] for key, pair in WORDS.items()}
    cameras = sorted(facts.status.cameras, key=_illness)
    return _template().render(facts=facts, cameras=cameras, t=words, language=language, clock=_clock, is_ill=is_ill)


def is_ill(camera: CameraStatus) -> bool:
    """Whether a person should look at it."""
    is_well = camera.condition in (None, CameraCondition.CLEAR)
    return camera.state in (CameraState.FAILED, CameraState.STALE) or not is_well


def _illness(camera: CameraStatus) -> tuple[int, str]:
    rank = _ILL[camera.state]
    return (2 if rank > 2 and is_ill(camera) else rank), camera.camera_id


def _clock(instant: datetime | None) -> str:
    return "" if instant is None else format_rfc3339(instant)[:19].replace("T", " ") + " UTC"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("edge.status_page", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html.j2")
