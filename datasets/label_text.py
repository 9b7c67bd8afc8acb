"""One label file of YOLO text, read strictly: class, centre x, centre y, width, height, in shares of the picture.

Readers that are kinder take a reversed box for a thin one, or a polygon for a box; what is learnt from that is found
out weeks later. Here a line is right, or it is named.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from datasets.faults import FaultSink

EDGE_TOLERANCE = 0.005
"""Share of a side that a box may stick out by: rounding at three decimals. It is clipped away. More than that is
another picture's box or one in pixels; a smaller tolerance refuses tools that round."""

LARGEST_LABEL_FILE_BYTES = 1_000_000
"""Some 25,000 boxes. Anything larger under labels/ is no label file, and must not be read to find that out."""


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A boxed thing: ``x1, y1, x2, y2`` in shares of the picture, 0..1, x1 < x2 and y1 < y2."""

    label: str
    x1: float
    y1: float
    x2: float
    y2: float


LineParser = Callable[[str, tuple[str, ...]], LabelledBox]
"""A line and the classes by number; raises UsageError."""


def read_label_file(
    path: Path, classes: tuple[str, ...], sink: FaultSink, parse: LineParser | None = None
) -> tuple[LabelledBox, ...]:
    """The file's boxes in its order; a file that isn't there holds none. Faulty lines go to `sink`.

    `parse` reads a line where an importer allows more than a box; `box_of_line` otherwise.
    """
    try:
        if path.stat().st_size > LARGEST_LABEL_FILE_BYTES:
            sink.add(path, None, f"larger than {LARGEST_LABEL_FILE_BYTES} bytes: not a label file; remove it")
            return ()
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ()
    except OSError as error:
        sink.add(path, None, f"can't be read ({error.strerror}); check its permissions")
        return ()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        sink.add(path, None, "is not text; replace it by lines of class, centre x, centre y, width, height")
        return ()
    boxes = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                boxes.append((parse or box_of_line)(line, classes))
            except UsageError as error:
                sink.add(path, number, str(error))
    return tuple(boxes)


def box_of_line(line: str, classes: tuple[str, ...]) -> LabelledBox:
    """The box a line describes.

    >>> box_of_line("0 0.5 0.5 0.2 0.4", ("smoke",))
    LabelledBox(label='smoke', x1=0.4, y1=0.3, x2=0.6, y2=0.7)

    Raises:
        UsageError: the line is none, with the remedy; the caller knows file and line.
    """
    columns = line.split()
    if len(columns) != 5:
        raise UsageError(_wrong_count(len(columns)))
    label = _label(columns[0], classes)
    centre_x, centre_y, width, height = (_number(column) for column in columns[1:])
    if width <= 0 or height <= 0:
        raise UsageError(f"width {width:g} and height {height:g} must be above 0 (a reversed box?); correct or remove")
    edges = (centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2)
    return box_within_picture(label, *edges)


def box_within_picture(label: str, x1: float, y1: float, x2: float, y2: float) -> LabelledBox:
    """The box, rid of a tiny excess over the picture's edge. Every importer's boxes come through here.

    Raises:
        UsageError: not finite, reversed, empty, or further out than rounding explains.
    """
    edges = (x1, y1, x2, y2)
    if not all(math.isfinite(edge) for edge in edges):
        raise UsageError(f"box {edges} holds a value that is no number; correct or remove it")
    if min(edges) < -EDGE_TOLERANCE or max(edges) > 1 + EDGE_TOLERANCE:
        shown = ", ".join(f"{edge:.4g}" for edge in edges)
        raise UsageError(f"box x1, y1, x2, y2 = {shown} leaves the picture (0..1; in pixels?); correct or remove it")
    left, top, right, bottom = (round(min(1.0, max(0.0, edge)), 7) for edge in edges)
    if left >= right or top >= bottom:
        raise UsageError(f"box {left:g}, {top:g}, {right:g}, {bottom:g} is reversed or empty; correct or remove it")
    return LabelledBox(label, left, top, right, bottom)


def line_of_box(box: LabelledBox, number_of_label: Callable[[str], int]) -> str:
    """The line that `box_of_line` reads back to within 0.000001, without its line end."""
    centre = ((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2)
    size = (box.x2 - box.x1, box.y2 - box.y1)
    return " ".join([str(number_of_label(box.label)), *(f"{value:.7f}" for value in (*centre, *size))])


def _wrong_count(count: int) -> str:
    hint = "; a polygon? `python -m datasets import` turns polygons into boxes" if count > 6 else ""
    return f"expected 5 columns (class, centre x, centre y, width, height), got {count}{hint}"


def _label(text: str, classes: Sequence[str]) -> str:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise UsageError(f"class {text[:20]!r} must be a whole number that counts source.json's classes from 0")
    number = int(text)
    if number >= len(classes):
        known = f"0..{len(classes) - 1}" if classes else "none, source.json has no classes"
        raise UsageError(f"class {number} is out of range ({known}); correct it or add the class to source.json")
    return classes[number]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{text[:20]!r} is no number; expected a share of the picture, 0..1") from None
    if not math.isfinite(value):
        raise UsageError(f"{text} is no place in a picture; expected a number 0..1")
    return value
