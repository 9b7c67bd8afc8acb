"""A short film of what led to an incident: as the camera coded it, for central's eyes, and redacted, which may leave.

The original is the stream's own packets in MP4, not encoded again. The redacted one is encoded anew from a few
pictures: hiding people in each costs what it costs for a kept picture, so their number follows from what may be spent.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from io import BytesIO
from typing import Literal

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from contract.errors import PermanentError
from edge.capture.port import CodedStream
from edge.evidence.annexb import in_annex_b
from edge.evidence.pictures import FindPeople, Picture, fitted
from edge.evidence.redact import redacted
from edge.values import Box

MEDIA_TYPE: Literal["video/mp4"] = "video/mp4"
WIDTH_PX = 640
RATE = 4
"""Pictures a second that the film shows: smoke's growth and a flame's flicker can be told from it, a gait hardly."""
LEAST_TICKS = 900
"""A hundredth of a second: without a duration MP4 drops the last picture."""
TICK = Fraction(1, 1000)
"""What pictures' times are counted in: a film runs as the street did, however often its camera sends a picture."""
MAX_PIXELS = 8192 * 8192
QUALITY = "30"
"""libx264's constant rate factor; at 640 px some 20 KB a second."""


@dataclass(frozen=True, slots=True)
class FilmBudget:
    """The most that one film may cost."""

    pictures: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Film:
    """A finished film in a picture's place; see `edge.evidence.locker.Undeveloped`."""

    picture: Picture

    def develop(self, jpeg_quality: int, max_width_px: int) -> Picture:  # noqa: ARG002  # it is small already
        return self.picture


def remuxed(coded: CodedStream) -> bytes:
    """The camera's own packets as MP4, byte for byte what it coded.

    Raises:
        PermanentError: nothing is kept, or MP4 does not hold it.
    """
    if not coded.packets:
        raise PermanentError("the stream holds no whole group of pictures; is it connected?")
    target = BytesIO()
    began_at = coded.packets[0].arrived_at
    tick = Fraction(1, 90_000)
    try:
        with av.open(target, "w", format="mp4") as container:
            stream = container.add_mux_stream(coded.codec, width=coded.width_px, height=coded.height_px)
            stream.time_base = tick
            last = -1
            for kept, payload in zip(coded.packets, in_annex_b(coded), strict=True):
                packet = av.Packet(payload)
                # When it came: cameras' own stamps jump, and a film must run as the street did.
                last = max(last + 1, round((kept.arrived_at - began_at).total_seconds() / tick))
                packet.stream, packet.time_base = stream, tick
                packet.pts = packet.dts = last
                packet.duration = LEAST_TICKS
                packet.is_keyframe = kept.is_key
                container.mux_one(packet)
    except (av.error.FFmpegError, ValueError) as error:
        raise PermanentError(f"the camera's {coded.codec} stream can't be put into MP4: {error}") from error
    return target.getvalue()


def redacted_film(
    coded: CodedStream, find_people: FindPeople, budget: FilmBudget, clock_s: Callable[[], float]
) -> Picture:
    """The film that may leave, with the original beside it. `clock_s` counts the seconds that `budget` bounds.

    Raises:
        PermanentError: nothing can be decoded, or nothing could be afforded.
    """
    original = remuxed(coded)
    pictures = _decoded(coded)
    if not pictures:
        raise PermanentError("the camera's stream can't be decoded; is it H.264 or H.265?")
    chosen = _afforded([image for image, _ in pictures[-budget.pictures :]], find_people, budget, clock_s)
    images = [redacted(image, _around(chosen, number)) for number, (image, _) in enumerate(chosen)]
    content = encoded(images, [at for _, at in pictures[-len(chosen) :]])
    height, width = images[0].shape[:2]
    name = hashlib.sha256(content).hexdigest()
    return Picture(name, content, width, height, pictures[-len(chosen)][1], original, MEDIA_TYPE)


def encoded(images: Sequence[NDArray[np.uint8]], shown_at: Sequence[datetime]) -> bytes:
    """The (H, W, 3) BGR images as H.264 in MP4, as far apart as they came; H and W even.

    Raises:
        PermanentError: they can't be encoded.
    """
    target = BytesIO()
    height, width = images[0].shape[:2]
    try:
        with av.open(target, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": QUALITY})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.thread_count = 1
            stream.codec_context.time_base = TICK
            for image, at in zip(images, shown_at, strict=True):
                frame = av.VideoFrame.from_ndarray(image, format="bgr24")
                frame.pts, frame.time_base = round((at - shown_at[0]).total_seconds() / TICK), TICK
                frame.duration = round(1 / RATE / TICK)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        raise PermanentError(f"a film of {width}×{height} can't be encoded: {error}") from error
    return target.getvalue()


def _decoded(coded: CodedStream) -> list[tuple[NDArray[np.uint8], datetime]]:
    """Pictures about `RATE` a second, small, with when they came; what is damaged is left out."""
    context = av.CodecContext.create(coded.codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    context.extradata = coded.extradata or None
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    found: list[tuple[NDArray[np.uint8], datetime]] = []
    for packet in coded.packets:
        try:
            frames = context.decode(av.Packet(packet.payload))
        except av.error.FFmpegError:
            continue
        is_due = not found or (packet.arrived_at - found[-1][1]).total_seconds() >= 1 / RATE - 0.01
        if frames and is_due:
            found.append((_small(frames[-1]), packet.arrived_at))
    return found


def _small(frame: av.VideoFrame) -> NDArray[np.uint8]:
    image = fitted(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8), WIDTH_PX)
    height, width = image.shape[:2]
    return image[: height // 2 * 2, : width // 2 * 2]


def _afforded(
    images: Sequence[NDArray[np.uint8]], find_people: FindPeople, budget: FilmBudget, clock_s: Callable[[], float]
) -> list[tuple[NDArray[np.uint8], tuple[Box, ...]]]:
    """From the newest back, as many as the seconds last: image and regions, in the film's order."""
    until_s = clock_s() + budget.seconds
    done: list[tuple[NDArray[np.uint8], tuple[Box, ...]]] = []
    for image in reversed(images):
        if done and clock_s() >= until_s:
            break
        done.append((image, find_people(image)))
    return done[::-1]


def _around(chosen: Sequence[tuple[NDArray[np.uint8], tuple[Box, ...]]], number: int) -> tuple[Box, ...]:
    """Regions of a picture and of its neighbours: a search blinks, a person does not vanish for a quarter second."""
    near = chosen[max(0, number - 1) : number + 2]
    return tuple(box for _, boxes in near for box in boxes)
