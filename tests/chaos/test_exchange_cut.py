"""Two real centrals share cases while the city's is killed and comes back: nothing missing, nothing double, no echo."""

import json
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

from central.api.access import CSRF_HEADER
from central.services.doors import csrf_of
from contract.clock import SystemClock
from contract.events import Event
from contract.taxonomy import Seen
from tests.central.builders import JPEG, Street, evidence_ref, minutes
from tests.central.served import ROOT, SITE

TOKEN = "operator-token"
GRID = "370303001001001"
AROUND = "POLYGON((118.03 36.79, 118.08 36.79, 118.08 36.84, 118.03 36.84, 118.03 36.79))"
PATIENCE_S = 90.0
CASES = 6


@dataclass
class Side:
    """One central: its folder, its port, and the process while it runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def configure(self, name: str, partner: str, side: str, other: int) -> None:
        self.folder.mkdir()
        url = f"http://127.0.0.1:{other}/api/v1/platforms/{name}"
        target = {"name": partner, "kind": "exchange", "side": side, "url": url, "secret": "shared", "timeout_s": 5}
        target["pace"] = {"first_s": 0.5, "longest_s": 2, "settle_s": 1}
        target["districts"] = [GRID[:6]] if side == "district" else []
        reached = f"http://127.0.0.1:{self.port}"
        text = yaml.safe_dump({"origin": name, "public_url": reached, "targets": [target]})
        (self.folder / "targets.yaml").write_text(text, encoding="utf-8")
        site = yaml.safe_load(SITE.read_text(encoding="utf-8"))
        site["registers"] = {"areas": [{"code": GRID, "name_zh": "单元网格", "name_en": "grid", "rings": AROUND}]}
        (self.folder / "site.yaml").write_text(yaml.safe_dump(site), encoding="utf-8")
        main = {"targets": str(self.folder / "targets.yaml"), "evidence_dir": str(self.folder / "evidence")}
        main |= {"database_url": f"sqlite:///{self.folder}/c.db", "mqtt_url": "mqtt://127.0.0.1:9"}
        main["site"] = str(self.folder / "site.yaml")
        (self.folder / "central.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")

    def start(self) -> None:
        command = [sys.executable, "-m", "central", "serve", "--config", str(self.folder / "central.yaml")]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNJIE_")}
        environment |= {"XUNJIE_OPERATOR_TOKEN": TOKEN, "XUNJIE_SECRET_SHARED": "a-secret-of-24-characters"}
        environment |= {"XUNJIE_NODE_TOKEN": TOKEN}
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

    def see(self, event: Event, picture: bytes) -> str:
        """A camera's finding with its picture becomes a case that waits for a person; gives its id."""
        node = event.data.node_id
        body = [json.loads(event.to_wire())]
        assert self.ask("POST", f"nodes/{node}/events", body) is not None
        until(lambda: bool(self.ask("GET", "cases?state=pending_review")["items"]))
        sha256 = event.data.evidence[0].sha256
        until(lambda: self._put(sha256, picture) < 300)
        return str(self.ask("GET", "cases?state=pending_review")["items"][0]["id"])

    def _put(self, sha256: str, picture: bytes) -> int:
        url, headers = f"http://127.0.0.1:{self.port}/api/v1/evidence/{sha256}", {"Authorization": f"Bearer {TOKEN}"}
        return httpx.put(url, headers=headers, content=picture, timeout=20).status_code

    def shows(self, case_id: str, sha256: str) -> bool:
        """Whether the case has the picture, and the picture is here."""
        found = self.ask("GET", f"cases/{case_id}") or {"evidence": []}
        return sha256 in {one["sha256"] for one in found["evidence"] if one["is_stored"]}

    def act(self, case_id: str, action: str, **said: object) -> None:
        assert self.ask("POST", f"cases/{case_id}/actions/{action}", said) is not None, action

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
    district.configure("zhangdian", "zibo", "city", city.port)
    city.configure("zibo", "zhangdian", "district", district.port)
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


def test_pictures_and_the_citys_own_cases_pass_through_a_killed_district(tmp_path: Path) -> None:
    district, city = Side(tmp_path / "district", free_port()), Side(tmp_path / "city", free_port())
    district.configure("zhangdian", "zibo", "city", city.port)
    city.configure("zibo", "zhangdian", "district", district.port)
    first, second = evidence_ref(JPEG), evidence_ref(JPEG + b"second")
    now = SystemClock().now()
    since = now - minutes(2)
    try:
        district.start()
        city.start()
        found = district.see(
            Street().event("grill", Seen.GRILL, (0, 0), first=since, last=now, evidence=(first,)), JPEG
        )
        district.act(found, "confirm")
        district.act(found, "report")
        until(lambda: city.shows(found, first.sha256))
        district.kill()
        own = city.see(
            Street().event("own", Seen.GRILL, (60, 0), first=since, last=now, evidence=(second,)), JPEG + b"second"
        )
        city.act(own, "confirm")
        city.act(own, "report")
        city.act(own, "accept")
        filed_by_another(city, own)
        city.act(own, "dispatch", department="zhangdian chengguan")
        district.start()
        until(lambda: district.state(own) == "dispatched" and district.shows(own, second.sha256))
        city.kill()
        district.act(own, "start")
        district.act(own, "finish")
        city.start()
        until(lambda: city.state(own) == "handled")
        for side in (district, city):
            assert len(side.ask("GET", "cases?limit=100")["items"]) == 2
    finally:
        district.kill()
        city.kill()


def filed_by_another(side: Side, case_id: str) -> None:
    """Two persons file: who reported may not."""
    url, first, second = f"http://127.0.0.1:{side.port}", "lark-on-the-roof-4", "heron-by-the-pond-9"
    leader = {"name": "leader", "password": first, "roles": ["shift_leader"]}
    assert side.ask("POST", "people", leader) is not None
    headers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=url, headers=headers, timeout=20) as client:
        client.post("/login", data={"name": "leader", "password": first})
        said = {"old": first, "new": second}
        client.post("/api/v1/me/password", json=said, headers=_word(client)).raise_for_status()
        client.post("/login", data={"name": "leader", "password": second})
        action = f"/api/v1/cases/{case_id}/actions/register"
        client.post(action, json={"condition": "ordered"}, headers=_word(client)).raise_for_status()


def _word(client: httpx.Client) -> dict[str, str]:
    """What the console's pages hold, so that no other site's form works."""
    (session,) = client.cookies.jar
    return {CSRF_HEADER: csrf_of(session.value or "")}
