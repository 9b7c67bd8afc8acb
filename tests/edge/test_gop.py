"""Coded groups of pictures: whole, bounded, and starting with a key frame."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from edge.capture.gop import GopBuffer
from edge.capture.port import CodedPacket
from tests.edge.fakes import at


def packet(second: float, is_key: bool = False, size: int = 10) -> CodedPacket:
    return CodedPacket(b"x" * size, int(second * 90_000), int(second * 90_000), is_key, at(second))


def test_packets_before_the_first_key_frame_are_not_kept() -> None:
    gop = GopBuffer()
    gop.add(packet(0))
    assert gop.snapshot().packets == ()
    gop.add(packet(1, is_key=True))
    gop.add(packet(2))
    assert [entry.arrived_at for entry in gop.snapshot().packets] == [at(1), at(2)]


def test_whole_groups_go_when_they_are_too_old() -> None:
    gop = GopBuffer(keep_s=4)
    for second in range(10):
        gop.add(packet(second, is_key=second % 2 == 0))
    assert [entry.arrived_at for entry in gop.snapshot().packets] == [at(second) for second in range(4, 10)]
    assert [entry.arrived_at for entry in gop.newest_group()] == [at(8), at(9)]


def test_a_group_over_the_budget_goes_whole_and_the_next_one_is_kept() -> None:
    """An open-ended group must not fill the memory, and its middle is worth nothing."""
    gop = GopBuffer(max_bytes=100)
    gop.add(packet(0, is_key=True, size=60))
    gop.add(packet(1, size=60))
    gop.add(packet(2, size=10))
    assert gop.snapshot().packets == ()
    gop.add(packet(3, is_key=True, size=60))
    assert [entry.arrived_at for entry in gop.snapshot().packets] == [at(3)]


def test_a_new_session_forgets_the_old_one_and_names_its_codec() -> None:
    gop = GopBuffer()
    gop.add(packet(0, is_key=True))
    gop.begin("hevc", b"sets", 640, 360, Fraction(1, 1000))
    snapshot = gop.snapshot()
    assert (snapshot.codec, snapshot.extradata, snapshot.packets) == ("hevc", b"sets", ())
    assert (snapshot.width_px, snapshot.height_px, snapshot.time_base) == (640, 360, Fraction(1, 1000))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 80)), max_size=80))
def test_what_is_kept_starts_with_a_key_frame_has_no_holes_and_stays_bounded(steps: list[tuple[bool, int]]) -> None:
    gop = GopBuffer(keep_s=7, max_bytes=200)
    added = []
    for second, (is_key, size) in enumerate(steps):
        added.append(packet(second, is_key, size))
        gop.add(added[-1])
        kept = gop.snapshot().packets
        assert sum(len(entry.payload) for entry in kept) <= 200
        if kept:
            assert kept[0].is_key
            assert kept == tuple(added[-len(kept) :])
