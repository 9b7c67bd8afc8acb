"""Small pictures for lists: the part around the box, drawn once, many in one answer."""

import base64
from collections import OrderedDict
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from PIL import Image, ImageDraw, UnidentifiedImageError

from central.console.crop import Crop, crop_around
from central.console.pages import Gate
from central.domain.people import Operator
from central.services.reading import Reader
from central.services.views import PictureView

WIDTH_PX, HEIGHT_PX = 224, 168
QUALITY = 62
"""About 6 kB a picture: a screen of twelve rows is 75 kB. Lower shows blocks in smoke, higher doubles the page."""
LINES = ((4, "#1c1c1c"), (2, "#ffd23e"))
"""Width and colour of the box: a dark rim under a light line shows on any ground, as on the case page."""
KEPT = 2000
"""Pictures kept in memory, about 12 MB."""
AT_ONCE = 24
Find = Callable[[str], Path | None]


class Thumbs:
    """Any thread."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._kept: OrderedDict[tuple[str, str], bytes | None] = OrderedDict()
        self._lock = Lock()

    def of(self, picture: PictureView) -> bytes | None:
        """A JPEG of `WIDTH_PX` x `HEIGHT_PX`; None where the file is gone or can't be read as a picture."""
        key = picture.sha256, picture.box.model_dump_json()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        path = self._find(picture.sha256)
        if path is None:
            return None
        drawn = _draw(path, picture)
        with self._lock:
            self._kept[key] = drawn
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return drawn


def thumbs_router(reader: Reader, thumbs: Thumbs, gate: Gate) -> APIRouter:
    """``/thumbs``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/thumbs")
    def get_thumbs(
        who: Annotated[Operator, Depends(gate.operator)],
        case: Annotated[Sequence[str], Query(max_length=AT_ONCE)],
    ) -> dict[str, str]:
        """Case → its picture as a data URL, of those that may be seen and have one: a screenful in one request."""
        found = {}
        for one in reader.summaries(case):
            if one.picture is None or not (one.area_code or "").startswith(who.district):
                continue
            drawn = thumbs.of(one.picture)
            if drawn is not None:
                found[one.id] = f"data:image/jpeg;base64,{base64.b64encode(drawn).decode()}"
        return found

    return router


def _draw(path: Path, picture: PictureView) -> bytes | None:
    crop = crop_around(picture.box, picture.width_px, picture.height_px)
    try:
        with Image.open(path, formats=["JPEG"]) as image:
            scale = max(1, min(crop.width // WIDTH_PX, 8))
            image.draft("RGB", (image.width // scale, image.height // scale))
            across, down = image.width / picture.width_px, image.height / picture.height_px
            corner = (crop.x * across, crop.y * down)
            box = (*corner, corner[0] + crop.width * across, corner[1] + crop.height * down)
            small = image.convert("RGB").resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BILINEAR, box)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):
        return None
    _frame(small, picture, crop)
    out = BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _frame(small: Image.Image, picture: PictureView, crop: Crop) -> None:
    """Draws the box into the crop: without it nobody can tell which of two stalls is meant."""
    box, across, down = picture.box, WIDTH_PX / crop.width, HEIGHT_PX / crop.height
    left, right = ((x * picture.width_px - crop.x) * across for x in (box.x1, box.x2))
    top, bottom = ((y * picture.height_px - crop.y) * down for y in (box.y1, box.y2))
    pen = ImageDraw.Draw(small)
    for width, colour in LINES:
        rim = width // 2
        pen.rectangle(
            (max(0, left - rim), max(0, top - rim), min(WIDTH_PX - 1, right + rim), min(HEIGHT_PX - 1, bottom + rim)),
            outline=colour,
            width=width,
        )
