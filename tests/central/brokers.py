"""Real brokers on a free loopback port, for the tests that need one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import iotcore

from deploy.broker import find_mosquitto, write_iotcore_config, write_mosquitto_config
from tests.daemons import READY_S, daemon
from tests.ports import free_port


@contextmanager
def embedded_broker(port: int | None = None) -> Iterator[int]:
    """iotcore (rumqttd) speaking MQTT 5 on loopback; gives its port."""
    port = port or free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = write_iotcore_config(Path(folder), port)
        with listening(config):
            yield port


@contextmanager
def listening(config: Path) -> Iterator[None]:
    """iotcore with this configuration, given as long to begin as any other program of a test."""
    broker = iotcore.Broker(config_path=str(config))
    broker.start(READY_S)
    try:
        yield
    finally:
        broker.stop(READY_S)


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
