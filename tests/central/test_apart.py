"""Calculations in a process of their own."""

import os

import pytest

from central.services.apart import NICENESS, apart
from contract.errors import TransientError


def test_the_answer_comes_from_a_humble_process_of_its_own() -> None:
    assert apart(os.getpid) != os.getpid()
    assert apart(os.nice, 0) >= min(19, os.nice(0) + NICENESS)


def test_a_process_that_dies_is_an_error_and_not_a_wait() -> None:
    with pytest.raises(TransientError, match="exit code 3"):
        apart(os._exit, 3)


def test_many_facts_do_not_wait_for_a_process_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.services.apart._answer", os._exit)  # called with the line: dies of it before reading
    with pytest.raises(TransientError, match="exit code"):
        apart(len, b"x" * 4_000_000)
