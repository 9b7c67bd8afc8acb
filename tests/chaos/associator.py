"""The associator as a process that works off an inbox, and dies by SIGKILL at the statement a test names."""

import argparse
import os
import signal
import sys
from datetime import datetime

from sqlalchemy import event

from central.services.association import Association
from central.services.posts import Post
from central.services.workingset import Bench
from central.simulation.world import ORIGIN
from central.store import inbox
from central.store.database import Database
from contract.clock import Clock, SystemClock, VirtualClock
from tests.central.parts import LAW
from tests.central.test_settling import rules_there


def main() -> None:
    """Prints ``ready``, then ``done`` once the inbox is empty; with --stay it goes on looking until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--holder", required=True)
    parser.add_argument("--at", help="A virtual clock that stands at this instant; the machine's otherwise.")
    parser.add_argument("--die-at", type=int, default=0, help="The statement before which the process dies.")
    parser.add_argument("--stay", action="store_true")
    wanted = parser.parse_args()
    clock: Clock = VirtualClock(datetime.fromisoformat(wanted.at)) if wanted.at else SystemClock()
    database = Database(wanted.database_url)
    if wanted.die_at:
        _die_at(database, wanted.die_at)
    association = Association(database, Bench(rules_there(), LAW, ORIGIN), clock, lambda: None, Post(wanted.holder))
    _say("ready")
    while True:
        if association.step():
            _say("step")
            continue
        if not wanted.stay:
            break
        _rest()
    with database.read() as connection:
        _say("done" if inbox.count_waiting(connection) == 0 else "left")
    database.close()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _rest() -> None:
    signal.sigtimedwait([signal.SIGUSR1], 0.5)  # a pause without the clock


def _die_at(database: Database, number: int) -> None:
    left = number

    @event.listens_for(database.engine, "before_cursor_execute")
    def _count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
