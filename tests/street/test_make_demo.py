"""``make demo`` as a visitor runs it: real processes, a real broker, the real model on rendered cameras."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port

LIMIT_S = 400.0
"""Two minutes of the street, and room for a busy machine; the test ends as soon as everything has appeared."""
ENDS_S = 120.0
"""For the demo to start or to stop its parts, of which central may take 45 s."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo printed."""

    process: subprocess.Popen[str]
    console: str
    token: str

    def get(self, path: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return httpx.get(self.console + path, headers=headers, timeout=60.0, trust_env=False)


@contextmanager
def running_demo(folder: Path, *arguments: str) -> Iterator[Demo]:
    command = [sys.executable, "-m", "deploy.demo", "--state-dir", str(folder / "demo"), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        printed = {}
        for line in process.stdout:
            name, _, value = line.strip().partition(": ")
            printed[name] = value
            if name == "token":
                break
        assert {"console", "token"} <= set(printed), f"the demo ended early and printed {printed}"
        yield Demo(process, printed["console"].rstrip("/"), printed["token"])
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=ENDS_S)


def until(demo: Demo, wanted: dict[tuple[str | None, str], int]) -> list[dict[str, object]]:
    """The cases once those wanted are among them: asks again on each line of the event stream (it beats when idle)."""
    deadline = time.monotonic() + LIMIT_S
    headers = {"authorization": f"Bearer {demo.token}"}
    url = f"{demo.console}/api/v1/events/stream"
    items: list[dict[str, object]] = []
    with httpx.stream("GET", url, headers=headers, timeout=60.0, trust_env=False) as stream:
        for _ in stream.iter_lines():
            items = demo.get("/api/v1/cases?limit=100").json()["items"]
            found = Counter((case["kind"], case["state"]) for case in items)
            if all(found[key] >= count for key, count in wanted.items()):
                return items
            if time.monotonic() > deadline:
                break
    pytest.fail(f"after {LIMIT_S:.0f} s there were only {json.dumps(items, ensure_ascii=False)[:2000]}")


WANTED: dict[tuple[str | None, str], int] = {
    ("road_occupation", "pending_review"): 1,
    ("open_bbq", "pending_review"): 1,
    ("waste_burning", "pending_review"): 1,
    (None, "suppressed"): 1,
}


def test_a_visitor_sees_each_thing_once_with_evidence_and_the_lawful_stall_stays_a_record(tmp_path: Path) -> None:
    """Two overlapping cameras; what is found comes from the model, never from the scene's truth."""
    with running_demo(tmp_path, "--cameras", "2", "--port", str(free_port())) as demo:
        items = until(demo, WANTED)
        details = [demo.get(f"/api/v1/cases/{case['id']}").json() for case in items]
    violations = Counter(case["kind"] for case in items if case["state"] == "pending_review")
    assert violations == {"road_occupation": 1, "open_bbq": 1, "waste_burning": 1}
    assert all(detail["evidence"] for detail in details)


def test_ctrl_c_stops_every_part_and_frees_the_port(tmp_path: Path) -> None:
    with running_demo(tmp_path, "--cameras", "1", "--port", str(free_port())) as demo:
        assert demo.get("/api/v1/health").is_success
        demo.process.send_signal(signal.SIGINT)
        rest, _ = demo.process.communicate(timeout=ENDS_S)
    assert demo.process.returncode == 0
    assert "nothing is left running" in rest
    with pytest.raises(httpx.ConnectError):
        demo.get("/api/v1/health")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with running_demo(tmp_path, "--cameras", "1") as demo:
        port = demo.console.rpartition(":")[2]
        command = [sys.executable, "-m", "deploy.demo", "--state-dir", str(tmp_path / "second"), "--port", port]
        second = subprocess.run(command, capture_output=True, text=True, timeout=ENDS_S, check=False)
    assert second.returncode == 1
    assert f"error: port {port} is in use" in second.stdout
    assert "Traceback" not in second.stdout + second.stderr
