"""The small pictures of lists: the part around the box, the box drawn on it."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from central.console.thumbs import HEIGHT_PX, WIDTH_PX, Thumbs
from central.services.views import PictureView
from contract.events import BoxNorm, EvidenceRole
from contract.taxonomy import Seen
from tests.central.builders import T0

GREY = (120, 120, 120)


def picture(box: BoxNorm) -> PictureView:
    return PictureView(
        sha256="ab" * 32,
        incident_id="g1",
        camera_id="cam-1",
        seen=Seen.STALL,
        role=EvidenceRole.CONFIRMATION,
        captured_at=T0,
        width_px=640,
        height_px=360,
        box=box,
        redaction="pixelate-4",
        is_stored=True,
    )


def drawn(folder: Path, box: BoxNorm) -> Image.Image:
    path = folder / "picture.jpg"
    Image.new("RGB", (640, 360), GREY).save(path, quality=95)
    small = Thumbs(lambda _: path).of(picture(box))
    assert small is not None
    return Image.open(BytesIO(small)).convert("RGB")


def is_yellow(image: Image.Image, x: float, y: float) -> bool:
    """Whether there is yellow within two pixels: a compressed line is soft."""
    near = image.crop((round(x) - 2, round(y) - 2, round(x) + 3, round(y) + 3))
    pixels = np.asarray(near, dtype=int).reshape(-1, 3)
    return bool(((pixels[:, 0] - pixels[:, 2] > 60) & (pixels[:, 1] - pixels[:, 2] > 30)).any())


def test_the_box_stands_on_the_small_picture_where_the_thing_is(tmp_path: Path) -> None:
    image = drawn(tmp_path, BoxNorm(x1=0.45, y1=0.4, x2=0.55, y2=0.6))  # crop: 230 x 172 from (205, 94)
    assert image.size == (WIDTH_PX, HEIGHT_PX)
    left, right = ((x * 640 - 205) * WIDTH_PX / 230 for x in (0.45, 0.55))
    top, bottom = ((y * 360 - 94) * HEIGHT_PX / 172 for y in (0.4, 0.6))
    middle = (left + right) / 2, (top + bottom) / 2
    for x, y in ((left, middle[1]), (right, middle[1]), (middle[0], top), (middle[0], bottom)):
        assert is_yellow(image, x, y)
    assert not is_yellow(image, *middle)
    assert not is_yellow(image, 10, 10)


@pytest.mark.parametrize("box", [BoxNorm(x1=0, y1=0, x2=1, y2=1), BoxNorm(x1=0.97, y1=0.3, x2=1, y2=0.4)])
def test_a_box_at_the_pictures_border_stays_inside_the_small_one(tmp_path: Path, box: BoxNorm) -> None:
    image = drawn(tmp_path, box)
    edge = WIDTH_PX - 2
    assert any(is_yellow(image, edge, y) for y in range(HEIGHT_PX))
