"""CVAT for images 1.1: one annotations.xml; boxes as corners in pixels, perhaps turned; polygons become boxes."""

import math
from pathlib import Path
from xml.etree.ElementTree import Element

from contract.errors import UsageError
from datasets.folder import LabelledBox
from datasets.imports.pictures import PictureIndex, box_of_pixels, envelope, size_as_stated
from datasets.imports.values import Imported, ImportedPicture, half_of
from datasets.imports.xml_file import number_of, read_xml
from datasets.picture import PictureSize

_SHAPES = ("box", "polygon")
_NOT_BOXES = ("points", "polyline", "mask", "ellipse", "cuboid", "skeleton")


def read_cvat(path: Path, images: Path | None) -> Imported:
    """The set in an annotations.xml, or in the folder that holds it.

    Raises:
        UsageError: anything wrong, with picture and shape.
    """
    file = path / "annotations.xml" if path.is_dir() else path
    root = read_xml(file)
    if root.tag != "annotations" or root.find("image") is None:
        raise UsageError(f"{file}: no <image> below <annotations>: export as 'CVAT for images 1.1', not for video")
    index = PictureIndex(images or file.parent)
    pictures = tuple(_picture(file, image, index) for image in root.findall("image"))
    used = {box.label for picture in pictures for box in picture.boxes}
    named = [name.text.strip() for name in root.findall("./meta//labels/label/name") if name.text]
    others = sum(len(image.findall(shape)) for image in root.findall("image") for shape in _NOT_BOXES)
    notes = (f"{others} shapes that are neither boxes nor polygons left out",) if others else ()
    return Imported(tuple(dict.fromkeys([*named, *sorted(used)])), pictures, notes)


def _picture(file: Path, image: Element, index: PictureIndex) -> ImportedPicture:
    name = image.get("name") or ""
    try:
        path = index.find(name)
        width, height = (int(number_of(image.get(side), side)) for side in ("width", "height"))
        size = size_as_stated(path, width, height)
        shapes = [shape for shape in image if shape.tag in _SHAPES]
        boxes = tuple(_box(shape, f"{shape.tag}[{number}]", size) for number, shape in enumerate(shapes))
    except UsageError as error:
        raise UsageError(f"{file}: image {name!r}: {error}") from error
    return ImportedPicture(path, index.name_of(path), boxes, half_of(image.get("subset")))


def _box(shape: Element, where: str, size: PictureSize) -> LabelledBox:
    try:
        label = (shape.get("label") or "").strip()
        if not label:
            raise UsageError("has no label; add one or remove it")
        corners = _polygon(shape) if shape.tag == "polygon" else _corners(shape)
        return box_of_pixels(label, *corners, size)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _polygon(shape: Element) -> tuple[float, float, float, float]:
    points = []
    for pair in (shape.get("points") or "").split(";"):
        x, _, y = pair.partition(",")
        points.append((number_of(x, "x"), number_of(y, "y")))
    return envelope(points)


def _corners(shape: Element) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (number_of(shape.get(name), name) for name in ("xtl", "ytl", "xbr", "ybr"))
    degrees = number_of(shape.get("rotation") or "0", "rotation")
    return turned(x1, y1, x2, y2, degrees, ((x1 + x2) / 2, (y1 + y2) / 2)) if degrees else (x1, y1, x2, y2)


def turned(
    x1: float, y1: float, x2: float, y2: float, degrees: float, about: tuple[float, float]
) -> tuple[float, float, float, float]:
    """The upright box around one that is turned clockwise about a point, in pixels.

    >>> [round(value, 6) for value in turned(0, 0, 4, 2, 90, (2, 1))]
    [1.0, -1.0, 3.0, 3.0]
    """
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(x - about[0], y - about[1]) for x in (x1, x2) for y in (y1, y2)]
    return envelope([(about[0] + x * cosine - y * sine, about[1] + x * sine + y * cosine) for x, y in corners])
