"""A process made to be killed: appends events to an outbox and settles some, saying each step on standard output.

    python -m tests.edge.append_events OUTBOX

``a 7``: append returned with number 7. ``s 7``: 7 is about to be settled.
"""

import sys
from pathlib import Path

from contract.clock import SystemClock
from contract.events import Event
from contract.ids import StreamId
from contract.receipts import Receipt
from edge.outbox.sqlite import Outbox
from tests.contract.builders import event


def build(stream_id: StreamId, seq: int) -> Event:
    return event(stream_id=stream_id, seq=seq)


def main(path: Path) -> None:
    outbox = Outbox(path, "node-1", SystemClock())
    while True:
        seq = outbox.append(build).data.seq
        sys.stdout.write(f"a {seq}\n")
        sys.stdout.flush()
        if seq % 5 == 0:
            sys.stdout.write(f"s {seq - 3}\n")
            sys.stdout.flush()
            outbox.settle(Receipt(stream_id=outbox.stream_id, acked=((seq - 3, seq - 3),)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
