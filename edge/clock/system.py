"""The machine's own word on its clock: chrony's if it runs, else the kernel's.

Both only read; neither needs rights. chrony knows the offset best, but isn't everywhere; the kernel's flag is set by
every NTP client (chrony needs `rtcsync` for it, which is the default of Debian and Kylin).
"""

import ctypes
import shutil
import subprocess

from contract.events import ClockState
from edge.clock.reading import UNKNOWN, ClockReading

TIMEOUT_S = 2.0
_CORRECTION_FIELD, _LEAP_FIELD = 4, 13
_STA_UNSYNC, _STA_NANO = 0x0040, 0x2000
_TIME_ERROR = 5


class ChronySource:
    """``chronyc -c tracking``."""

    def __init__(self, program: str | None = None) -> None:
        self._program = program or shutil.which("chronyc")

    def read(self) -> ClockReading:
        if self._program is None:
            return UNKNOWN
        try:
            command = [self._program, "-c", "-n", "tracking"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return UNKNOWN
        return parse_tracking(done.stdout) if done.returncode == 0 else UNKNOWN


def parse_tracking(text: str) -> ClockReading:
    """One line of ``chronyc -c tracking``; its correction is what must be added, so the clock is ahead by its negative.

    >>> parse_tracking("C0A80101,192.168.1.1,3,1.0,0.0025,0,0,0,0,0,0,0,64,Normal")
    ClockReading(state=<ClockState.SYNCHRONISED: 'synchronised'>, offset_ms=-2.5)
    """
    fields = text.strip().split(",")
    if len(fields) <= _LEAP_FIELD:
        return UNKNOWN
    if fields[_LEAP_FIELD] == "Not synchronised":
        return ClockReading(ClockState.UNSYNCHRONISED)
    try:
        return ClockReading(ClockState.SYNCHRONISED, round(-1000 * float(fields[_CORRECTION_FIELD]), 3))
    except ValueError:
        return UNKNOWN


class _Timex(ctypes.Structure):
    """``struct timex`` of adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("microseconds", ctypes.c_long),
        ("tick", ctypes.c_long),
        ("rest", ctypes.c_long * 24),
    )


class KernelSource:
    """adjtimex(2): the kernel's own flag and what it has yet to correct."""

    def read(self) -> ClockReading:
        timex = _Timex()
        try:
            state = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)))
        except (OSError, AttributeError):
            return UNKNOWN  # no such call here
        return judge_kernel(state, timex.status, timex.offset)


def judge_kernel(state: int, status: int, offset: int) -> ClockReading:
    """The return value, status bits and offset (ns or µs, to be added) of adjtimex.

    >>> judge_kernel(0, 0x2001, 1_500_000)
    ClockReading(state=<ClockState.SYNCHRONISED: 'synchronised'>, offset_ms=-1.5)
    """
    if state < 0:
        return UNKNOWN
    if state == _TIME_ERROR or status & _STA_UNSYNC:
        return ClockReading(ClockState.UNSYNCHRONISED)
    per_ms = 1e6 if status & _STA_NANO else 1e3
    return ClockReading(ClockState.SYNCHRONISED, round(-offset / per_ms, 3) + 0.0)
