"""The bench's cameras behind a real RTSP server, in a process of its own; see `edge.bench.rtsp_source`."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.errors import PermanentError
from edge.bench.measure import Sources
from edge.settings import ROOT

SYSTEM_PYTHON = Path("/usr/bin/python3")
"""Debian's own: the bindings to GStreamer are packages of the system."""

SOURCE = ROOT / "edge" / "bench" / "rtsp_source.py"


@contextmanager
def rtsp_sources(clip: Path) -> Iterator[Sources]:
    """`clip`, a transport stream, at one address for any number of cameras; the server's own output is thrown away.

    Raises:
        PermanentError: GStreamer's RTSP server is not installed, or it did not start.
    """
    command = [str(SYSTEM_PYTHON), str(SOURCE), str(clip.absolute())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            word, _, port = process.stdout.readline().strip().partition(" ")
            if word != "port" or not port.isdigit():
                raise PermanentError("--rtsp: GStreamer's RTSP server did not start; install it with `make test-deps`")
            address = f"rtsp://127.0.0.1:{port}/street"
            yield Sources(address, address, process.pid)
        finally:
            process.kill()
