"""Writers take turns, so that nobody starves."""

import errno
import os
import threading
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path

import pytest

from central.store.turns import FileTurns, Turns


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
        assert is_waiting.wait(60)
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


def test_a_waiting_process_comes_before_the_one_that_asks_again(tmp_path: Path) -> None:
    ours, theirs, order = FileTurns(tmp_path / "db"), FileTurns(tmp_path / "db"), list[str]()

    def second() -> None:
        with theirs:
            order.append("second")

    waiter = threading.Thread(target=second)
    with ours:
        waiter.start()
        following = os.open(f"{tmp_path / 'db'}-next", os.O_RDWR | os.O_CREAT)
        while is_free(following):
            pass
        order.append("first")
    with ours:
        order.append("first again")
    waiter.join()
    os.close(following)
    ours.close()
    theirs.close()
    assert order == ["first", "second", "first again"]


def test_a_file_system_without_locks_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_file: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("central.store.turns.flock", refuse)
    turns = FileTurns(tmp_path / "db")
    for _ in range(2):
        with turns:
            pass
    turns.close()


def is_free(file: int) -> bool:
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    flock(file, LOCK_UN)
    return True


def test_where_nobody_may_write_turns_hold_up_nobody(tmp_path: Path) -> None:
    turns = FileTurns(tmp_path / "no such folder" / "db")
    for _ in range(2):
        with turns:
            pass
    turns.close()
