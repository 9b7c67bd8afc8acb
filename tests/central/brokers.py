"""Real brokers on a free loopback port, for the tests that need one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import iotcore

from deploy.broker import find_mosquitto, free_port, write_iotcore_config, write_mosquitto_config
from tests.daemons import daemon


@contextmanager
def embedded_broker(port: int | None = None) -> Iterator[int]:
    """iotcore (rumqttd) speaking MQTT 5 on loopback; gives its port."""
    port = port or free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = write_iotcore_config(Path(folder), port)
        with iotcore.Broker(config_path=str(config)):
            yield port


@contextmanager
def mosquitto() -> Iterator[int]:
    """Debian's mosquitto on loopback; gives its port."""
    program = find_mosquitto()
    assert program is not None
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = write_mosquitto_config(Path(folder), port)
        with daemon([program, "-c", str(config)], port, Path(folder)):
            yield port
