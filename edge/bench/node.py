"""A real node under measurement, in a process of its own: settings from standard input, facts on standard output.

    python -m edge.bench.node < task.json

Composition root of the bench: `edge.app.Node` as `run` starts it, with nothing left out but the uplink.
"""

import json
import os
import resource
import sys
import threading
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel

from contract.clock import SystemClock
from contract.ids import CameraId
from contract.status import CameraState, NodeState, NodeStatus
from edge.app import Node
from edge.bench.facts import Moment
from edge.bench.profile import cpu_s_by_part, spent_between
from edge.logs import set_up_logging
from edge.settings import NodeSettings
from edge.values import Frame

START_TIMEOUT_S = 90.0
SETTLE_S = 6.0
"""Three looks a camera before anything is measured: first looks allocate."""

RSS_EVERY_S = 10.0

FOLLOW_EVERY_S = 0.1

LONGEST_TICK_S = 3.0
"""A second that took longer was one in which this process was stopped: it is not counted as watched."""


class Task(BaseModel):
    """What to measure. `attended` cameras are wished attention for throughout."""

    settings: NodeSettings
    seconds: float
    attended: tuple[str, ...] = ()
    expects_all_live: bool = True
    followed: CameraId | None = None
    """A camera whose life is recorded ten times a second, beside the others' looks."""
    memory_file: Path | None = None
    """Takes each point of the memory's curve as it is measured, one a line: a long run that ends early left them."""


class Ages:
    """Ages of frames at decision, in seconds, by camera. Look threads write by turns."""

    def __init__(self) -> None:
        self.is_open = False
        self.by_camera: dict[CameraId, list[float]] = {}

    def note(self, frame: Frame, age_s: float) -> None:
        """One look is done."""
        if self.is_open:
            self.by_camera.setdefault(frame.camera_id, []).append(age_s)


def main() -> None:
    set_up_logging()
    task = Task.model_validate_json(sys.stdin.read())
    clock, ages = SystemClock(), Ages()
    node = Node(task.settings, clock, ages.note)
    node.start()
    begun_s = clock.monotonic()
    while not _is_ready(node, task) and clock.monotonic() - begun_s < START_TIMEOUT_S:
        clock.sleep(0.2)
    started_s = clock.monotonic() - begun_s
    _wish(node, task, clock)
    clock.sleep(SETTLE_S)
    before, cpu_s, machine_s, parts_s = _looks(node), _cpu_s(), machine_cpu_s(), cpu_s_by_part()
    ages.is_open = True
    life, done = list[Moment](), threading.Event()
    following = threading.Thread(target=_follow, args=(node, task.followed, clock, life, done))
    following.start()
    memory = _watch(node, task, clock)
    done.set()
    following.join()
    ages.is_open = False
    passed_s, cpu_s, after = memory[-1][0], _cpu_s() - cpu_s, _looks(node)
    machine_s, parts_s = machine_cpu_s() - machine_s, spent_between(parts_s, cpu_s_by_part())
    facts = {
        "seconds": passed_s,
        "start_s": started_s,
        "cpu_s": cpu_s,
        "machine_cpu_s": machine_s,
        "cpu_s_by_part": parts_s,
        "rss_mb": memory,
        "threads": threading.active_count(),
        "looks": {name: after[name][0] - before[name][0] for name in after},
        "skipped": {name: after[name][1] - before[name][1] for name in after},
        "live": sum(camera.state is CameraState.LIVE for camera in _status(node).cameras),
        "ages_s": {name: [round(age, 4) for age in found] for name, found in ages.by_camera.items()},
        "outbox_depth": _status(node).outbox_depth,
        "findings_waiting": node.facts().findings_waiting,
        "updates_left_out": node.facts().updates_left_out,
        "life": [moment.model_dump() for moment in life],
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    node.stop()
    os._exit(0)  # a thread that still infers when its time to stop is over would make libstdc++ abort the process


def _watch(node: Node, task: Task, clock: SystemClock) -> list[tuple[float, float]]:
    """(second, MB) every ten seconds until the time is over; time in which the process was stopped is left out."""
    memory, passed_s, last_s = [(0.0, rss_mb())], 0.0, clock.monotonic()
    while passed_s < task.seconds:
        _wish(node, task, clock)
        clock.sleep(min(1.0, task.seconds - passed_s))
        now_s = clock.monotonic()
        passed_s, last_s = passed_s + min(now_s - last_s, LONGEST_TICK_S), now_s
        if passed_s - memory[-1][0] >= RSS_EVERY_S:
            memory.append((round(passed_s, 1), rss_mb()))
            _keep(task.memory_file, memory[-1])
    memory.append((round(passed_s, 3), rss_mb()))
    return memory


def _follow(
    node: Node, followed: CameraId | None, clock: SystemClock, life: list[Moment], done: threading.Event
) -> None:
    while followed is not None and not done.wait(FOLLOW_EVERY_S):
        cameras = {camera.camera_id: camera for camera in _status(node).cameras}
        camera = cameras.pop(followed)
        is_live, others = camera.state is CameraState.LIVE, sum(other.looks for other in cameras.values())
        life.append(Moment(at_s=clock.monotonic(), is_live=is_live, looks=camera.looks, others_looks=others))


def _keep(file: Path | None, point: tuple[float, float]) -> None:
    if file is not None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(point) + "\n")


def _wish(node: Node, task: Task, clock: SystemClock) -> None:
    for camera in task.attended:
        node.want_attention(CameraId(camera), clock.now() + timedelta(seconds=30))


def _is_ready(node: Node, task: Task) -> bool:
    cameras = _status(node).cameras
    return not task.expects_all_live or all(camera.looks > 0 for camera in cameras)


def _looks(node: Node) -> dict[str, tuple[int, int]]:
    return {camera.camera_id: (camera.looks, camera.skipped_looks) for camera in _status(node).cameras}


def _status(node: Node) -> NodeStatus:
    return node.status(NodeState.ONLINE)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def machine_cpu_s() -> float:
    """CPU seconds of all processes since the machine started, waiting and idling left out (Linux)."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    busy = sum(int(field) for number, field in enumerate(fields) if number not in (3, 4))
    return busy / os.sysconf("SC_CLK_TCK")


def rss_mb() -> float:
    """This process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


if __name__ == "__main__":
    main()
