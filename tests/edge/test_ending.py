"""A node that is asked to stop ends as one that was asked, whatever its engine is doing."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from edge.settings import ROOT


def test_an_engine_that_is_still_at_work_does_not_make_a_stop_a_failure(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.edge.slow_node", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "looking\n":
                break
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=120)[0]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, said
    assert "threads did not end in time" in said
    assert "looks-0" in said
    assert said.index("node stopped") < said.index("threads did not end")
    outbox = tmp_path / "state" / "outbox.sqlite3"
    assert not outbox.with_name("outbox.sqlite3-wal").exists()
    with sqlite3.connect(outbox) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
