"""A small TCP proxy that does to a connection what streets do to cables: cut, stall, swallow, dribble."""

import random
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from tests.edge.waiting import PATIENCE_S


@dataclass
class FaultProxy:
    """Listens on loopback, forwards to `target_port`. Thread-safe; `close` ends it.

    Attributes:
        cut_every: bytes after which a connection is cut without a goodbye; 0 is never.
        largest: bytes forwarded in one piece; 1 dribbles. Pieces are drawn from 1 to this, by `seed`.
    """

    target_port: int
    cut_every: int = 0
    largest: int = 65536
    seed: int = 1
    cuts: int = 0
    port: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _ends: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _flowing: threading.Event = field(default_factory=threading.Event)
    _is_swallowing: bool = False

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._flowing.set()
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self.port = int(self._listening.getsockname()[1])
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def cut(self) -> None:
        """Both sides see every connection break; the next one works again."""
        self.cuts += 1
        with self._guard:
            ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def stall(self) -> None:
        """Bytes wait, connections stay up."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    def swallow(self, is_on: bool) -> None:
        """Bytes vanish while connections stay up: a half-open line."""
        self._is_swallowing = is_on

    def close(self) -> None:
        self._flowing.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join(PATIENCE_S)
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._guard:
                self._ends += [near, far]
            for source, target in ((near, far), (far, near)):
                thread = threading.Thread(target=self._forward, args=(source, target), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        left = self.cut_every
        with suppress(OSError):
            while content := source.recv(self._random.randint(1, self.largest)):
                self._flowing.wait()
                if self._is_swallowing:
                    continue
                target.sendall(content)
                left -= len(content)
                if self.cut_every and left <= 0:
                    self.cuts += 1
                    break
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()
