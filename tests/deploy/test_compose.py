"""The compose file, the broker's file and the node's file beside it say the same and name what exists."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.broker import MAX_PAYLOAD_BYTES, plan_broker
from edge.settings import load_node
from tests.daemons import daemon
from tests.deploy.commands import check_words
from tests.house.source import ROOT
from tests.ports import free_port

COMPOSE = ROOT / "deploy" / "compose.yaml"
BROKER = ROOT / "configs" / "mosquitto" / "mosquitto.conf"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
NODE = load_node(ROOT / "configs" / "edge" / "compose.yaml")


def broker_settings() -> dict[str, str]:
    lines = (line.split("#")[0].strip() for line in BROKER.read_text(encoding="utf-8").splitlines())
    return dict(line.split(maxsplit=1) for line in lines if line)


def test_what_the_file_mounts_and_builds_exists() -> None:
    for name, service in SERVICES.items():
        if "build" in service:
            context = COMPOSE.parent / service["build"]["context"]
            assert (context / service["build"]["dockerfile"]).is_file(), name
        for source in (volume.split(":")[0] for volume in service["volumes"]):
            assert not source.startswith(".") or (COMPOSE.parent / source).is_file(), f"{name}: {source}"


def test_the_named_volumes_and_networks_are_declared() -> None:
    content = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    named = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert {name for name in named if not name.startswith(".")} == set(content["volumes"])
    assert {name for service in SERVICES.values() for name in service["networks"]} == set(content["networks"])


@pytest.mark.parametrize(("service", "program"), [("central", "central"), ("node", "edge")])
def test_commands_name_existing_flags_and_files(service: str, program: str) -> None:
    words = SERVICES[service]["command"]
    check_words(program, words)
    for word in words:
        if "=/app/" in word:
            assert (ROOT / word.split("=/app/")[1]).is_file(), word


def test_only_the_console_is_published_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"central": ["127.0.0.1:8080:8080"]}
    assert SERVICES["mosquitto"]["networks"] == ["inside"]
    assert yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["networks"]["inside"]["internal"] is True


def test_no_secret_is_written_down_and_a_missing_one_stops_the_start() -> None:
    secrets = {
        key: value
        for service in SERVICES.values()
        for key, value in service.get("environment", {}).items()
        if key.endswith("TOKEN")
    }
    assert set(secrets) == {"XUNJIE_OPERATOR_TOKEN", "XUNJIE_NODE_TOKEN", "XUNJIE_SECRET_NODE_TOKEN"}
    for key, value in secrets.items():
        assert re.fullmatch(r"\$\{XUNJIE_(OPERATOR|NODE)_TOKEN:\?[^}]+\}", value), key


def test_the_node_talks_to_the_services_of_the_file_and_keeps_its_state_in_the_volume() -> None:
    assert NODE.uplink.mqtt_url == "mqtt://mosquitto:1883"
    assert NODE.uplink.central_url == "http://central:8080"
    assert {"mosquitto", "central"} <= set(SERVICES)
    assert f"node:{NODE.state_dir}" in SERVICES["node"]["volumes"]


def test_the_nodes_cameras_are_two_of_the_demos() -> None:
    demo = load_node(ROOT / "configs" / "edge" / "demo.yaml").cameras
    assert len(NODE.cameras) == 2
    assert set(NODE.cameras) <= set(demo)


def test_the_broker_takes_what_a_node_may_send_and_survives_a_restart() -> None:
    settings = broker_settings()
    assert int(settings["max_packet_size"]) == MAX_PAYLOAD_BYTES
    assert int(settings["max_queued_messages"]) >= 100_000
    assert settings["persistence"] == "true"
    assert f"mosquitto:{settings['persistence_location'].rstrip('/')}" in SERVICES["mosquitto"]["volumes"]


@pytest.mark.broker
def test_mosquitto_accepts_the_file(tmp_path: Path) -> None:
    """Debian's mosquitto with the file as it is, but for the port and the folder, which are the container's."""
    command = plan_broker(None, tmp_path).command
    assert command is not None
    assert "mosquitto" in command[0], "make test-deps installs it"
    port = free_port()
    text = BROKER.read_text(encoding="utf-8").replace("listener 1883", f"listener {port} 127.0.0.1")
    config = tmp_path / "product.conf"
    config.write_text(text.replace("/mosquitto/data/", f"{tmp_path}/"), encoding="utf-8")
    with daemon([command[0], "-c", str(config)], port, tmp_path) as process:
        assert process.poll() is None
