"""What a process costs and where it was measured, from /proc."""

import os
import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PACKAGES = ("paho-mqtt", "SQLAlchemy", "psycopg", "pydantic")


@dataclass(frozen=True, slots=True)
class Load:
    """Of one process so far: processor seconds, and its memory now and at most."""

    cpu_s: float
    rss_mb: float
    peak_rss_mb: float


def load_of(pid: int) -> Load:
    """Linux only."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Vm")
    )
    return Load(_cpu_s(pid), _mb(status["VmRSS"]), _mb(status["VmHWM"]))


def family_of(pid: int) -> list[int]:
    """The process and all that it started, directly or not. Linux only."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_of(pids: Iterable[int]) -> float:
    """Processor seconds of those that are still there."""
    used_s = 0.0
    for pid in pids:
        with suppress(OSError):
            used_s += _cpu_s(pid)
    return used_s


def busy_s() -> float:
    """Processor seconds that anybody on this machine has used since it started. Linux only."""
    user, nice, system, _idle, _waiting, irq, soft_irq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + soft_irq) / _TICKS


def machine_facts() -> dict[str, object]:
    """Processor, cores, memory, system."""
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")), "unknown")
    memory = Path("/proc/meminfo").read_text().splitlines()[0]
    cores = len(os.sched_getaffinity(0))
    return {
        "cpu": model,
        "cores": cores,
        "memory_gb": round(_mb(memory.partition(":")[2]) / 1024, 1),
        "system": platform.platform(),
    }


def versions(broker: str, database: str) -> dict[str, str]:
    """Of what was measured; `broker` and `database` name themselves."""
    found = {"python": sys.version.split()[0], "broker": broker, "database": database}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _mb(text: str) -> float:
    return int(text.split()[0]) / 1024
