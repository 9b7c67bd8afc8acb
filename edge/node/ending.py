"""How a node's program ends where a thread of it does not: without tearing the interpreter down under it.

A runtime that is still inferring while Python finalises aborts the process ("terminate called"), and systemd reads an
orderly stop as a failure. What had to be kept is on disk by then: the outbox is closed before.
"""

import logging
import os
import sys
import threading

import structlog

_log = structlog.get_logger(__name__)


def leave(code: int, why: str | None = None) -> None:
    """Ends the program at once with `code` if any other thread still runs; returns if none does.

    `why` is said as the error that an exception would have told. Call it when everything has been closed.
    """
    left = sorted(thread.name for thread in threading.enumerate() if thread is not threading.current_thread())
    if not left:
        return
    if why is not None:
        _log.error("the program ends with an error", reason=why)
    _log.warning("threads did not end in time; the program ends without them", threads=left)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
