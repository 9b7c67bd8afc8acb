"""Which events are sent now: bounded, repeated until receipted, never afterwards."""

from hypothesis import given
from hypothesis import strategies as st

from edge.outbox.sqlite import Entry
from edge.uplink.window import MAX_IN_FLIGHT, SendWindow
from tests.edge.fakes import T0

RESEND_S = 15.0


def entries(*seqs: int) -> list[Entry]:
    return [Entry(seq, b"", T0) for seq in seqs]


def chosen(window: SendWindow, seqs: list[int], now_s: float) -> list[int]:
    return [entry.seq for entry in window.choose(entries(*seqs), now_s)]


def test_an_event_is_sent_at_once_and_again_when_no_receipt_came() -> None:
    window = SendWindow(RESEND_S)
    assert chosen(window, [1, 2], 0.0) == [1, 2]
    assert chosen(window, [1, 2, 3], 1.0) == [3]
    assert chosen(window, [1, 2, 3], 14.9) == []
    assert chosen(window, [1, 2, 3], 15.0) == [1, 2]
    assert chosen(window, [1, 2, 3], 16.0) == [3]


def test_a_backlog_waits_on_disk_until_the_oldest_are_receipted() -> None:
    window = SendWindow(RESEND_S)
    backlog = list(range(1, 1001))
    assert chosen(window, backlog, 0.0) == backlog[:MAX_IN_FLIGHT]
    assert chosen(window, backlog, 1.0) == []
    assert chosen(window, backlog[50:], 2.0) == backlog[MAX_IN_FLIGHT : MAX_IN_FLIGHT + 50]


def test_a_new_connection_sends_everything_again() -> None:
    assert chosen(SendWindow(RESEND_S), [4, 5], 3.0) == [4, 5]


steps = st.lists(
    st.tuples(st.floats(0, 20), st.integers(0, 150), st.sets(st.integers(1, 400), max_size=60)), min_size=1, max_size=12
)


@given(steps)
def test_never_too_many_never_settled_never_early_never_forgotten(
    script: list[tuple[float, int, set[int]]],
) -> None:
    """Time passes, events are written, receipts come: the laws hold after every step."""
    window = SendWindow(RESEND_S)
    now_s, written, settled = 0.0, 0, set[int]()
    sent_at: dict[int, float] = {}
    for passed_s, new, receipted in script:
        now_s += passed_s
        written += new
        settled |= {seq for seq in receipted if seq in sent_at}
        alive = [seq for seq in range(1, written + 1) if seq not in settled]
        sent = chosen(window, alive[:MAX_IN_FLIGHT], now_s)
        assert sent == sorted(sent)
        assert not settled & set(sent)
        for seq in sent:
            assert seq not in sent_at or now_s - sent_at[seq] >= RESEND_S
            sent_at[seq] = now_s
        assert len([seq for seq in sent_at if seq not in settled]) <= MAX_IN_FLIGHT
        for seq in alive[:MAX_IN_FLIGHT]:
            assert now_s - sent_at[seq] < RESEND_S
