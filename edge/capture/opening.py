"""How a stream or a clip is opened, and how libav's errors become sentences that name the remedy."""

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.error
from av.container import InputContainer

from contract.errors import PermanentError, TransientError

TIMEOUT_S = 8.0
"""A camera that accepts the connection and then says nothing holds its own thread this long, and nobody else's."""

STREAM_OPTIONS = {
    "rtsp_transport": "tcp",
    "fflags": "nobuffer",
    "flags": "low_delay",
    # Enough to find the parameter sets; libav's own 5 s and 5 MB delay the first picture on every connect.
    "analyzeduration": "1500000",
    "probesize": "1000000",
}
SCHEMES = ("rtsp", "rtsps", "http", "https", "tcp", "rtmp")


def open_stream(url: str, name: str, credentials: str | None, timeout_s: float = TIMEOUT_S) -> InputContainer:
    """A live stream. `name` is what messages call it; neither credentials nor a resolved address appear in them.

    Raises:
        TransientError: it can't be opened now; the message says why and what to check.
    """
    try:
        container = av.open(
            with_credentials(url, credentials),
            options=STREAM_OPTIONS,
            timeout=(timeout_s, timeout_s),
        )
    except (av.error.FFmpegError, OSError) as error:
        # `from None`: libav's error carries the address with the password into tracebacks.
        raise TransientError(f"{name}: {_remedy(error)}") from None
    return with_video(container, name)


def open_clip(path: Path) -> InputContainer:
    """A file.

    Raises:
        PermanentError: it is no readable video.
    """
    try:
        container = av.open(str(path), metadata_errors="replace")
    except (av.error.FFmpegError, OSError) as error:
        raise PermanentError(
            f"{path}: not a readable video ({reason(error)}); is it complete and a video file?"
        ) from error
    try:
        return with_video(container, str(path))
    except TransientError as error:
        raise PermanentError(str(error)) from None


def with_video(container: InputContainer, name: str) -> InputContainer:
    """`container`, if it carries pictures; else closes it and raises TransientError."""
    if not container.streams.video:
        container.close()
        raise TransientError(f"{name}: the stream carries no video; check the path")
    return container


def with_credentials(url: str, credentials: str | None) -> str:
    """`url` with ``user:password`` in it, quoted."""
    if credentials is None:
        return url
    user, _, password = credentials.partition(":")
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))


def reason(error: Exception) -> str:
    """libav's own word for what happened."""
    return getattr(error, "strerror", None) or type(error).__name__


def _remedy(error: Exception) -> str:
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return "the camera refused the user or password; check the camera's `secret`"
    if isinstance(error, av.error.HTTPNotFoundError):
        return "the camera knows no such stream; check the path"
    return f"no stream ({reason(error)}); is the camera on, the address right, the network up?"
