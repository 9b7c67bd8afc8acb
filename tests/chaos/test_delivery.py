"""Delivery with processes that die: senders by kill -9 at marked points, the platform in the middle of a write."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from central.services.delivery_sending import Point
from central.store import delivery_audit, delivery_claims
from central.store.database import Database
from contract.clock import SystemClock
from contract.errors import TransientError
from deploy.broker import free_port
from tests.central.delivery_parts import CITY, Post
from tests.central.outage import STRUGGLING, assert_once, ride_out
from tests.central.served import ROOT

PATIENCE_S = 120.0
CASES = 60
QUICK = {
    "settle_s": 1.5,
    "first_s": 0.5,
    "longest_s": 3,
    "opens_after": 20,
}
"""The platform stores before it hangs, so that asking soon is late enough."""
TIMEOUT_S = 4.0
HANG_S = 7.0


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


_PLATFORM = "import typer; from central.commands.delivery import simulate_platform; typer.run(simulate_platform)"


@contextmanager
def process(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, *arguments]
    environment = os.environ | {"XUNJIE_SECRET_HOOK": "a-secret-of-24-characters"}
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        assert running.stdout.readline()
        drain = threading.Thread(target=running.stdout.read, daemon=True)
        drain.start()  # a full pipe would stop a talkative sender
        yield running
        running.kill()
        drain.join(PATIENCE_S)
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


@contextmanager
def platform(port: int, folder: Path, *flags: str) -> Iterator["subprocess.Popen[str]"]:
    arguments = ["--port", str(port), "--file", str(folder / "platform.db"), *flags]
    with process("-c", _PLATFORM, *arguments) as running:
        httpx.post(f"http://127.0.0.1:{port}/control", json={"hang_s": HANG_S})
        yield running


def sender(url: str, port: int, worker: str, die_at: str = "", after: int = 1) -> Any:
    target = {**CITY, "url": f"http://127.0.0.1:{port}/api/", "pace": QUICK, "timeout_s": TIMEOUT_S}
    arguments = ["--database-url", url, "--target", json.dumps(target), "--worker", worker]
    return process("-m", "tests.chaos.sender", *arguments, "--die-at", die_at, "--after", str(after))


def there(port: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for page in range(1, 100):
        items = httpx.get(f"http://127.0.0.1:{port}/api/all?page={page}").json()["data"]["list"]
        if not items:
            return found
        found.update(item["ref"] for item in items)
    return found


def until_settled(post: Post) -> None:
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_S
    while post.unsettled():
        assert clock.monotonic() < deadline, f"still under way: {left_over(post)}"
        clock.sleep(0.1)


def left_over(post: Post) -> list[str]:
    """What is not settled, and why."""
    with post.database.read() as connection:
        rows = delivery_audit.listed(connection, ["waiting", "sending", "uncertain", "dead"], None, 20)
        breaker = delivery_claims.breaker(connection, post.name)
    return [f"{row.state} {row.attempts}x {row.next_at:%M:%S} {row.problem}" for row in rows] + [str(breaker)]


def insist(confirm: Callable[[], str]) -> str:
    """SQLite's lock is given to whoever asks in a lucky moment; beside four busy senders a person asks again."""
    while True:
        with suppress(TransientError):
            return confirm()


def queue(database: Database, port: int, number: int) -> tuple[Post, list[str]]:
    post = Post(database, {**CITY, "url": f"http://127.0.0.1:{port}/api/"})
    post.clock.move_to(SystemClock().now())
    return post, [post.confirmed(str(name)) for name in range(number)]


@pytest.mark.parametrize("point", list(Point))
def test_a_sender_killed_at_a_marked_point_loses_and_doubles_nothing(
    url: str, database: Database, tmp_path: Path, point: Point
) -> None:
    port = free_port()
    with platform(port, tmp_path):
        if point is Point.ASKED:  # somebody must be in doubt before anybody asks
            httpx.post(f"http://127.0.0.1:{port}/control", json={"faults": ["accept_then_500"] * 5})
        post, ids = queue(database, port, 12)
        with sender(url, port, "doomed", point, 3) as doomed:
            assert doomed.wait(PATIENCE_S) == -signal.SIGKILL
        with sender(url, port, "heir"):
            until_settled(post)
        assert there(port) == Counter(ids)


def test_a_platform_that_dies_after_storing_has_each_case_once(url: str, database: Database, tmp_path: Path) -> None:
    port = free_port()
    post, ids = queue(database, port, 10)
    with sender(url, port, "one"), sender(url, port, "two"):
        for _ in range(3):
            with platform(port, tmp_path) as doomed:
                httpx.post(f"http://127.0.0.1:{port}/control", json={"faults": ["accept_then_die"]})
                ids.append(insist(lambda: post.confirmed(str(len(ids)))))
                assert doomed.wait(PATIENCE_S) == 9
        with platform(port, tmp_path):
            until_settled(post)
            assert there(port) == Counter(ids)


def test_senders_and_platform_die_all_the_time_and_each_case_is_there_once(
    url: str, database: Database, tmp_path: Path
) -> None:
    port = free_port()
    post, ids = queue(database, port, CASES)
    mix = [flag for fault, share in STRUGGLING.items() for flag in ("--fault", f"{fault}={share / 2}")]
    clock = SystemClock()
    for point in Point:
        with (
            platform(port, tmp_path, *mix),
            sender(url, port, f"steady-{point}"),
            sender(url, port, f"doomed-{point}", point, 4) as doomed,
        ):
            deadline = clock.monotonic() + 8
            while doomed.poll() is None and clock.monotonic() < deadline:
                clock.sleep(0.05)
    with platform(port, tmp_path), sender(url, port, "last"):
        until_settled(post)
        assert there(port) == Counter(ids)


def test_a_long_day_without_the_platform(url: str, database: Database, tmp_path: Path) -> None:
    day = ride_out(database, tmp_path, 400, timedelta(minutes=2))
    assert_once(day, tmp_path)
    assert len(day.told) == 400
    assert sum(day.met.values()) - day.met["none"] > 200, "the platform did struggle"
