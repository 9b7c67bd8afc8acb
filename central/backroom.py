"""The work behind the counter in a process of its own: started, woken, watched and ended from here.

Python runs one thread at a time: beside association every line to a console and every query for it waited its turn.
The line between both is the process's standard input, a byte for each call, and its standard output, a line for each
answer; the input's end is the word to finish, so it outlives nobody.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

import structlog
from pydantic import BaseModel, ConfigDict

from central.back import BackState
from central.settings import CentralSettings
from contract.clock import Clock

PROGRAM = "central.backroom_process"
STALE_S = 15.0
"""It tells every second how it is. Silent for so long it is stuck, or the machine is hopelessly busy."""
STOP_S = 45.0
"""For what is under way when it is told to finish; killed after that, it loses nothing but time."""
LONGEST_BACKOFF_S = 30.0
GOOD_RUN_S = 60.0
"""Having lived so long it starts again at once, should it die."""
LOG = structlog.get_logger("central.backroom")


class Order(BaseModel):
    """What it is started with. `holder` of leases is the same after a crash: there is nobody else to wait for."""

    model_config = ConfigDict(frozen=True)

    settings: CentralSettings
    holder: str


class Told(BaseModel):
    """One line of its output. `changed`: something was committed since the last."""

    model_config = ConfigDict(frozen=True)

    state: BackState
    changed: bool


class Backroom:
    """Any thread. `on_change` is called, on a thread of this, after the process has committed something."""

    def __init__(self, order: Order, clock: Clock, on_change: Callable[[], None]) -> None:
        """Starts nothing."""
        self._order, self._clock, self._on_change = order, clock, on_change
        self._guard = threading.Lock()
        self._is_over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._state, self._told_at_s = BackState(is_alive=False), clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="backroom", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """A full line is no matter: it holds calls enough."""
        with self._guard, suppress(BlockingIOError, BrokenPipeError):
            if self._process is not None and not self._is_over.is_set():
                os.write(_input(self._process).fileno(), b"\n")

    def stop(self) -> None:
        """Has it finish what is under way; kills it when it doesn't."""
        with self._guard:
            self._is_over.set()
            if self._process is not None:
                with suppress(BrokenPipeError):  # it died before it had read what it was started with
                    _input(self._process).close()
        if not self._thread.is_alive():
            return
        self._thread.join(STOP_S)
        if self._thread.is_alive() and self._process is not None:
            LOG.error("backroom did not finish and is killed", pid=self._process.pid)
            self._process.kill()
            self._thread.join()

    def state(self) -> BackState:
        """As it told last; not alive when that is long ago."""
        is_stale = self._clock.monotonic() - self._told_at_s > STALE_S
        return self._state.model_copy(update={"is_alive": False}) if is_stale else self._state

    def _run(self) -> None:
        short_runs = 0
        while not self._is_over.is_set():
            began_s = self._clock.monotonic()
            try:
                code = self._attend()
            except Exception:
                LOG.exception("backroom can't be attended to")
                code = None
            if self._is_over.is_set():
                return
            short_runs = 0 if self._clock.monotonic() - began_s > GOOD_RUN_S else short_runs + 1
            LOG.error("backroom ended and is started again", exit_code=code, in_a_row=short_runs)
            self._state = BackState(is_alive=False)
            self._on_change()  # it may have died between a commit and the word of it
            self._is_over.wait(pause_after(short_runs))

    def _attend(self) -> int:
        """One life of the process; gives its exit code."""
        command = [sys.executable, "-m", PROGRAM]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            with suppress(BrokenPipeError):
                _input(process).write(self._order.model_dump_json().encode() + b"\n")
                _input(process).flush()
            with self._guard:
                os.set_blocking(_input(process).fileno(), False)
                self._process = process
                if self._is_over.is_set():
                    with suppress(BrokenPipeError):
                        _input(process).close()
            try:
                for line in process.stdout:
                    self._hear(Told.model_validate_json(line))
            finally:
                with self._guard:
                    self._process = None
        return process.returncode

    def _hear(self, told: Told) -> None:
        self._state, self._told_at_s = told.state, self._clock.monotonic()
        if told.changed:
            self._on_change()


def pause_after(short_runs: int) -> float:
    """Seconds to wait after so many short lives in a row, however many: a night of them must not end the trying.

    >>> pause_after(0), pause_after(3), pause_after(5000)
    (0.1, 0.8, 30.0)
    """
    return min(LONGEST_BACKOFF_S, 0.1 * 2.0 ** min(short_runs, 20))


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin
