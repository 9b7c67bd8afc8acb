"""Where a node's CPU goes: seconds by thread, added up by what the threads are for (Linux)."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

ENGINE = "engine"
"""The inference runtime's own threads, which Python doesn't know: looks, and the search for people in evidence."""


def cpu_s_by_part() -> dict[str, float]:
    """CPU seconds so far by part: capture, looks, events (evidence and writing), engine, and what runs beside."""
    names = {thread.native_id: part_of(thread.name) for thread in threading.enumerate()}
    spent: dict[str, float] = {}
    for task in Path("/proc/self/task").iterdir():
        try:
            fields = (task / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        ticks = int(fields[11]) + int(fields[12])
        part = names.get(int(task.name), ENGINE)
        spent[part] = spent.get(part, 0.0) + ticks / os.sysconf("SC_CLK_TCK")
    return spent


def part_of(thread_name: str) -> str:
    """
    >>> part_of("capture-patrol-3"), part_of("looks-0"), part_of("events"), part_of("MainThread")
    ('capture', 'looks', 'events', 'beside')
    """
    part = thread_name.partition("-")[0]
    return part if part in {"capture", "looks", "events", "films"} else "beside"


def spent_between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What was spent meanwhile, most first.

    >>> spent_between({"looks": 1.0}, {"looks": 3.0, "engine": 5.0})
    {'engine': 5.0, 'looks': 2.0}
    """
    spent = {part: round(cpu_s - before.get(part, 0.0), 2) for part, cpu_s in after.items()}
    return dict(sorted(spent.items(), key=lambda entry: -entry[1]))
