"""H.264 and H.265 as a camera sends them over RTSP (ITU-T H.264 and H.265, Annex B): start codes, nothing aside.

Clips from files carry lengths instead, and their parameter sets apart (ISO/IEC 14496-15); this brings both to one form.
"""

from collections.abc import Iterator

from contract.errors import PermanentError
from edge.capture.port import CodedStream

START = b"\x00\x00\x00\x01"
HEVC = "hevc"


def in_annex_b(coded: CodedStream) -> Iterator[bytes]:
    """Each packet's payload with start codes; the first is preceded by the stream's parameter sets, if it has any.

    Raises:
        PermanentError: the packets contradict themselves.
    """
    if not coded.extradata.startswith(b"\x01"):
        for number, packet in enumerate(coded.packets):
            yield (coded.extradata if number == 0 else b"") + packet.payload
        return
    try:
        size, sets = _hevc_sets(coded.extradata) if coded.codec == HEVC else _avc_sets(coded.extradata)
        for number, packet in enumerate(coded.packets):
            units = [*(sets if number == 0 else ()), *_units(packet.payload, size)]
            yield b"".join(START + unit for unit in units)
    except IndexError as error:
        raise PermanentError("the stream's parameter sets are cut short") from error


def _units(payload: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size <= len(payload):
        length = int.from_bytes(payload[at : at + size], "big")
        at += size
        if at + length > len(payload):
            raise PermanentError("a coded picture is cut short")
        yield payload[at : at + length]
        at += length


def _avc_sets(record: bytes) -> tuple[int, list[bytes]]:
    """Bytes of a length, and the parameter sets, of an ``avcC`` record."""
    sets: list[bytes] = []
    at = 5
    for mask in (0x1F, 0xFF):  # sequence parameter sets, then those of pictures
        count = record[at] & mask
        at = _take(record, at + 1, count, sets)
    return (record[4] & 3) + 1, sets


def _hevc_sets(record: bytes) -> tuple[int, list[bytes]]:
    """The same of an ``hvcC`` record."""
    sets: list[bytes] = []
    at = 23
    for _ in range(record[22]):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at = _take(record, at + 3, count, sets)
    return (record[21] & 3) + 1, sets


def _take(record: bytes, at: int, count: int, sets: list[bytes]) -> int:
    for _ in range(count):
        length = int.from_bytes(record[at : at + 2], "big")
        sets.append(record[at + 2 : at + 2 + length])
        at += 2 + length
    return at
