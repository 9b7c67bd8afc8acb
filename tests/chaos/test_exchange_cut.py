"""Two real centrals share cases while the city's is killed and comes back: nothing missing, nothing double, no echo."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from contract.clock import SystemClock
from tests.central.served import ROOT, SITE

TOKEN = "operator-token"
PATIENCE_S = 90.0
CASES = 6


@dataclass
class Side:
    """One central: its folder, its port, and the process while it runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def configure(self, name: str, partner: str, side: str, url: str) -> None:
        self.folder.mkdir()
        target = {"name": partner, "kind": "exchange", "side": side, "url": url, "secret": "shared", "timeout_s": 5}
        target["pace"] = {"first_s": 0.5, "longest_s": 2, "settle_s": 1}
        text = yaml.safe_dump({"origin": name, "targets": [target]})
        (self.folder / "targets.yaml").write_text(text, encoding="utf-8")
        main = {"targets": str(self.folder / "targets.yaml"), "evidence_dir": str(self.folder / "evidence")}
        main |= {"database_url": f"sqlite:///{self.folder}/c.db", "mqtt_url": "mqtt://127.0.0.1:9", "site": str(SITE)}
        (self.folder / "central.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")

    def start(self) -> None:
        command = [sys.executable, "-m", "central", "serve", "--config", str(self.folder / "central.yaml")]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNJIE_")}
        environment |= {"XUNJIE_OPERATOR_TOKEN": TOKEN, "XUNJIE_SECRET_SHARED": "a-secret-of-24-characters"}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        until(lambda: self.ask("GET", "cases") is not None)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        try:
            url = f"http://127.0.0.1:{self.port}/api/v1/{path}"
            answer = httpx.request(method, url, headers=headers, json=body, timeout=20)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success and answer.content else {} if answer.is_success else None

    def state(self, case_id: str) -> str | None:
        found = self.ask("GET", f"cases/{case_id}")
        return None if not found else str(found["state"])


def until(holds: Callable[[], bool]) -> None:
    """Polls until it holds."""
    clock, pause = SystemClock(), threading.Event()
    deadline = clock.monotonic() + PATIENCE_S
    while not holds():
        assert clock.monotonic() < deadline
        pause.wait(0.2)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_cases_pass_through_a_killed_city(tmp_path: Path) -> None:
    district, city = Side(tmp_path / "district", free_port()), Side(tmp_path / "city", free_port())
    base = "http://127.0.0.1:{}/api/v1/platforms/{}"
    district.configure("zhangdian", "zibo", "city", base.format(city.port, "zhangdian") + "/cases")
    city.configure("zibo", "zhangdian", "district", base.format(district.port, "zibo") + "/replies")
    try:
        district.start()
        brought = {"kind": "open_bbq", "source": "inspector", "address": "Liuquan Road 12"}
        opened = [district.ask("POST", "cases", brought)["case_id"] for _ in range(CASES)]
        city.start()
        until(lambda: all(city.state(case_id) == "reported" for case_id in opened))
        city.kill()
        opened += [district.ask("POST", "cases", brought)["case_id"] for _ in range(CASES)]
        city.start()
        until(lambda: all(city.state(case_id) == "reported" for case_id in opened))
        district.kill()
        for case_id in opened:
            assert city.ask("POST", f"cases/{case_id}/actions/accept", {}) is not None
        district.start()
        until(lambda: all(district.state(case_id) == "accepted" for case_id in opened))
        for side in (district, city):
            assert len(side.ask("GET", "cases?limit=100")["items"]) == len(opened)
        assert district.ask("POST", f"cases/{opened[0]}/actions/decline", {"note": "ours?"}) is None
    finally:
        district.kill()
        city.kill()
