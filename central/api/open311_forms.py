"""Open311's answers as JSON or XML, from one tree of lists, records and plain values."""

import json
from collections.abc import Mapping
from typing import TypeAlias
from xml.etree import ElementTree as ET

from fastapi import Response

Plain: TypeAlias = str | int | float | bool | None
Node: TypeAlias = "Plain | list[Record] | Record"
Record: TypeAlias = dict[str, Node]

_ONE_OF = {"attributes": "attribute", "endpoints": "endpoint", "formats": "format"}
"""What an item of a list inside a record is called in XML."""


def rendered(
    form: str,
    root: str,
    item: str | None,
    content: Node,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`content` as an answer. `root` and `item` name the XML elements of the list and of each of its items."""
    if form == "json":
        body = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        return Response(body, status, headers=dict(headers or {}), media_type="application/json; charset=utf-8")
    element = ET.Element(root)
    _fill(element, content, item)
    body = ET.tostring(element, encoding="utf-8", xml_declaration=True)
    return Response(body, status, headers=dict(headers or {}), media_type="text/xml; charset=utf-8")


def _fill(element: ET.Element, content: Node, item: str | None) -> None:
    match content:
        case None:
            return
        case bool():
            element.text = "true" if content else "false"
        case list():
            for one in content:
                _fill(ET.SubElement(element, item or "item"), one, None)
        case dict():
            for name, value in content.items():
                _fill(ET.SubElement(element, name), value, _ONE_OF.get(name))
        case _:
            element.text = str(content)
