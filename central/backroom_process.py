"""``python -m central.backroom_process``: the work behind the counter. Only a central process starts it."""

import os
import signal
import sys
import threading

from central.back import Back
from central.backroom import Order, Told
from central.foundation import lay_foundation
from central.logs import configure_logs
from central.services.feed import LiveFeed
from contract.clock import SystemClock
from contract.errors import PermanentError, TransientError, UsageError

TELL_EVERY_S = 1.0
_AT_ONCE = 4096


class Teller:
    """Tells our starter how we are: as soon as something was committed, and now and then. One thread."""

    def __init__(self, out_fd: int) -> None:
        self._out_fd = out_fd
        self._bell = threading.Event()
        self.is_over = threading.Event()

    def ring(self) -> None:
        """Something was committed. Any thread, never waits."""
        self._bell.set()

    def run(self, back: Back) -> None:
        """Until it is over, or nobody listens any more."""
        while not self.is_over.is_set():
            changed = self._bell.wait(TELL_EVERY_S)
            self._bell.clear()
            told = Told(state=back.state(), changed=changed)
            try:
                os.write(self._out_fd, told.model_dump_json().encode() + b"\n")
            except BrokenPipeError:
                return


def main() -> None:
    """Works until its input ends; whatever its group is told by a terminal or a supervisor is its starter's matter."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    teller = Teller(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no line of ours
    order = Order.model_validate_json(sys.stdin.buffer.readline())
    configure_logs(order.settings.log_format)
    base = lay_foundation(order.settings, SystemClock(), LiveFeed(teller.ring))
    back = Back(base, order.holder)
    back.start()
    telling = threading.Thread(target=teller.run, args=(back,), name="teller", daemon=True)
    telling.start()
    while os.read(sys.stdin.fileno(), _AT_ONCE):
        back.wake()
    back.stop()
    teller.is_over.set()
    teller.ring()
    telling.join()
    base.database.close()


if __name__ == "__main__":
    try:
        main()
    except (UsageError, TransientError, PermanentError) as error:
        sys.exit(f"backroom: {error}")
