"""The bench's pictures: the simulated street as a camera would send it, encoded once and kept under ``runs/``."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np

from edge.scene.render import Renderer
from edge.scene.streets import demo_street

RATE = 25
KEY_EVERY_S = 2
SECONDS = 20
BEGINS_S = 30.0
NOISE_LEVELS = 3
"""A camera's noise: without it, groups of pictures are far smaller than any camera's."""


def street_clip(folder: Path, width_px: int, height_px: int, bit_rate: int) -> Path:
    """An MPEG transport stream of `SECONDS` at 25 pictures a second, H.264, a key frame every 2 s, no B-frames."""
    path = folder / f"street-{width_px}x{height_px}.ts"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part.ts")
    street = demo_street()
    renderer = Renderer(street.world, replace(street.cameras[0], width_px=width_px, height_px=height_px))
    noise = np.random.default_rng(7).integers(-NOISE_LEVELS, NOISE_LEVELS + 1, (height_px * 2, width_px, 1), np.int16)
    options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "keyint_min": str(RATE * KEY_EVERY_S),
        "sc_threshold": "0",
        "bf": "0",
    }
    with av.open(str(partial), "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.gop_size, stream.bit_rate = RATE * KEY_EVERY_S, bit_rate
        for number in range(SECONDS * RATE):
            row = (number * 37) % height_px
            picture = renderer.frame(BEGINS_S + number / RATE).astype(np.int16) + noise[row : row + height_px]
            image = np.clip(picture, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    partial.replace(path)
    return path


def as_transport_stream(clip: Path, folder: Path) -> Path:
    """`clip` repacked for sending, without encoding it anew."""
    path = folder / f"{clip.stem}.ts"
    if clip.suffix == ".ts":
        return clip
    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(clip)) as source, av.open(str(path), "w", format="mpegts") as target:
        video = source.streams.video[0]
        out = target.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.dts is not None:
                packet.stream = out
                target.mux(packet)
    return path


def lengthened(clip: Path, seconds: float) -> Path:
    """`clip`, a transport stream, repeated without encoding it anew until it lasts `seconds`; kept beside it."""
    path = clip.with_name(f"{clip.stem}-{round(seconds)}s.ts")
    if path.is_file():
        return path
    partial = path.with_suffix(".part.ts")
    with av.open(str(partial), "w", format="mpegts") as target:
        out, begins_s, step_s = None, 0.0, 1.0 / RATE
        while begins_s < seconds:
            with av.open(str(clip)) as source:
                video = source.streams.video[0]
                out = out or target.add_stream_from_template(video)
                packets = [packet for packet in source.demux(video) if packet.dts is not None]
                ticks = round(1 / packets[0].time_base)
                shift = round(begins_s * ticks) - (packets[0].dts or 0)
                for packet in packets:
                    packet.pts, packet.dts, packet.stream = (packet.pts or 0) + shift, (packet.dts or 0) + shift, out
                    last_s = packet.dts / ticks
                    target.mux(packet)
            begins_s = last_s + step_s
    partial.replace(path)
    return path
