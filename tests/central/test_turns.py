"""Writers take turns, so that nobody starves."""

import threading

from central.store.turns import Turns


def test_a_waiting_writer_comes_before_the_one_that_asks_again() -> None:
    turns, order = Turns(), list[str]()
    is_waiting = threading.Event()

    def second() -> None:
        is_waiting.set()
        with turns:
            order.append("second")

    waiter = threading.Thread(target=second)
    with turns:
        waiter.start()
        assert is_waiting.wait(5)
        while not turns._waiting:
            pass
        order.append("first")
    with turns:
        order.append("first again")
    waiter.join()
    assert order == ["first", "second", "first again"]


def test_a_turn_that_ends_in_an_error_is_passed_on() -> None:
    turns = Turns()
    for _ in range(2):
        try:
            with turns:
                raise ValueError
        except ValueError:
            continue
    with turns:
        pass
