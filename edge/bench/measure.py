"""Runs one measurement: a source process, and a node or the baseline over it, each in a process of its own."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from os import sysconf
from pathlib import Path
from typing import IO

from contract.errors import PermanentError
from edge.bench.facts import BaselineFacts, NodeFacts
from edge.bench.tally import Measured
from edge.settings import ROOT

FAULTY = "faulty"
EXTRA_S = 240.0
"""What starting many cameras may take beyond the measured time before a run counts as hung."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a node has to do. Attended cameras come from the small stream, the others from the big one."""

    patrol: int
    attended: int = 0
    look_every_s: float = 2.0
    threads: int = 2
    absent: int = 0
    """Cameras at an address where nobody answers."""
    faulty: int = 0
    """Cameras, one at most, at the address of the camera with faults."""

    @property
    def patrol_names(self) -> list[str]:
        return [f"patrol-{number}" for number in range(self.patrol)]

    @property
    def attended_names(self) -> list[str]:
        return [f"attended-{number}" for number in range(self.attended)]


@dataclass(frozen=True, slots=True)
class Sources:
    """Addresses of the big and the small stream, and the process that sends them.

    `faulty` is the camera with faults, `tell` commands them, `accepted_s` grows with its connections.
    """

    big: str
    small: str
    process_id: int
    faulty: str = ""
    tell: Callable[[str], None] = lambda _word: None
    accepted_s: list[float] = field(default_factory=list)


@contextmanager
def tcp_sources(big: Path, small: Path) -> Iterator[Sources]:
    """The bench's own cameras over loopback: transport streams over TCP."""
    command = [sys.executable, "-m", "edge.bench.source", str(big), str(small)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            if len(words) != 4:
                raise PermanentError(f"{big}: the bench's source did not start; is it a transport stream?")
            addresses = [f"tcp://127.0.0.1:{port}" for port in words[1:]]
            accepted_s: list[float] = []
            listening = threading.Thread(target=_hear, args=(process.stdout, accepted_s))
            listening.start()
            yield Sources(addresses[0], addresses[1], process.pid, addresses[2], partial(_tell, process), accepted_s)
        finally:
            process.kill()
            listening.join()


def _hear(said: IO[str], accepted_s: list[float]) -> None:
    accepted_s.extend(float(line.split()[1]) for line in said)  # grows line by line until the process ends


def _tell(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


def measure_node(
    sources: Sources, load: Load, seconds: float, memory_file: Path | None = None, patience: float = 1.0
) -> Measured:
    """A real node under `load` for so long, after all its cameras have been looked at.

    `memory_file` takes the memory's curve as it grows; a run counts as hung after `patience` times its length.

    Raises:
        PermanentError: it did not end well; the message holds its last words.
    """
    with tempfile.TemporaryDirectory(prefix="xunjie-bench-") as folder:
        task = {
            "settings": settings_of(sources, load, Path(folder)),
            "seconds": seconds,
            "attended": load.attended_names,
            "expects_all_live": not load.absent,
            "followed": FAULTY if load.faulty else None,
            "memory_file": None if memory_file is None else str(memory_file.absolute()),
        }
        source_cpu_s = process_cpu_s(sources.process_id)
        said = _run([sys.executable, "-m", "edge.bench.node"], json.dumps(task), seconds * patience)
        source_cpu_s = process_cpu_s(sources.process_id) - source_cpu_s
    facts = NodeFacts.model_validate_json(said)
    return Measured(
        seconds=facts.seconds,
        cpu_s=facts.cpu_s,
        machine_cpu_s=facts.machine_cpu_s,
        rss_mb=facts.rss_mb,
        looks=facts.looks,
        ages_s=facts.ages_s,
        live=facts.live,
        source_cpu_s=source_cpu_s,
        start_s=facts.start_s,
        life=facts.life,
        skipped=facts.skipped,
        cpu_s_by_part=facts.cpu_s_by_part,
        events=facts.outbox_depth,
        findings_waiting=facts.findings_waiting,
        updates_left_out=facts.updates_left_out,
    )


def measure_baseline(
    sources: Sources, weights: Path | str, cameras: int, vid_stride: int, seconds: float
) -> BaselineFacts:
    """What ultralytics' loop does in so many seconds.

    Raises:
        PermanentError: it did not end well.
    """
    with tempfile.TemporaryDirectory(prefix="xunjie-bench-") as folder:
        streams = Path(folder) / "list.streams"
        streams.write_text("\n".join([sources.big] * cameras), encoding="utf-8")
        command = [sys.executable, "-m", "edge.bench.baseline", str(weights), str(streams), str(vid_stride)]
        return BaselineFacts.model_validate_json(_run([*command, str(seconds)], "", seconds))


def settings_of(sources: Sources, load: Load, folder: Path) -> dict[str, object]:
    """The node's configuration, as its file would say it."""

    def camera(name: str, source: str) -> dict[str, object]:
        return {"camera_id": name, "source": source, "look_every_s": load.look_every_s, "decode": "key_frames"}

    cameras = [
        *(camera(name, sources.big) for name in load.patrol_names),
        *(camera(name, sources.small) for name in load.attended_names),
        *(camera(f"absent-{number}", "rtsp://127.0.0.1:9/nobody") for number in range(load.absent)),
        *(camera(FAULTY, sources.faulty) for _ in range(load.faulty)),
    ]
    return {
        "node_id": "bench",
        "state_dir": str(folder),
        "threads": load.threads,
        "attention_cameras": load.attended,
        "cameras": cameras,
    }


def process_cpu_s(process_id: int) -> float:
    """CPU seconds of a process so far (Linux)."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")


def _run(command: Sequence[str], task: str, seconds: float) -> str:
    """The last line that the process says."""
    try:
        done = subprocess.run(
            command, input=task, capture_output=True, text=True, timeout=seconds + EXTRA_S, cwd=ROOT, check=False
        )
    except subprocess.TimeoutExpired:
        raise PermanentError(f"{command[2]}: did not end within {seconds + EXTRA_S:.0f} s") from None
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise PermanentError(f"{command[2]}: failed with code {done.returncode} ({last[0][:300]})")
    return lines[-1]
