"""A sender as a process, with the machine's clock; it dies by SIGKILL at the point a test names."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta

from central.dispatching import Dispatching, Means
from central.flowrules import packaged_keeper
from central.ingest.address import parse_address
from central.services.delivery_sending import Point
from central.services.steps import Stepper
from central.store.database import Database
from central.targets import TargetsSettings
from contract.clock import SystemClock
from tests.central.builders import ORIGIN
from tests.central.delivery_parts import SECRETS
from tests.central.parts import LAW


def main() -> None:
    """Prints ``ready``; sends until it is killed, or kills itself at --die-at the --after-th time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--target", required=True, help="One target, JSON.")
    parser.add_argument("--worker", required=True)
    parser.add_argument("--die-at", default="")
    parser.add_argument("--after", type=int, default=1)
    wanted = parser.parse_args()
    means = Means(
        database=Database(wanted.database_url),
        clock=SystemClock(),
        law=LAW,
        plane=ORIGIN,
        broker=parse_address("mqtt://127.0.0.1:1"),
        stepper=Stepper(packaged_keeper()),
        worker=wanted.worker,
        environment=SECRETS,
        reached=_dying(wanted.die_at, wanted.after),
        slack=timedelta(seconds=1),
    )
    settings = TargetsSettings.model_validate({"origin": "zhangdian", "targets": [json.loads(wanted.target)]})
    Dispatching(settings, means).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.sigwait([signal.SIGTERM])
    os._exit(0)


def _dying(point: str, after: int) -> Callable[[Point], None]:
    left = after

    def reached(now: Point) -> None:
        nonlocal left
        if now == point:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached


if __name__ == "__main__":
    main()
