"""A node whose engine takes longer than the node waits, for `test_ending`.

    python -m tests.edge.slow_node STATE_DIR

As runtimes do, the engine aborts a process that finalises Python under a look. Ends by SIGTERM; ``looking`` on standard
output says that a look has begun.
"""

import atexit
import os
import sys
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import edge.node.engine
import edge.node.threads
from edge.app import run_node
from edge.settings import load_node
from edge.values import Detection
from tests.edge.clips import plain_clip
from tests.edge.fakes import ScriptedDetector


class StuckDetector(ScriptedDetector):
    """Never comes back from a look."""

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        atexit.register(os.abort)
        sys.stdout.write("looking\n")
        sys.stdout.flush()
        threading.Event().wait()
        return super().detect(frame)


def main(folder: Path) -> None:
    config = folder / "node.yaml"
    config.write_text(
        "node_id: node-1\nstate_dir: state\nevidence: {redact_finely: false}\n"
        f"cameras: [{{camera_id: cam-1, source: {plain_clip(folder / 'clip.mp4')}, look_every_s: 0.5}}]\n",
        encoding="utf-8",
    )
    vars(edge.node.engine)["open_detector"] = lambda *_args, **_facts: StuckDetector()
    vars(edge.node.threads)["STOP_TIMEOUT_S"] = 1.0  # a test need not wait as long as a node does
    run_node(load_node(config))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
