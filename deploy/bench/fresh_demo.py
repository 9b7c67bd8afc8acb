"""``make demo`` on a fresh checkout: seconds until the console is ready, and megabytes on disk.

Clones the committed tree into a temporary folder and installs there, so it needs a package index within reach.
"""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from deploy.supervise import ROOT, PartError

LIMIT_S = 1200.0


def measure_fresh_demo() -> dict[str, object]:
    """Seconds and megabytes; the pip cache of the user who runs it counts as warm or cold as it is."""
    with tempfile.TemporaryDirectory() as name:
        checkout = Path(name) / "xunjie"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
        clone_mb = _megabytes(checkout)
        started_s = time.monotonic()
        subprocess.run(["make", "--silent", "setup-demo"], cwd=checkout, check=True, capture_output=True)
        installed_s = time.monotonic() - started_s
        ready_s = _until_ready(checkout)
        return {
            "clone_mb": clone_mb,
            "install_s": round(installed_s, 1),
            "start_to_ready_s": round(ready_s, 1),
            "whole_s": round(installed_s + ready_s, 1),
            "venv_mb": _megabytes(checkout / ".venv"),
        }


def _until_ready(checkout: Path) -> float:
    """Seconds from ``make demo`` to its ``token:`` line; the demo is then stopped as a person would, by Ctrl-C."""
    started_s = time.monotonic()
    process = subprocess.Popen(
        ["make", "--silent", "demo"], cwd=checkout, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("token: "):
                return time.monotonic() - started_s
            if time.monotonic() - started_s > LIMIT_S:
                break
        raise PartError("make demo ended or took too long before it printed a token")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)


def _megabytes(folder: Path) -> float:
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return round(total / 1e6, 1)
