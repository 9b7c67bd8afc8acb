"""Whether what libav calls a key frame can be decoded by itself.

With periodic intra refresh it can't: the camera sends no whole picture after its first, only a column of it in each,
and a mark from where on a decoder may begin. libav takes that mark for a key frame; alone it decodes to nothing, and a
patrol that lived on such frames would call the camera broken for ever. In H.265 libav tells them apart by itself.
"""

from collections.abc import Iterator

_START = b"\0\0\1"
_SLICE, _IDR_SLICE = 1, 5
_INTRA_SLICES = (2, 4)
"""Slice types I and SI, modulo 5 (ITU-T H.264, table 7-6)."""


def stands_alone(codec: str, payload: bytes) -> bool:
    """Whether a packet that is marked as a key frame holds a whole picture; True for codecs without such marks."""
    if codec != "h264":
        return True
    for unit in _units(payload):
        kind = unit[0] & 31
        if kind in (_SLICE, _IDR_SLICE):
            return kind == _IDR_SLICE or _slice_type(unit) % 5 in _INTRA_SLICES
    return True  # nothing that is known here: the decoder will say


def _units(payload: bytes) -> Iterator[bytes]:
    """The beginnings of its NAL units, 16 bytes each at most: after start codes, or behind lengths of four bytes."""
    place = payload.find(_START)
    if 0 <= place <= 1:
        while place >= 0:
            begin = place + len(_START)
            if begin < len(payload):
                yield payload[begin : begin + 16]
            place = payload.find(_START, begin)
        return
    place = 0
    while place + 5 <= len(payload):
        yield payload[place + 4 : place + 20]
        place += 4 + int.from_bytes(payload[place : place + 4])


def _slice_type(unit: bytes) -> int:
    """The second number of a slice's header, both written as Exp-Golomb codes (ITU-T H.264, 7.3.3 and 9.1)."""
    bits = "".join(f"{byte:08b}" for byte in unit[1:])
    _first_macroblock, rest = _number(bits)
    return _number(rest)[0]


def _number(bits: str) -> tuple[int, str]:
    zeros = len(bits) - len(bits.lstrip("0"))
    end = 2 * zeros + 1
    return int(bits[zeros:end] or "1", 2) - 1, bits[end:]
