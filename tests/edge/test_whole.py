"""Key frames that come in pieces are put together; all others pass at once."""

import re
from dataclasses import replace
from fractions import Fraction

import av

from contract.clock import SystemClock
from edge.capture.decoding import Decoders, KeyFrames
from edge.capture.port import CodedPacket
from edge.capture.whole import WholeKeys
from tests.edge.fakes import at
from tests.edge.test_capture_stream import SIZE, picture


def packet(stamp: int | None, payload: bytes, is_key: bool = False) -> CodedPacket:
    return CodedPacket(payload, stamp, stamp, is_key, at(0))


def done(*packets: CodedPacket) -> list[bytes]:
    """The key frames that become whole, in order."""
    whole, found = WholeKeys(), []
    for entry in packets:
        whole.see(entry)
        found += [] if whole.done is None else [whole.done.payload]
    return found


def test_a_key_frame_in_one_packet_is_given_at_once() -> None:
    whole = WholeKeys()
    for number in range(4):
        entry = packet(number, b"k", is_key=number % 2 == 0)
        assert whole.see(entry) is entry
        assert (whole.done is entry) == entry.is_key


def test_pieces_are_joined_and_only_the_first_begins_a_group() -> None:
    sent = [packet(0, b"p"), packet(1, b"a", True), packet(1, b"b", True), packet(2, b"p")]
    sent += [packet(3, b"c", True), packet(3, b"d", True), packet(3, b"e", True), packet(4, b"p")]
    assert done(*sent) == [b"a", b"ab", b"cde"]
    whole = WholeKeys()
    assert [whole.see(entry).is_key for entry in sent] == [False, True, False, False, True, False, False, False]


def test_stamps_that_stand_still_or_are_missing_join_nothing() -> None:
    for stamp in (0, None):
        sent = [packet(stamp, bytes([number]), True) for number in range(50)]
        assert done(*sent) == [entry.payload for entry in sent]


def test_a_sliced_key_frame_that_came_in_halves_is_the_whole_picture() -> None:
    """The encoder's two slices, each behind parameter sets of its own, as GStreamer's payloader sends them."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.framerate, encoder.options = (
        Fraction(10),
        {"slices": "2", "x264-params": "slices=2:annexb=1", "tune": "zerolatency"},
    )
    (coded,) = encoder.encode(av.VideoFrame.from_ndarray(picture(9), format="bgr24"))
    units = [unit for unit in re.split(b"\0?\0\0\1", bytes(coded)) if unit]
    slices = [unit for unit in units if unit[0] & 31 == 5]
    sets = [b"\0\0\0\1" + unit for unit in units if unit[0] & 31 in (7, 8)]
    assert len(slices) == 2
    halves = [packet(90, b"".join(sets) + b"\0\0\0\1" + unit, True) for unit in slices]
    whole = WholeKeys()
    for entry in (packet(45, b"p"), *halves, packet(135, b"p")):
        whole.see(replace(entry, arrived_at=SystemClock().now()))
    assert whole.done is not None
    seen = KeyFrames(Sized()).decode(whole.done)
    assert seen is not None
    assert abs(float(seen.bgr().mean()) - float(picture(9).mean())) < 4
    assert float(seen.bgr().std()) < 3, "both halves are there"


class Sized(Decoders):
    """Decoders of a plain H.264 stream, without one being open."""

    def __init__(self) -> None:
        self.name = "sliced"

    @property
    def is_dear(self) -> bool:
        return False

    def open(self, is_quick: bool = False) -> av.VideoCodecContext:
        assert not is_quick
        context = av.CodecContext.create("h264", "r")
        assert isinstance(context, av.VideoCodecContext)
        context.thread_count = 1
        return context
