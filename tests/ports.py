"""Ports for programs that have to be told theirs, and for what nobody listens at: no other test is given the same."""

import random
import socket

ANY = range(10_000, 32_768)
"""Below the ports that Linux gives to whoever asks for any one: a server or a connection of another test."""
_CHANCE = random.SystemRandom()  # the seeded one draws the same numbers in every test process


def free_port() -> int:
    """A loopback port that is free, and stays ours for as long as this process lives, listened at or not.

    A port that was only found free may be found again by another test process before anybody listens there: its broker
    is then talked to instead of our own. Whoever takes one here holds its name, too; the system lets go of the names of
    a process that has ended.
    """
    for port in _CHANCE.sample(ANY, 100):
        if _is_free(port) and _take(port):
            return port
    raise AssertionError(f"no free port among a hundred of {ANY.start} to {ANY.stop}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _take(port: int) -> bool:
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0xunjie-test-port-{port}")
    except OSError:
        name.close()
        return False
    name.detach()  # open until the process ends
    return True
