"""What a stream is, found out by listening to it for a while: for `probe`."""

from dataclasses import dataclass
from itertools import pairwise

import av
import av.error

from contract.clock import Clock
from contract.errors import TransientError
from edge.capture.intra import stands_alone
from edge.capture.opening import reason
from edge.capture.stream import Opener


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """Facts of one stream. Times in seconds; None where it was not listened to for long enough.

    `first_picture_s` counts from the connect to the first decodable picture. `lag_s` is how much later than the first
    one packets arrived on average against their own stamps: what queues up on the way. How old the first was nobody
    can know without a clock in the picture.
    """

    codec: str
    width_px: int
    height_px: int
    stated_rate: float | None
    measured_rate: float | None
    key_every_s: float | None
    pictures_per_group: float | None
    bit_rate: float
    connect_s: float
    first_picture_s: float | None
    lag_s: float | None
    listened_s: float
    has_open_group: bool
    """No second key frame came in all that time: long or open-ended groups, or intra refresh."""


def listen(opener: Opener, name: str, seconds: float, clock: Clock) -> StreamFacts:
    """Opens the stream and listens for so long.

    Raises:
        TransientError: it can't be opened or was cut before anything came.
    """
    begun_s = clock.monotonic()
    with opener() as container:
        connect_s = clock.monotonic() - begun_s
        stream = container.streams.video[0]
        arrivals, stamps, keys, total = list[float](), list[float](), list[int](), 0
        try:
            for packet in container.demux(stream):
                now_s = clock.monotonic() - begun_s
                if packet.size and packet.dts is not None:
                    if packet.is_keyframe and stands_alone(stream.codec_context.name, bytes(packet)):
                        keys.append(len(arrivals))
                    arrivals.append(now_s)
                    stamps.append(float(packet.dts * packet.time_base))
                    total += packet.size
                if now_s - connect_s > seconds:
                    break
        except (av.error.FFmpegError, OSError) as error:
            if not arrivals:
                raise TransientError(f"{name}: the stream was cut ({reason(error)})") from None
        codec = stream.codec_context
        rate = None if stream.average_rate is None else float(stream.average_rate)
        facts = codec.codec.name, codec.width, codec.height
    if not arrivals:
        raise TransientError(f"{name}: connected, but no picture came in {seconds:.0f} s; is the camera's encoder on?")
    passed_s = stamps[-1] - stamps[0]
    gaps = [stamps[b] - stamps[a] for a, b in pairwise(keys)]
    lags = [arrival - arrivals[0] - (stamp - stamps[0]) for arrival, stamp in zip(arrivals, stamps, strict=True)]
    return StreamFacts(
        codec=facts[0],
        width_px=facts[1],
        height_px=facts[2],
        stated_rate=rate,
        measured_rate=(len(stamps) - 1) / passed_s if passed_s > 0 else None,
        key_every_s=sum(gaps) / len(gaps) if gaps else None,
        pictures_per_group=(keys[-1] - keys[0]) / (len(keys) - 1) if len(keys) > 1 else None,
        bit_rate=8 * total / passed_s if passed_s > 0 else 0.0,
        connect_s=connect_s,
        first_picture_s=arrivals[keys[0]] if keys else None,
        lag_s=max(0.0, sum(lags) / len(lags)),
        listened_s=arrivals[-1] - connect_s,
        has_open_group=len(keys) < 2,
    )
