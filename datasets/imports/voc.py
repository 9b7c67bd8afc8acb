"""Pascal VOC: one XML per picture, boxes as corners in pixels.

The corners are taken as they stand. The challenge itself counted pixels from 1, labelling tools count from 0; they
differ by one pixel.
"""

from pathlib import Path
from xml.etree.ElementTree import Element

from contract.errors import UsageError
from datasets.folder import LabelledBox
from datasets.imports.pictures import PictureIndex, box_of_pixels, size_as_stated
from datasets.imports.values import Imported, ImportedPicture
from datasets.imports.xml_file import number_of, read_xml, text_of
from datasets.picture import PictureSize


def read_voc(path: Path, images: Path | None) -> Imported:
    """The set whose XML files lie in ``path/Annotations`` or in `path` itself. Classes are in alphabetical order.

    Raises:
        UsageError: anything wrong, with file and object.
    """
    folder = path / "Annotations" if (path / "Annotations").is_dir() else path
    files = sorted(folder.glob("*.xml"))
    if not files:
        raise UsageError(f"{folder}: no .xml files; give the folder that holds Annotations/")
    index = PictureIndex(images or (path / "JPEGImages" if (path / "JPEGImages").is_dir() else path))
    pictures = tuple(_picture(file, index) for file in files)
    classes = sorted({box.label for picture in pictures for box in picture.boxes})
    return Imported(tuple(classes), pictures)


def _picture(file: Path, index: PictureIndex) -> ImportedPicture:
    root = read_xml(file)
    if root.tag != "annotation":
        raise UsageError(f"{file}: starts with <{root.tag}>, not <annotation>: not Pascal VOC; see --format")
    try:
        path = index.find(text_of(root, "filename"))
        size = size_as_stated(path, _stated(root, "width"), _stated(root, "height"))
        boxes = tuple(_box(found, f"object[{number}]", size) for number, found in enumerate(root.findall("object")))
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    return ImportedPicture(path, index.name_of(path), boxes)


def _stated(root: Element, name: str) -> int | None:
    text = root.findtext(f"size/{name}")
    return int(number_of(text, name)) if text else None


def _box(found: Element, where: str, size: PictureSize) -> LabelledBox:
    try:
        corners = found.find("bndbox")
        if corners is None:
            raise UsageError("no <bndbox>; add it or remove the object")
        x1, y1, x2, y2 = (number_of(corners.findtext(name), name) for name in ("xmin", "ymin", "xmax", "ymax"))
        return box_of_pixels(text_of(found, "name"), x1, y1, x2, y2, size)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
