"""Where messages wait between the broker's threads and intake: two bounded lanes, live ones taken first."""

import threading
from collections import deque

from central.domain.lanes import Lane
from central.services.intake import Delivery


class Lanes:
    """`put` holds its caller while a lane is full, and by TCP the broker. Thread-safe."""

    def __init__(self, capacity: int) -> None:
        """`capacity` messages a lane."""
        self._capacity = capacity
        self._lanes: dict[Lane, deque[Delivery]] = {lane: deque() for lane in Lane}
        self._guard = threading.Lock()
        self._has_come = threading.Condition(self._guard)
        self._has_room = threading.Condition(self._guard)
        self._wanted = 0
        self._is_closed = False

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def put(self, lane: Lane, delivery: Delivery) -> None:
        """Adds to a lane as soon as it has room; after `close` the message is dropped (the broker has it still)."""
        with self._guard:
            waiting = self._lanes[lane]
            while len(waiting) >= self._capacity and not self._is_closed:
                self._has_room.wait()
            if self._is_closed:
                return
            waiting.append(delivery)
            if self._wanted and len(self) >= self._wanted:
                self._wanted = 0
                self._has_come.notify()

    def take(self, limit: int, timeout_s: float, gather_s: float) -> list[Delivery]:
        """Up to `limit`: waits `timeout_s` for the first, then `gather_s` for the rest. For one thread."""
        with self._guard:
            if not self._await(1, timeout_s):
                return []
            self._await(limit, gather_s)
            taken: list[Delivery] = []
            for lane in Lane:
                waiting = self._lanes[lane]
                while waiting and len(taken) < limit:
                    taken.append(waiting.popleft())
            self._has_room.notify_all()
            return taken

    def close(self) -> None:
        """Lets those go who wait for room."""
        with self._guard:
            self._is_closed = True
            self._has_room.notify_all()
            self._has_come.notify_all()

    def _await(self, count: int, timeout_s: float) -> bool:
        """Whether `count` wait, after at most `timeout_s`. Only the message that makes them full wakes the taker."""
        if len(self) < count and not self._is_closed:
            self._wanted = count
            self._has_come.wait(timeout_s)
            self._wanted = 0
        return len(self) >= count
