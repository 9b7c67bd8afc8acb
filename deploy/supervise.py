"""Starts processes in order, waits for them, watches them, and stops them in reverse order."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
READY_TIMEOUT_S = 180.0
"""A slow machine that is busy besides needs a minute for a node with its model."""
STOP_TIMEOUT_S = 10.0
POLL_S = 0.1
ANSWER_S = 10.0


class PartError(Exception):
    """A part did not start or ended by itself; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Supervisor:
    """Starts parts in order, watches them, stops them in reverse order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[Part] = []

    def start(self, name: str, command: tuple[str, ...], environment: Mapping[str, str] | None = None) -> Part:
        """Starts `command` with its output in ``NAME.log``."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches the supervisor only, which then stops the parts in order.
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        part = Part(name, process, log)
        self._parts.append(part)
        return part

    def wait_until(self, what: str, is_ready: Callable[[], bool]) -> None:
        """Counts seconds on one line until `is_ready`.

        Raises:
            PartError: a part ended meanwhile, or it took too long.
        """
        started_s = time.monotonic()
        while not is_ready():
            self.check()
            waited_s = time.monotonic() - started_s
            if waited_s > READY_TIMEOUT_S:
                raise PartError(f"{what}: not ready in {READY_TIMEOUT_S:.0f} s; the logs in {self._folder} may say why")
            if sys.stdout.isatty():
                sys.stdout.write(f"\rwaiting for {what} … {waited_s:.0f} s")
                sys.stdout.flush()
            time.sleep(POLL_S)
        sys.stdout.write(
            f"\r{what}: up after {time.monotonic() - started_s:.1f} s      \n"
            if sys.stdout.isatty()
            else f"{what}: up after {time.monotonic() - started_s:.1f} s\n"
        )
        sys.stdout.flush()

    def check(self) -> None:
        """Raises PartError when a part has ended by itself, with the end of its log."""
        for part in self._parts:
            code = part.process.poll()
            if code is not None:
                tail = "\n".join(part.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
                raise PartError(f"{part.name} ended with code {code}; {part.log} says:\n{tail}")

    def stop(self) -> None:
        """Asks each part to stop, last started first; kills what does not."""
        for part in reversed(self._parts):
            if part.process.poll() is not None:
                continue
            part.process.terminate()
            try:
                part.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()


def answers(url: str) -> bool:
    """Whether `url` gives a good answer now."""
    try:
        return httpx.get(url, timeout=ANSWER_S, trust_env=False).is_success
    except httpx.HTTPError:
        return False
