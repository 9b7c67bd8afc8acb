"""What pictures leave behind in the heaps goes back to the system, now and then."""

import subprocess
import sys
from pathlib import Path

from contract.clock import VirtualClock
from edge.heap import SWEEP_EVERY_S, Sweep, sweep
from tests.edge.fakes import T0


def test_the_heap_is_swept_once_a_minute_however_often_the_chore_is_called() -> None:
    clock, swept = VirtualClock(T0), list[float]()
    chore = Sweep(clock.monotonic, lambda: swept.append(clock.monotonic()))
    for _ in range(60):
        chore()
        clock.sleep(SWEEP_EVERY_S / 20)
    assert len(swept) == 2


def test_a_sweep_hands_freed_pieces_back() -> None:
    program = "from tests.edge.test_heap import grow_and_sweep; print(*grow_and_sweep())"  # a heap nobody used before
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300)
    grown, left = map(int, said.stdout.split())
    assert grown > 10_000
    assert left < grown / 2


def grow_and_sweep() -> tuple[int, int]:
    """By how many pages memory grew with many pieces, and what of it is left when nearly all are freed and swept."""
    before = resident_pages()
    pieces = [b"\1" * (20_000 + number) for number in range(3000)]
    kept = pieces[::50]
    grown = resident_pages() - before
    del pieces
    sweep()
    left = resident_pages() - before
    del kept
    return grown, left


def resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
