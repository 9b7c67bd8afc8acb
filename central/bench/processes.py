"""The broker and the service of a measurement, each a process of its own on loopback, ended with the block."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from contract.clock import Clock
from contract.errors import TransientError

START_S = 60.0
POLL_S = 0.1
_MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_packet_size 262144
max_queued_messages 200000
max_inflight_messages 1000
"""
_RUMQTTD = """\
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[{name}]
name = "{name}"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
    [{name}.connections]
    connection_timeout_ms = 60000
    max_payload_size = 262144
    max_inflight_count = 500
"""
_IOTCORE = "import sys, iotcore; iotcore.Broker(config_path=sys.argv[1]).run_forever()"


@dataclass(frozen=True, slots=True)
class BrokerProcess:
    """A broker on loopback."""

    name: str
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Service:
    """`python -m central serve`."""

    pid: int
    url: str
    token: str = ""

    def health(self) -> dict[str, object]:
        """What it says about itself; empty while it does not answer."""
        try:
            with build_opener(ProxyHandler({})).open(f"{self.url}api/v1/health", timeout=10) as answer:
                found = json.load(answer)
        except (URLError, OSError):
            return {}
        return found if isinstance(found, dict) else {}


@contextmanager
def broker(folder: Path, protocol: str, clock: Clock) -> Iterator[BrokerProcess]:
    """mosquitto where it is installed, else the embedded iotcore.

    Raises:
        TransientError: it does not start; the message says where its log lies.
    """
    port = _free_port()
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    config = folder / "broker.conf"
    if mosquitto is not None:
        config.write_text(_MOSQUITTO.format(port=port), encoding="utf-8")
        command, name = [mosquitto, "-c", str(config)], "mosquitto"
    else:
        listener = "v5.1" if protocol == "5" else "v4.1"
        config.write_text(_RUMQTTD.format(port=port, name=listener), encoding="utf-8")
        command, name = [sys.executable, "-c", _IOTCORE, str(config)], "iotcore"
    with _running(command, folder / "broker.log") as process:
        _wait(process, lambda: _answers(port), clock, f"the broker; see {folder / 'broker.log'}")
        yield BrokerProcess(name, port, process.pid)


@contextmanager
def service(
    folder: Path,
    database_url: str,
    port: int,
    roles: str,
    protocol: str,
    clock: Clock,
    settings: str = "",
    program: str = "central",
) -> Iterator[Service]:
    """Central with those roles on that database, connected to the broker at `port`; `settings` are further YAML lines.

    `program`: the module that is run; another one than central does something beside it.

    Raises:
        TransientError: it does not start or does not connect; the message says where its log lies.
    """
    config, log = folder / "central.yaml", folder / "central.log"
    config.write_text(f"mqtt_protocol: {protocol}\nroles: [{roles}]\n{settings}", encoding="utf-8")
    command = [sys.executable, "-m", program, "serve", "--json", "--port", "0", "--config", str(config)]
    command += ["--database-url", database_url, "--evidence-dir", str(folder / "evidence")]
    command += ["--mqtt-url", f"mqtt://127.0.0.1:{port}", "--log-format", "json"]
    with _running(command, log, speaks=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            raise TransientError(f"central did not start: {log.read_text(encoding='utf-8').strip()[-500:]}")
        said = json.loads(first)
        running = Service(process.pid, said["console"], said.get("token", ""))
        _wait(process, lambda: running.health().get("broker_connected") is True, clock, f"central; see {log}")
        yield running


@contextmanager
def simulated_platform(folder: Path, name: str, *flags: str) -> Iterator[str]:
    """A simulated city platform; gives its address.

    Raises:
        TransientError: it does not start; the message says where its log lies.
    """
    log = folder / f"{name}.log"
    command = [sys.executable, "-m", "central", "simulate-platform", "--file", str(folder / f"{name}.db"), *flags]
    with _running(command, log, speaks=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            raise TransientError(f"the platform did not start: {log.read_text(encoding='utf-8').strip()[-500:]}")
        yield json.loads(first)["platform"]


@contextmanager
def _running(command: list[str], log: Path, speaks: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as words:
        output = subprocess.PIPE if speaks else words
        process = subprocess.Popen(command, stdout=output, stderr=words, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)  # central itself waits 45 s for its backroom
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait(process: subprocess.Popen[bytes], is_ready: Callable[[], bool], clock: Clock, what: str) -> None:
    deadline = clock.monotonic() + START_S
    while not is_ready():
        if process.poll() is not None or clock.monotonic() > deadline:
            raise TransientError(f"could not start {what}")
        clock.sleep(POLL_S)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
