"""Real brokers on a free loopback port, for the tests that need one."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import iotcore

SYSTEM_PATH = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
"""Where Debian puts daemons; not always on a user's PATH."""

RUMQTTD = """
id = 0
[router]
id = 0
max_connections = 50
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
    [v5.1.connections]
    connection_timeout_ms = 60000
    max_payload_size = 262144
    max_inflight_count = 500
"""

MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_packet_size 262144
max_queued_messages 100000
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def embedded_broker(port: int | None = None) -> Iterator[int]:
    """iotcore (rumqttd) speaking MQTT 5 on loopback; gives its port."""
    port = port or free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "broker.toml"
        config.write_text(RUMQTTD.format(port=port), encoding="utf-8")
        with iotcore.Broker(config_path=str(config)):
            yield port


@contextmanager
def mosquitto() -> Iterator[int]:
    """Debian's mosquitto on loopback; gives its port."""
    program = shutil.which("mosquitto", path=SYSTEM_PATH)
    assert program is not None
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(MOSQUITTO.format(port=port), encoding="utf-8")
        process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.PIPE)
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if b"running" in line:
                    break
            yield port
        finally:
            process.terminate()
            process.communicate()
