"""Programs from Debian that a test starts: up when their port answers, never waited for without a limit."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.broker import is_listening

READY_S = 60.0
POLL_S = 0.02


@contextmanager
def daemon(command: Sequence[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `command` until the block ends. Its words go to a file: a pipe nobody reads stops a talkative program."""
    log = folder / f"daemon-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_S
        while not is_listening(port):
            assert process.poll() is None, f"it ended at once: {log.read_text(errors='replace')}"
            assert time.monotonic() < deadline, f"it does not listen on {port}: {log.read_text(errors='replace')}"
            time.sleep(POLL_S)
        assert process.poll() is None, f"another program listens on {port}: {log.read_text(errors='replace')}"
        yield process
    finally:
        process.kill()
        process.wait()
