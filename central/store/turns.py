"""A lock that is given in the order of asking, among threads, and among processes as well."""

import os
import threading
from collections import deque
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path
from types import TracebackType

ENDS = ("-next", "-turn")
POLL_S = 0.001
"""Between two questions for a turn that another process has; a transaction takes tens of milliseconds."""
PATIENCE_S = 10.0
"""For a process that was stopped in the middle of a transaction; as long as SQLite itself waits."""


class Turns:
    """Not reentrant. SQLite lets whoever asks first in a lucky moment write; a busy associator would starve intake."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()  # stays taken: handed over, not put back
            else:
                self._is_taken = False


class FileTurns:
    """Turns among the processes that write one file, too, by locks on two empty files beside it.

    SQLite's own waiting asks again after longer and longer pauses: beside an associator that writes without a break an
    operator's click would wait for seconds. Who comes next keeps the ``-next`` file while it waits for the ``-turn``
    file, so nobody comes twice before it. The system lets go of what a dead process held; who gets no turn in time
    goes on, and SQLite decides.
    """

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        self._threads, self._path = Turns(), path
        self._files: tuple[int, int] | None = None

    def __enter__(self) -> None:
        self._threads.__enter__()
        files = self._opened()
        if files is not None:
            following, turn = files
            if _locked(following):
                _locked(turn)
                flock(following, LOCK_UN)

    def __exit__(
        self, type_: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        files = self._files
        if files is not None:
            with suppress(OSError):
                flock(files[1], LOCK_UN)
        self._threads.__exit__(type_, error, trace)

    def close(self) -> None:
        """The next turn opens the files again."""
        files, self._files = self._files, None
        for file in files or ():
            os.close(file)

    def _opened(self) -> tuple[int, int] | None:
        """None in a folder that nobody may write to: then the write fails by itself, and says why."""
        if self._files is None:
            with suppress(OSError):
                following, turn = (os.open(f"{self._path}{end}", os.O_RDWR | os.O_CREAT, 0o644) for end in ENDS)
                self._files = following, turn
        return self._files


def _locked(file: int) -> bool:
    """Whether the lock was to be had before patience ran out; never in a file system that knows no locks."""
    pause = threading.Event()
    for _ in range(round(PATIENCE_S / POLL_S)):
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            pause.wait(POLL_S)
        except OSError:
            return False
        else:
            return True
    return False
