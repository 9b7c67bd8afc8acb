"""sd_notify(3) in a few lines: tells systemd that the node is up, alive, or ending. Nothing where systemd isn't."""

import socket
from collections.abc import Mapping
from contextlib import suppress

SEND_TIMEOUT_S = 1.0
"""A systemd that doesn't read must not hold the watchdog's thread."""


class Systemd:
    """One datagram a word; systemd that is gone costs nothing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # "@name" is Linux's abstract namespace, spelled with a leading zero byte.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self, status: str) -> None:
        self._say(f"READY=1\nSTATUS={status}")

    def alive(self, status: str) -> None:
        """Due at least every half ``WatchdogSec``."""
        self._say(f"WATCHDOG=1\nSTATUS={status}")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def _say(self, words: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(SEND_TIMEOUT_S)
            sock.sendto(words.encode(), self._address)
