"""Cameras' streams → the `cameras:` of a node.yaml, and why. Pure."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from edge.capture.rhythm import LONG_GROUP_S
from edge.discovery.values import Camera, Stream

CODECS = ("h264", "h265", "hevc")
LEAST_WIDTH_PX = 320
"""A smaller stream shows a far stall in three pixels."""
SMALL_WIDTH_PX = 1280
"""Up to this a stream is a small one: looks need 640 pixels across."""
OFTEN_S = 0.5


def cameras_block(cameras: Sequence[Camera], secret: str | None) -> list[dict[str, object]]:
    """One entry per camera that offers a stream, as node.yaml spells it."""
    return [_entry(camera, secret) for camera in cameras if main_stream(camera) is not None]


def main_stream(camera: Camera) -> Stream | None:
    """The largest stream that the node can read: evidence comes from it."""
    return next((stream for stream in camera.streams if _is_usable(stream)), None)


def small_stream(camera: Camera) -> Stream | None:
    """The smallest one that still shows enough to look at, if it is another than the main one."""
    small = [stream for stream in camera.streams if _is_usable(stream) and stream.width_px >= LEAST_WIDTH_PX]
    found = small[-1] if small else None
    main = main_stream(camera)
    is_other = found is not None and main is not None and found.url != main.url
    return found if found is not None and is_other and found.width_px <= SMALL_WIDTH_PX else None


def remarks(camera: Camera) -> list[str]:
    """What an installer should know before pasting."""
    if camera.problem:
        return [f"{camera.device.address}: {camera.problem}"]
    main = main_stream(camera)
    if main is None:
        return [f"{camera.device.address}: offers no H.264 or H.265 stream; set one at the camera"]
    looked_at = small_stream(camera) or main
    every = looked_at.key_every_s
    lines = []
    if urlsplit(main.url).hostname != camera.device.address:
        lines.append(f"{camera.device.address}: names another address for its streams ({main.url}); can you reach it?")
    if every is not None and every > LONG_GROUP_S:
        lines.append(f"{camera.device.address}: a key frame every {every:.0f} s is too rare; set one every 2 s")
    if looked_at is main and main.width_px > SMALL_WIDTH_PX:
        lines.append(f"{camera.device.address}: has no small stream; looks cost more than they need")
    return lines


def _entry(camera: Camera, secret: str | None) -> dict[str, object]:
    main, small = main_stream(camera), small_stream(camera)
    assert main is not None
    entry: dict[str, object] = {"camera_id": camera_id(camera.device.address), "source": main.url}
    if small is not None:
        entry["sub_source"] = small.url
    if secret is not None:
        entry["secret"] = secret
    every = (small or main).key_every_s
    is_patrol = every is None or every <= LONG_GROUP_S
    entry["decode"] = "key_frames" if is_patrol else "all"
    entry["look_every_s"] = round(max(OFTEN_S, every), 1) if is_patrol and every is not None else 2.0
    return entry


def camera_id(address: str) -> str:
    """An id that stays when the camera is renamed.

    >>> camera_id("192.0.2.17")
    'cam-192-0-2-17'
    """
    return "cam-" + address.replace(".", "-").replace(":", "-")


def _is_usable(stream: Stream) -> bool:
    return stream.codec in CODECS and stream.url.startswith("rtsp")
