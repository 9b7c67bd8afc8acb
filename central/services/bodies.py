"""An HTTP body → the events in it, byte for byte as the node wrote them, so that they equal what came over MQTT."""

import json

_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


def split_body(body: bytes, is_lines: bool) -> list[bytes]:
    """One event, a JSON array of events, or (`is_lines`) one event a line. Decides nothing about what an event is.

    An array that breaks off gives the events before the break, and the rest as one piece that is none.

    >>> split_body(b'[{"a": 1}, {"b":2}]', False)
    [b'{"a": 1}', b'{"b":2}']
    >>> split_body(b'[{"a":1}, {"b"', False)
    [b'{"a":1}', b'{"b"']
    >>> split_body(b'{"a":1}\\n\\n{"b":2}\\n', True)
    [b'{"a":1}', b'{"b":2}']
    """
    if is_lines:
        return [line.strip() for line in body.splitlines() if line.strip()]
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return [body]
    return _items(text)


def _items(text: str) -> list[bytes]:
    items: list[bytes] = []
    at = text.index("[") + 1
    while True:
        start = _skip(text, at)
        if text[start : start + 1] == "]" and not text[start + 1 :].strip(_SPACE):
            return items
        try:
            _, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return [*items, text[start:].encode()]
        items.append(text[start:end].encode())
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != "]":
            return [*items, text[at:].encode()]


def _skip(text: str, at: int) -> int:
    """Past white space."""
    while text[at : at + 1] in {" ", "\t", "\r", "\n"}:
        at += 1
    return at
