"""``python -m central.bench.tidied …``: central that gives back unused memory when it gets SIGUSR1.

What a console costs is a difference of two sizes of the process; garbage that waits and freed pages that lie about
would be most of it. The program is otherwise the same.
"""

import ctypes
import gc
import runpy
import signal


def tidy(*_: object) -> None:
    """Collects garbage and hands free pages back to the system (glibc)."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, tidy)
    runpy.run_module("central", run_name="__main__", alter_sys=True)
