"""Clips that the tests encode themselves: the simulated street as H.264, and files that are no clips."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from edge.scene.render import Renderer
from edge.scene.streets import demo_street

RATE = 10


def street_pictures(seconds: float, each: int = 1) -> list[NDArray[np.uint8]]:
    """The demo street at camera 1 from its tenth second on, `RATE` pictures a second, each one `each` times.

    Drawing takes 30 ms a picture: a test that looks at a few of them need not have all of them drawn.
    """
    street = demo_street()
    renderer = Renderer(street.world, street.cameras[0])
    drawn = [renderer.frame(10 + n / RATE) for n in range(0, int(seconds * RATE), each)]
    return [picture for picture in drawn for _ in range(each)][: int(seconds * RATE)]


def plain_clip(path: Path) -> Path:
    """Two seconds of 160×96 dots of noise: for whoever needs a camera and not what it sees."""
    dots = np.random.default_rng(1).integers(0, 255, (96, 160, 3), np.uint8)
    return encode(path, [dots] * 2 * RATE)


def encode(path: Path, pictures: list[NDArray[np.uint8]], options: dict[str, str] | None = None) -> Path:
    """An H.264 clip with a key frame a second; `options` are the container's."""
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w", container_options=options or {}) as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = width, height, "yuv420p", RATE
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def encode_sound(path: Path) -> Path:
    """One second of silence without a picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    return path


def cut(clip: Path, target: Path, share: float) -> Path:
    """The first `share` of the clip's bytes: what an interrupted copy leaves."""
    content = clip.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target
