"""Coded streams as a camera's buffer gives them: real H.264 and H.265 of the simulated street."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from functools import cache
from io import BytesIO

import av
from av.video.stream import VideoStream

from edge.capture.port import CodedPacket, CodedStream
from edge.evidence.annexb import in_annex_b
from tests.edge.clips import RATE, street_pictures
from tests.edge.fakes import T0

NOTHING = CodedStream("h264", b"", 640, 360, Fraction(1, 90_000), ())


@cache
def coded(encoder: str = "libx264") -> CodedStream:
    """As from a file: lengths before units, parameter sets aside; two seconds, ten pictures and a key frame in each."""
    pictures = [picture for picture in street_pictures(0.5) for _ in range(4)]
    height, width = pictures[0].shape[:2]
    quiet = {"x265-params": "log-level=none:bframes=0:pools=none:frame-threads=1"} if encoder == "libx265" else {}
    target = BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream(encoder, rate=RATE, options={"preset": "ultrafast", **quiet})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = width, height, "yuv420p", RATE
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    with av.open(BytesIO(target.getvalue()), "r") as read:
        source = read.streams.video[0]
        context = source.codec_context
        packets = tuple(
            CodedPacket(
                bytes(packet), packet.pts, packet.dts, packet.is_keyframe, T0 + timedelta(seconds=number / RATE)
            )
            for number, packet in enumerate(packet for packet in read.demux(source) if packet.size)
        )
        extradata = bytes(context.extradata or b"")
        return CodedStream(context.codec.name, extradata, width, height, source.time_base or Fraction(1), packets)


def as_sent(stream: CodedStream) -> CodedStream:
    """The same as RTSP brings it: start codes, parameter sets within."""
    payloads = in_annex_b(stream)
    packets = tuple(replace(packet, payload=payload) for packet, payload in zip(stream.packets, payloads, strict=True))
    return replace(stream, extradata=b"", packets=packets)
