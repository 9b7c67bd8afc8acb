"""Starts the node software of the right slot, and the other one again if the new one does not become healthy in time.

    python3 -m edge.software.launcher ROOT [--healthy-within S] [-- ARGUMENTS OF THE NODE]

Run by systemd (deploy/xunjie-edge.service runs the node without slots; put this in its place). The node says that it is
well by creating the file named in ``XUNJIE_HEALTHY_FILE``, and asks to be started anew by ending with code 75.
Standard library only.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.software.slots import HEALTHY_FILE, START_FILE, read_state, write_state

RESTART_CODE = 75
HEALTHY_VARIABLE = "XUNJIE_HEALTHY_FILE"
HEALTHY_WITHIN_S = 120.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.05
MAX_TRIES = 3
"""Starts of new software that neither became healthy nor failed: power cuts, or software that takes the box down."""


@dataclass
class Launcher:
    """`run` lasts as long as the node does. `stop` may be set from a signal handler."""

    root: Path
    arguments: Sequence[str] = ()
    healthy_within_s: float = HEALTHY_WITHIN_S
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Gives the exit code of the software that ran last."""
        while True:
            code = self._run_trial() if read_state(self.root).trying else self._run_active()
            if self.stop.is_set() or code not in (None, RESTART_CODE):
                return code or 0

    def _run_trial(self) -> int | None:
        """The new software: None if it did not do and the old one has to be started."""
        state = read_state(self.root)
        assert state.trying is not None
        if state.tries >= MAX_TRIES:
            self._refuse(f"the box went down {MAX_TRIES} times while it was tried")
            return None
        write_state(self.root, replace(state, tries=state.tries + 1))
        healthy = self.root / HEALTHY_FILE
        try:
            healthy.unlink(missing_ok=True)
            process = self._start(state.trying)
        except OSError as error:
            self._refuse(f"it can't be started ({error.strerror})")
            return None
        return self._watch(process, healthy)

    def _watch(self, process: subprocess.Popen[bytes], healthy: Path) -> int | None:
        polls = max(1, int(self.healthy_within_s / POLL_S))
        for _ in range(polls):
            if healthy.exists():
                write_state(self.root, read_state(self.root).tried())
                return self._wait(process)
            if process.poll() is not None:
                self._refuse(f"it ended with code {process.returncode} before it was healthy")
                return None
            if self.stop.wait(POLL_S):  # told to end, not found wanting: the trial goes on at the next start
                self._end(process)
                write_state(self.root, replace(read_state(self.root), tries=0))
                return 0
        self._end(process)
        self._refuse(f"it was not healthy within {self.healthy_within_s:g} s")
        return None

    def _run_active(self) -> int:
        return self._wait(self._start(read_state(self.root).active))

    def _start(self, slot: str) -> subprocess.Popen[bytes]:
        folder = self.root / slot
        environment = os.environ | {HEALTHY_VARIABLE: str(self.root / HEALTHY_FILE), "PYTHONPATH": str(folder)}
        return subprocess.Popen([folder / START_FILE, *self.arguments], cwd=folder, env=environment)

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        while process.poll() is None:
            if self.stop.wait(POLL_S):
                self._end(process)
        return process.returncode

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _refuse(self, reason: str) -> None:
        sys.stderr.write(f"new node software: {reason}; the old one is started again\n")
        write_state(self.root, read_state(self.root).refused(reason))


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python3 -m edge.software.launcher", description=__doc__)
    parser.add_argument("root", type=Path, help="folder with the slots a and b")
    parser.add_argument("--healthy-within", type=float, default=HEALTHY_WITHIN_S, metavar="S")
    parser.add_argument("rest", nargs="*", help="handed to the node's start")
    given = parser.parse_args(arguments)
    launcher = Launcher(given.root, given.rest, given.healthy_within)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: launcher.stop.set())
    return launcher.run()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
