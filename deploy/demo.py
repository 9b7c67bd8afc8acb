"""``make demo``: starts a broker, central and one node here, says where to look, and stops them all on Ctrl-C.

Process supervision and nothing else. Needs no root and no torch. Environment:

    MQTT_URL=mqtt://host:port      a broker of your own instead of a local one
    SOURCE=rtsp://… | clip.mp4     your own camera beside the rendered ones
    CAMERAS=2                      how many rendered cameras (1..4; default 4)
    PORT=8080                      the console's port (default: a free one)
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import httpx
import yaml

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from deploy.broker import BrokerPlan, free_port, is_listening, plan_broker  # noqa: E402  # after the path is set

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.1


class DemoError(Exception):
    """The demo can't go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the demo."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Supervisor:
    """Starts parts in order, watches them, stops them in reverse order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[Part] = []

    def start(self, name: str, command: tuple[str, ...], environment: Mapping[str, str] | None = None) -> Part:
        """Starts `command` with its output in ``NAME.log``."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches the supervisor only, which then stops the parts in order.
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        part = Part(name, process, log)
        self._parts.append(part)
        return part

    def check(self) -> None:
        """Raises DemoError when a part has ended by itself, with the end of its log."""
        for part in self._parts:
            code = part.process.poll()
            if code is not None:
                tail = "\n".join(part.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
                raise DemoError(f"{part.name} ended with code {code}; {part.log} says:\n{tail}")

    def stop(self) -> None:
        """Asks each part to stop, last started first; kills what does not."""
        for part in reversed(self._parts):
            if part.process.poll() is not None:
                continue
            part.process.terminate()
            try:
                part.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()


def main() -> int:
    arguments = _parse_arguments()
    folder: Path = arguments.state_dir
    _make_fresh(folder)
    supervisor = Supervisor(folder)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _run(supervisor, folder, arguments)
    except DemoError as error:
        _say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _say("\nstopping …")
    finally:
        supervisor.stop()
    _say("stopped; nothing is left running")
    return 0


def _run(supervisor: Supervisor, folder: Path, arguments: argparse.Namespace) -> None:
    started_s = time.monotonic()
    broker = plan_broker(os.environ.get("MQTT_URL"), folder)
    _start_broker(supervisor, broker)
    port = arguments.port or free_port()
    operator_token, node_token = secrets.token_urlsafe(16), secrets.token_urlsafe(24)
    console = f"http://127.0.0.1:{port}"
    _start_central(supervisor, folder, broker.url, port, {"operator": operator_token, "node": node_token})
    _wait_until(supervisor, "central", lambda: _answers(f"{console}/api/v1/health"))
    _start_node(supervisor, folder, arguments, broker.url, console, node_token)
    _wait_until(supervisor, "the node's cameras", lambda: _node_is_live(console, operator_token))
    _say(f"ready in {time.monotonic() - started_s:.1f} s (broker: {broker.name})\n")
    _say(f"console: {console}/")
    _say(f"token: {operator_token}")
    _say(f"\nOpen {console}/?token={operator_token}")
    _say("In the next two minutes: a stall, a barbecue and a waste fire become one case each; a stall inside its zone")
    _say("stays a lawful record. Ctrl-C stops everything.")
    while True:
        supervisor.check()
        time.sleep(1.0)


def _start_broker(supervisor: Supervisor, broker: BrokerPlan) -> None:
    if broker.command is None or broker.port is None:
        return
    port = broker.port
    supervisor.start("broker", broker.command)
    _wait_until(supervisor, f"the broker ({broker.name})", lambda: is_listening(port))


def _start_central(supervisor: Supervisor, folder: Path, mqtt_url: str, port: int, tokens: Mapping[str, str]) -> None:
    if is_listening(port):
        raise DemoError(f"port {port} is in use; choose another with PORT=… or leave it out")
    command = (
        *(sys.executable, "-m", "central", "serve"),
        *("--database-url", f"sqlite:///{folder / 'central.db'}"),
        *("--evidence-dir", str(folder / "central-evidence")),
        *("--mqtt-url", mqtt_url, "--site", str(ROOT / "configs" / "site" / "demo.yaml")),
        *("--host", "127.0.0.1", "--port", str(port)),
    )
    environment = {"XUNJIE_OPERATOR_TOKEN": tokens["operator"], "XUNJIE_NODE_TOKEN": tokens["node"]}
    supervisor.start("central", command, environment)


def _start_node(
    supervisor: Supervisor,
    folder: Path,
    arguments: argparse.Namespace,
    mqtt_url: str,
    console: str,
    node_token: str,
) -> None:
    config = _node_config(folder, arguments)
    command = (
        *(sys.executable, "-m", "edge", "run", "--config", str(config)),
        *("--mqtt-url", mqtt_url, "--central-url", console, "--state-dir", str(folder / "edge")),
    )
    supervisor.start("node", command, {"XUNJIE_SECRET_NODE_TOKEN": node_token})


def _node_config(folder: Path, arguments: argparse.Namespace) -> Path:
    """The demo's node with as many rendered cameras as asked for, and the visitor's own if there is one."""
    template = ROOT / "configs" / "edge" / "demo.yaml"
    content = yaml.safe_load(template.read_text(encoding="utf-8"))
    content["cameras"] = content["cameras"][: arguments.cameras]
    if arguments.source:
        content["cameras"].append({"camera_id": "source", "source": _own_source(arguments.source)})
    content["policies"] = str((template.parent / content["policies"]).resolve())
    del content["state_dir"]
    config = folder / "node.yaml"
    config.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return config


def _own_source(source: str) -> str:
    if "://" in source:
        return source
    path = Path(source).expanduser().resolve()
    if not path.is_file():
        raise DemoError(f"SOURCE={source}: no such file; give a clip's path or rtsp://…")
    return str(path)


def _wait_until(supervisor: Supervisor, what: str, is_ready: Callable[[], bool]) -> None:
    """Shows a line that counts seconds until `is_ready`; raises DemoError when it takes too long."""
    started_s = time.monotonic()
    while not is_ready():
        supervisor.check()
        waited_s = time.monotonic() - started_s
        if waited_s > READY_TIMEOUT_S:
            raise DemoError(f"{what} did not get ready in {READY_TIMEOUT_S:.0f} s; see the logs in var/demo")
        if sys.stdout.isatty():
            print(f"\rwaiting for {what} … {waited_s:.0f} s", end="", flush=True)
        time.sleep(POLL_S)
    _say(f"\r{what}: up after {time.monotonic() - started_s:.1f} s     ".rstrip())


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _node_is_live(console: str, token: str) -> bool:
    """Whether central knows of a node with a live camera."""
    try:
        response = httpx.get(
            f"{console}/api/v1/nodes", headers={"authorization": f"Bearer {token}"}, timeout=1.0, trust_env=False
        )
    except httpx.HTTPError:
        return False
    return response.is_success and '"live"' in response.text


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default=os.environ.get("SOURCE"), help="your own camera: rtsp://… or a clip")
    parser.add_argument("--cameras", type=int, choices=range(1, 5), default=int(os.environ.get("CAMERAS", "4")))
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("PORT", "0")), help="console; 0 takes a free one"
    )
    parser.add_argument("--state-dir", type=Path, default=ROOT / "var" / "demo", help="emptied at start")
    return parser.parse_args()


def _make_fresh(folder: Path) -> None:
    """Every demo starts from nothing; the last one's files stay until the next."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
