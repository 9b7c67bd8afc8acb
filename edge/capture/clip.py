"""A clip on disk, read with PyAV: every frame at its own timestamp.

Also says when a file ends before its own end: an index that promises more frames than the file holds is a truncated
copy, and whoever replays it must be told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from contract.errors import PermanentError
from contract.ids import CameraId
from edge.capture.picture import to_bgr
from edge.values import Frame

MISSING_FRAMES = 3
MISSING_SHARE = 0.01
"""Fewer frames than the index promises by more than both: truncated. Encoders are often off by one or two."""


class ClipCamera:
    """Frames of one clip, thinned: the first frame of each `every_s` is converted, the rest only decoded."""

    def __init__(self, camera_id: CameraId, path: Path, start: datetime, every_s: float) -> None:
        self._camera_id = camera_id
        self._path = path
        self._start = start
        self._every_s = every_s

    @property
    def camera_id(self) -> CameraId:
        return self._camera_id

    @property
    def name(self) -> str:
        return str(self._path)

    def frames(self) -> Iterator[Frame]:
        container = _open(self._path)
        with container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            decoded = 0
            next_due_s = 0.0
            for position_s, picture in _pictures(container, stream, self._path):
                decoded += 1
                if position_s + 1e-6 < next_due_s:
                    continue
                next_due_s = max(next_due_s + self._every_s, position_s)
                captured_at = self._start + timedelta(seconds=round(position_s, 3))
                yield Frame(self._camera_id, to_bgr(picture), captured_at, decoded - 1)
            _check_complete(self._path, stream, decoded)


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What a clip's container says of it; `length_s` is None when it says nothing."""

    width_px: int
    height_px: int
    length_s: float | None
    codec: str


def read_facts(path: Path) -> ClipFacts:
    """The facts of the clip at `path`.

    Raises:
        PermanentError: the file is no readable video.
    """
    with _open(path) as container:
        stream = container.streams.video[0]
        length_s = None if container.duration is None else container.duration / 1_000_000
        if stream.duration is not None and stream.time_base is not None:
            length_s = float(stream.duration * stream.time_base)
        return ClipFacts(stream.width, stream.height, length_s, stream.codec_context.name)


def _open(path: Path) -> InputContainer:
    try:
        if path.stat().st_size == 0:
            raise PermanentError(f"{path}: the file is empty; copy the clip again")
        container = av.open(str(path), metadata_errors="replace")
    except FileNotFoundError as error:
        raise PermanentError(f"{path}: no such file; check the path") from error
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PermanentError(f"{path}: not a readable video ({reason}); is it complete and a video file?") from error
    if not container.streams.video:
        container.close()
        raise PermanentError(f"{path}: holds no video stream; give a clip with pictures")
    if container.streams.video[0].codec_context is None:
        container.close()
        raise PermanentError(f"{path}: its video codec is not supported here; re-encode it as H.264 or H.265")
    return container


def _pictures(container: InputContainer, stream: VideoStream, path: Path) -> Iterator[tuple[float, av.VideoFrame]]:
    """(seconds since the first frame, picture); positions never go back, whatever the file's timestamps say."""
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    first_s: float | None = None
    last_s = -1.0 / rate
    damaged = 0
    try:
        for packet in container.demux(stream):
            try:
                pictures = packet.decode()
            except av.error.InvalidDataError:
                damaged += 1  # one damaged packet costs its own picture only
                continue
            for picture in pictures:
                time_s = picture.time
                if time_s is not None and first_s is None:
                    first_s = time_s
                position_s = last_s + 1.0 / rate if time_s is None or first_s is None else time_s - first_s
                last_s = max(position_s, last_s + 1e-3)
                yield last_s, picture
    except av.error.FFmpegError as error:
        raise PermanentError(f"{path}: can't be read past {max(0.0, last_s):.1f} s ({error.strerror})") from error
    if last_s < 0:
        raise PermanentError(
            f"{path}: no picture could be decoded ({stream.codec_context.name}, {damaged} damaged packets)"
        )


def _check_complete(path: Path, stream: VideoStream, decoded: int) -> None:
    missing = stream.frames - decoded
    if missing > max(MISSING_FRAMES, stream.frames * MISSING_SHARE):
        raise PermanentError(f"{path}: truncated: {decoded} of {stream.frames} frames; what was read is kept")
