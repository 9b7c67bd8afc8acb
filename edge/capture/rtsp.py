"""A live stream over RTSP (TCP), read with PyAV."""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error

from contract.clock import Clock
from contract.errors import TransientError
from contract.ids import CameraId
from edge.capture.picture import to_bgr
from edge.values import DecodeMode, Frame

TIMEOUT_S = 8.0
"""A camera that accepts the connection and then says nothing holds its own thread this long, and nobody else's."""


class RtspCamera:
    """One stream. A frame's capture time is the moment it was decoded: cameras' own clocks lie.

    `every_s` thins conversion, not decoding; with `DecodeMode.KEY_FRAMES` only key frames reach the decoder.
    """

    def __init__(
        self,
        camera_id: CameraId,
        url: str,
        credentials: str | None,
        mode: DecodeMode,
        every_s: float,
        clock: Clock,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`credentials` is ``user:password`` or None; it appears in no message.

        `timeout_s` is how long opening, and then every read, may take.
        """
        self._camera_id = camera_id
        self._url = url
        self._credentials = credentials
        self._mode = mode
        self._every_s = every_s
        self._clock = clock
        self._timeout_s = timeout_s

    @property
    def camera_id(self) -> CameraId:
        return self._camera_id

    @property
    def name(self) -> str:
        return self._url

    def frames(self) -> Iterator[Frame]:
        try:
            container = av.open(
                _with_credentials(self._url, self._credentials),
                options={"rtsp_transport": "tcp", "fflags": "nobuffer", "flags": "low_delay"},
                timeout=(self._timeout_s, self._timeout_s),
            )
        except (av.error.FFmpegError, OSError) as error:
            # `from None`, here and below: libav's error carries the address with the password into tracebacks.
            raise TransientError(f"{self._url}: {_remedy(error)}") from None
        with container:
            if not container.streams.video:
                raise TransientError(f"{self._url}: the stream carries no video")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            if self._mode is DecodeMode.KEY_FRAMES:
                stream.codec_context.skip_frame = "NONKEY"
            index = 0
            next_due_s = float("-inf")
            try:
                for picture in container.decode(stream):
                    now_s = self._clock.monotonic()
                    if now_s < next_due_s:
                        continue
                    next_due_s = now_s + self._every_s
                    yield Frame(self._camera_id, to_bgr(picture), self._clock.now(), index)
                    index += 1
            except (av.error.FFmpegError, OSError) as error:
                raise TransientError(f"{self._url}: the stream was cut ({_reason(error)})") from None
        raise TransientError(f"{self._url}: the stream ended")


def _with_credentials(url: str, credentials: str | None) -> str:
    if credentials is None:
        return url
    user, _, password = credentials.partition(":")
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))


def _remedy(error: Exception) -> str:
    if isinstance(error, av.error.HTTPUnauthorizedError):
        return "the camera refused the user or password; check the camera's `secret`"
    if isinstance(error, av.error.HTTPNotFoundError):
        return "the camera knows no such stream; check the path"
    return f"no stream ({_reason(error)}); is the camera on, the address right, the network up?"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
