"""Long calculations in a process of their own: in ours they would hold up every thread for as long as they take.

Python runs one thread at a time. What computes for half a minute beside the service makes each commit and each console
wait for its turn again and again; in a process with the lowest priority it costs them nothing where a core is free.
"""

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

from contract.errors import TransientError

NICENESS = 15
Answer = TypeVar("Answer")


def apart(work: Callable[..., Answer], *facts: object) -> Answer:
    """What ``work(*facts)`` gives. `work` is a function of a module; it, the facts and the answer must be picklable.

    The process starts anew (a copy of ours would hold our connections) and dies with ours.

    Raises:
        TransientError: it ended without an answer; too little memory, mostly.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer, args=(theirs, work), name="central-apart", daemon=True)
    process.start()
    theirs.close()
    try:
        ours.send(facts)  # not with the start: who dies before it has read that leaves its starter waiting
        answer: Answer = ours.recv()
    except (EOFError, OSError) as error:
        process.join()
        raise TransientError(f"a calculation ended without an answer (exit code {process.exitcode})") from error
    finally:
        ours.close()
    process.join()
    return answer


def _answer(line: Connection, work: Callable[..., object]) -> None:
    os.nice(NICENESS)
    line.send(work(*line.recv()))
