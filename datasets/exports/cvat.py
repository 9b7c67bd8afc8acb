"""CVAT for images 1.1: annotations.xml and ``images/``; zipped, it can be uploaded to a task with these pictures."""

from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from datasets.exports.values import ExportedPicture, corners_px
from datasets.folder import LabelledFolder


def write_cvat(folder: LabelledFolder, pictures: tuple[ExportedPicture, ...], out: Path) -> None:
    """annotations.xml; a picture's half is its subset."""
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    task = SubElement(SubElement(root, "meta"), "task")
    SubElement(task, "name").text = folder.name
    SubElement(task, "size").text = str(len(pictures))
    labels = SubElement(task, "labels")
    for name in folder.classes:
        SubElement(SubElement(labels, "label"), "name").text = name
    for number, picture in enumerate(pictures):
        root.append(_image(number, picture))
    indent(root)
    ElementTree(root).write(out / "annotations.xml", encoding="utf-8", xml_declaration=True)


def _image(number: int, picture: ExportedPicture) -> Element:
    size = {"width": str(picture.size.width_px), "height": str(picture.size.height_px)}
    image = Element("image", {"id": str(number), "name": picture.name, **size})
    if picture.split:
        image.set("subset", picture.split)
    for box in picture.boxes:
        corners = zip(("xtl", "ytl", "xbr", "ybr"), corners_px(box, picture.size), strict=True)
        edges = {name: f"{value:.3f}" for name, value in corners}
        SubElement(image, "box", {"label": box.label, "source": "manual", "occluded": "0", **edges, "z_order": "0"})
    return image
