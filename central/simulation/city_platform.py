"""A municipal platform as a process: takes cases over HTTP, and goes wrong in all the ways platforms go wrong.

    POST /api/cases          {"ref", "rev", …} → {"code": 0, "data": {"id"}}; posted twice, it is there twice
    PUT  /api/cases/ID       the same content anew
    GET  /api/cases?ref=…    {"code": 0, "data": {"list": […]}}
    GET  /api/cases/ID       id, ref, rev, state, version
    GET  /api/all?page=N     500 a page
    POST /hook               a signed webhook; an id that comes again is dropped
    POST /control            {"faults": ["accept_then_hang", …], "mix": {"fail_500": 0.1}} · {"move": ID, "state": …}

`python -m central simulate-platform` starts it; the demo and the tests do.
"""

import json
import os
import random
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from central.services.delivery_signature import ID, verify
from central.simulation.platform_records import Record, Records
from contract.clock import Clock
from contract.errors import PermanentError

MOST_BYTES = 1024 * 1024
SEED = 1


class Fault(StrEnum):
    """What can go wrong with one write. `accept_…` has stored the case before it goes wrong."""

    FAIL_500 = "fail_500"
    BUSY_429 = "busy_429"
    DOWN_503 = "down_503"
    REFUSE_422 = "refuse_422"
    REFUSE_IN_200 = "refuse_in_200"
    """Status 200, and the refusal in the body."""
    DROP = "drop"
    """The connection breaks before anything is stored."""
    SLOW = "slow"
    ACCEPT_THEN_HANG = "accept_then_hang"
    ACCEPT_THEN_500 = "accept_then_500"
    ACCEPT_THEN_DROP = "accept_then_drop"
    ACCEPT_THEN_GARBAGE = "accept_then_garbage"
    ACCEPT_THEN_DIE = "accept_then_die"
    """The whole process ends."""
    ACCEPT_LATE = "accept_late"
    """Hangs, and stores the case when the sender has long given up waiting."""


@dataclass
class Moods:
    """Which fault the next write meets: those in the queue first, then by chance."""

    queued: deque[Fault] = field(default_factory=deque)
    mix: dict[Fault, float] = field(default_factory=dict)
    hang_s: float = 2.0
    late_s: float = 0.5
    slow_s: float = 0.2
    met: Counter[str] = field(default_factory=Counter)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(default_factory=lambda: random.Random(SEED))

    def next(self) -> Fault | None:
        with self._guard:
            fault = self.queued.popleft() if self.queued else self._drawn()
            self.met[fault or "none"] += 1
            return fault

    def _drawn(self) -> Fault | None:
        draw = self._random.random()
        for fault, share in self.mix.items():
            if draw < share:
                return fault
            draw -= share
        return None


@dataclass
class Platform:
    """What a request works on. `hook_key` checks webhooks; `knows_repeats` heeds Idempotency-Key."""

    records: Records
    clock: Clock
    moods: Moods = field(default_factory=Moods)
    knows_repeats: bool = False
    hook_key: bytes = b""
    moved: Callable[[Record], None] = lambda _record: None


class PlatformServer(ThreadingHTTPServer):
    """Listens on loopback; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, platform: Platform) -> None:
        self.platform = platform
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that gave up waiting is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: PlatformServer

    def do_POST(self) -> None:
        platform, path = self.server.platform, urlsplit(self.path).path
        body = self._body()
        if path == "/control":
            self._control(json.loads(body))
        elif path == "/hook":
            self._hook(body)
        elif path == "/api/cases":
            content = self._content(body)
            key = self.headers.get("Idempotency-Key", "") if platform.knows_repeats else ""
            self._write(lambda: platform.records.add(_ref(content), _rev(content), content, key))
        else:
            self._answer(404, {"code": 404, "msg": "no such path"})

    def do_PUT(self) -> None:
        content, number = self._content(self._body()), _number(urlsplit(self.path).path)
        if self.server.platform.records.find(number) is None:
            self._answer(404, {"code": 404, "msg": "no such case"})
            return
        self._write(lambda: self.server.platform.records.change(number, _rev(content), content))

    def do_GET(self) -> None:
        records, parts = self.server.platform.records, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/api/cases":
            found = [record.told() for record in records.by_ref(query.get("ref", ""))]
            self._answer(200, {"code": 0, "data": {"list": found}})
        elif parts.path == "/api/all":
            found = [record.told() for record in records.page(int(query.get("page", "1")))]
            self._answer(200, {"code": 0, "data": {"list": found}})
        elif parts.path == "/control":
            met = dict(self.server.platform.moods.met)
            self._answer(200, {"count": records.count(), "met": met})
        elif (record := records.find(_number(parts.path))) is not None:
            self._answer(200, {"code": 0, "data": record.told(), "content": records.content(record.number)})
        else:
            self._answer(404, {"code": 404, "msg": "no such case"})

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a test's output is the test's."""

    def _write(self, store: Callable[[], Record | None]) -> None:
        platform = self.server.platform
        moods, fault = platform.moods, platform.moods.next()
        match fault:
            case Fault.FAIL_500:
                self._answer(500, {"code": 500, "msg": "boom"})
            case Fault.BUSY_429:
                self._answer(429, {"code": 429, "msg": "busy"}, {"Retry-After": "1"})
            case Fault.DOWN_503:
                self._answer(503, {"code": 503, "msg": "maintenance"})
            case Fault.REFUSE_422:
                self._answer(422, {"code": 422, "msg": "field address is missing"})
            case Fault.REFUSE_IN_200:
                self._answer(200, {"code": 1, "msg": "no such grid"})
            case Fault.DROP:
                self._drop()
            case Fault.ACCEPT_LATE:
                platform.clock.sleep(moods.late_s)
                store()
                platform.clock.sleep(moods.hang_s)
            case Fault.SLOW:
                platform.clock.sleep(moods.slow_s)
                self._stored(store())
            case None:
                self._stored(store())
            case _:
                self._after(fault, store())

    def _after(self, fault: Fault, record: Record | None) -> None:
        """Stored, and then it goes wrong."""
        match fault:
            case Fault.ACCEPT_THEN_HANG:
                self.server.platform.clock.sleep(self.server.platform.moods.hang_s)
                self._stored(record)
            case Fault.ACCEPT_THEN_500:
                self._answer(500, {"code": 500, "msg": "index failed"})
            case Fault.ACCEPT_THEN_GARBAGE:
                self._raw(200, b"<html>proxy</html>", {})
            case Fault.ACCEPT_THEN_DIE:
                os._exit(9)
            case _:
                self._drop()

    def _stored(self, record: Record | None) -> None:
        self._answer(200, {"code": 0, "data": record.told() if record else {}})

    def _hook(self, body: bytes) -> None:
        platform = self.server.platform
        try:
            headers = {name.lower(): value for name, value in self.headers.items()}
            message_id = verify(platform.hook_key, headers, body, platform.clock.now())
        except PermanentError as error:
            self._answer(401, {"msg": str(error)})
            return
        content = json.loads(body)
        self._write(lambda: platform.records.add(content["case_id"], content["revision"], content, f"{ID}{message_id}"))

    def _control(self, wanted: dict[str, Any]) -> None:
        platform = self.server.platform
        moods = platform.moods
        moods.queued.extend(Fault(name) for name in wanted.get("faults", ()))
        if "mix" in wanted:
            moods.mix = {Fault(name): float(share) for name, share in wanted["mix"].items()}
        for name in ("hang_s", "late_s", "slow_s"):
            if name in wanted:
                setattr(moods, name, float(wanted[name]))
        if "move" in wanted:
            platform.moved(platform.records.move(_number(wanted["move"]), wanted["state"]))
        if "drop" in wanted:
            platform.records.drop(_number(wanted["drop"]))
        self._answer(200, {"count": platform.records.count()})

    def _body(self) -> bytes:
        return self.rfile.read(min(int(self.headers.get("Content-Length", "0")), MOST_BYTES))

    def _content(self, body: bytes) -> dict[str, Any]:
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return {name: values[0] for name, values in parse_qs(body.decode()).items()}
        found: dict[str, Any] = json.loads(body)
        return found

    def _answer(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(content, ensure_ascii=False).encode(), headers or {})

    def _raw(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _number(path: str) -> int:
    name = path.rpartition("/")[2].removeprefix("ZB-")
    return int(name) if name.isdecimal() else 0


def _ref(content: dict[str, Any]) -> str:
    return str(content.get("ref", ""))


def _rev(content: dict[str, Any]) -> int:
    return int(content.get("rev", 1))
