"""Which events are sent now: bounded, live first, repeated until receipted, never afterwards."""

from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.window import MAX_IN_FLIGHT, SendWindow

RESEND_S = 15.0


def chosen(window: SendWindow, seqs: list[int], now_s: float) -> list[int]:
    """As the uplink asks: the oldest of each lane."""
    backlog = [seq for seq in seqs if seq <= window.boundary][:MAX_IN_FLIGHT]
    live = [seq for seq in seqs if seq > window.boundary][: MAX_IN_FLIGHT + 1]
    return [sending.seq for sending in window.choose(backlog, live, now_s)]


def test_an_event_is_sent_at_once_and_again_when_no_receipt_came() -> None:
    window = SendWindow(RESEND_S, 0)
    assert chosen(window, [1, 2], 0.0) == [1, 2]
    assert chosen(window, [1, 2, 3], 1.0) == [3]
    assert chosen(window, [1, 2, 3], 14.9) == []
    assert chosen(window, [1, 2, 3], 15.0) == [1, 2]
    assert chosen(window, [1, 2, 3], 16.0) == [3]


def test_a_backlog_waits_on_disk_until_the_oldest_are_receipted() -> None:
    window = SendWindow(RESEND_S, 1000)
    backlog = list(range(1, 1001))
    assert chosen(window, backlog, 0.0) == backlog[:MAX_IN_FLIGHT]
    assert chosen(window, backlog, 1.0) == []
    assert chosen(window, backlog[50:], 2.0) == backlog[MAX_IN_FLIGHT : MAX_IN_FLIGHT + 50]


def test_what_happens_now_goes_before_what_waited() -> None:
    window = SendWindow(RESEND_S, 1000)
    waiting = list(range(1, 1001))
    chosen(window, waiting, 0.0)
    sendings = window.choose(waiting[100:300], [1001, 1002], 1.0)
    assert [(sending.seq, sending.is_live) for sending in sendings[:3]] == [(1001, True), (1002, True), (201, False)]


def test_a_new_live_one_need_not_queue_behind_the_whole_backlog() -> None:
    window = SendWindow(RESEND_S, 1000)
    waiting = list(range(1, 201))
    assert [entry.seq for entry in window.choose(waiting, [], 0.0, most_backlog=20)] == waiting[:20]
    assert [entry.seq for entry in window.choose(waiting, [1001], 0.1, most_backlog=3)] == [1001, 21, 22, 23]


def test_a_new_connection_sends_everything_again() -> None:
    assert chosen(SendWindow(RESEND_S, 5), [4, 5], 3.0) == [4, 5]


def test_while_central_takes_nothing_the_rest_waits_and_is_backlog_afterwards() -> None:
    """The broker is up, central is not: 200 go out, no more; when receipts come again, now is before then."""
    window = SendWindow(RESEND_S, 0)
    written = list(range(1, 501))
    assert chosen(window, written, 0.0) == written[:MAX_IN_FLIGHT]
    assert chosen(window, written, 1.0) == []
    window.note_receipt(500)
    assert window.boundary == 500
    sendings = window.choose(written[20:220], [501], 2.0)
    assert [(sending.seq, sending.is_live) for sending in sendings] == [
        (501, True),
        *[(seq, False) for seq in range(201, 221)],
    ]


def test_a_receipt_on_a_good_day_moves_nothing_to_the_backlog() -> None:
    window = SendWindow(RESEND_S, 0)
    chosen(window, list(range(1, 50)), 0.0)
    window.note_receipt(49)
    assert window.boundary == 0


steps = st.lists(
    st.tuples(st.floats(0, 20), st.integers(0, 150), st.sets(st.integers(1, 400), max_size=60)), min_size=1, max_size=12
)


@given(steps, st.integers(0, 200))
def test_never_too_many_never_settled_never_early_never_forgotten(
    script: list[tuple[float, int, set[int]]], waiting: int
) -> None:
    """Time passes, events are written, receipts come: the laws hold after every step."""
    window = SendWindow(RESEND_S, waiting)
    now_s, written, settled = 0.0, waiting, set[int]()
    sent_at: dict[int, float] = {}
    for passed_s, new, receipted in script:
        now_s += passed_s
        written += new
        settled |= {seq for seq in receipted if seq in sent_at}
        alive = [seq for seq in range(1, written + 1) if seq not in settled]
        sent = chosen(window, alive, now_s)
        live, old = ([seq for seq in sent if (seq > waiting) is is_live] for is_live in (True, False))
        assert sent == live + old
        assert [live, old] == [sorted(live), sorted(old)]
        assert not settled & set(sent)
        for seq in sent:
            assert seq not in sent_at or now_s - sent_at[seq] >= RESEND_S
            sent_at[seq] = now_s
        for lane in ([seq for seq in alive if seq > waiting], [seq for seq in alive if seq <= waiting]):
            assert len([seq for seq in lane if seq in sent_at]) <= MAX_IN_FLIGHT
            for seq in lane[:MAX_IN_FLIGHT]:
                assert now_s - sent_at[seq] < RESEND_S
