"""Brokers that can be killed, guarded and cut off, on fixed ports of loopback."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.broker import find_daemon, find_mosquitto
from tests.daemons import daemon
from tests.edge.waiting import PATIENCE_S

CONFIG = """
user root
listener {port} 127.0.0.1
persistence false
max_packet_size 262144
max_queued_messages 100000
"""


@contextmanager
def mosquitto_on(port: int, folder: Path, user: str = "", password: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Debian's mosquitto, forgetful, on `port`; with a user it lets in nobody else. Gives the process, to be killed."""
    program = find_mosquitto()
    assert program is not None, "run `make test-deps`"
    config = folder / f"mosquitto-{port}.conf"
    guard = "allow_anonymous true"
    if user:
        words = folder / "passwords"
        maker = find_daemon("mosquitto_passwd")
        assert maker is not None
        subprocess.run([maker, "-b", "-c", str(words), user, password], check=True, capture_output=True)
        guard = f"allow_anonymous false\npassword_file {words}"
    config.write_text(CONFIG.format(port=port) + guard + "\n", encoding="utf-8")
    with daemon([program, "-c", str(config)], port, folder) as process:
        yield process


class Wire:
    """The cable between node and broker: forwards bytes until it is cut; the next connection works again."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._guard, self._ends = threading.Lock(), list[socket.socket]()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        """Both sides see the connection break; nobody says goodbye."""
        with self._guard:
            ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join(PATIENCE_S)
        self.cut()
        for thread in self._threads[1:]:
            thread.join(PATIENCE_S)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._broker_port), timeout=PATIENCE_S)
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

    @staticmethod
    def _forward(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                target.sendall(content)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()
