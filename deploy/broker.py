"""The demo's broker: the one named by MQTT_URL, else a mosquitto on the PATH, else the embedded iotcore; on loopback.

Both local ones carry the product's payload limit (256 KiB; iotcore's own default of 20 KB would drop events).
"""

import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

MAX_PAYLOAD_BYTES = 256 * 1024

_MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_packet_size {limit}
max_queued_messages 100000
"""

_RUMQTTD = """\
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
    [v5.1.connections]
    connection_timeout_ms = 60000
    max_payload_size = {limit}
    max_inflight_count = 500
"""


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """Which broker the demo uses; `command` is None when somebody else runs it."""

    name: str
    url: str
    command: tuple[str, ...] | None
    port: int | None


def plan_broker(mqtt_url: str | None, folder: Path) -> BrokerPlan:
    """Chooses the broker and writes its configuration under `folder`; starts nothing."""
    if mqtt_url:
        return BrokerPlan("the one at MQTT_URL", mqtt_url, None, None)
    port = free_port()
    url = f"mqtt://127.0.0.1:{port}"
    mosquitto = find_mosquitto()
    if mosquitto is not None:
        return BrokerPlan("mosquitto", url, (mosquitto, "-c", str(write_mosquitto_config(folder, port))), port)
    config = write_iotcore_config(folder, port)
    program = "import sys, iotcore; iotcore.Broker(config_path=sys.argv[1]).run_forever()"
    return BrokerPlan("embedded iotcore", url, (sys.executable, "-c", program, str(config)), port)


def find_mosquitto() -> str | None:
    """The program, if it is installed; Debian puts it into /usr/sbin, which is not on a user's PATH."""
    return find_daemon("mosquitto")


def find_daemon(name: str) -> str | None:
    """A program on the PATH or where Debian puts daemons."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def write_mosquitto_config(folder: Path, port: int) -> Path:
    """A mosquitto on loopback that keeps nothing over a restart."""
    config = folder / "mosquitto.conf"
    config.write_text(_MOSQUITTO.format(port=port, limit=MAX_PAYLOAD_BYTES), encoding="utf-8")
    return config


def write_iotcore_config(folder: Path, port: int) -> Path:
    """An embedded rumqttd on loopback, MQTT 5 only."""
    config = folder / "rumqttd.toml"
    config.write_text(_RUMQTTD.format(port=port, limit=MAX_PAYLOAD_BYTES), encoding="utf-8")
    return config


def is_listening(port: int) -> bool:
    """Whether something on loopback takes connections at `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
