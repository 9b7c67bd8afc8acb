"""A node's settings: what is refused at start instead of failing at night."""

from pathlib import Path
from typing import Any

import pytest

from contract.clock import SystemClock
from contract.configfile import parse_settings
from contract.errors import UsageError
from edge.capture.choose import open_camera
from edge.settings import NodeSettings, load_node, load_replay, secret_value, settings_version, with_overrides
from edge.uplink_settings import UplinkSettings
from tests.edge.fakes import T0

SCENE = {"camera_id": "cam-1", "source": "scene:demo/cam-1"}


def node(**content: Any) -> NodeSettings:
    return parse_settings({"cameras": [SCENE]} | content, NodeSettings, "node.yaml")


def camera(**content: Any) -> dict[str, Any]:
    return {"cameras": [SCENE | content]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"cameras": []}, "cameras: needs at least 1 items, got 0"),
        ({"cameras": [SCENE, SCENE]}, "camera_id cam-1 is used twice; every camera needs its own"),
        ({"node_id": "a/b"}, "node_id"),
        ({"threads": 0}, "threads: Input should be greater than or equal to 1"),
        ({"clock": "exact"}, "clock: Input should be 'system', 'assume-synchronised' or 'unknown'"),
        ({"unknown": 1}, "unknown: unknown key"),
        (
            camera(source="rtsp://u:hunter2@192.0.2.1/s"),
            "cameras[0].source: carries a password; name it with `secret:`",
        ),
        (camera(look_every_s=0), "cameras[0].look_every_s: Input should be greater than 0"),
        (
            camera(zones=[{"name": "z", "polygon": [[0, 0], [1, 1]]}]),
            "zones[0].polygon: needs at least 3 points, got 2",
        ),
        (camera(zones=[{"name": "z", "polygon": [[0, 0], [1, 1], [2, 0]]}]), "zones[0].polygon[2][0]"),
        (camera(pose={"height_m": float("nan")}), "pose.height_m: Input should be a finite number"),
        ({"uplink": {"mqtt_url": "http://broker"}}, "uplink.mqtt_url: must begin with mqtt:// or mqtts://"),
        ({"uplink": {"mqtt_url": "mqtt://"}}, "uplink.mqtt_url: names no host; write it as mqtt://host:port"),
        ({"uplink": {"mqtt_url": "mqtt://b:99999"}}, "uplink.mqtt_url: is no address"),
        ({"uplink": {"mqtt_url": "mqtt://b:port"}}, "uplink.mqtt_url: is no address"),
        ({"uplink": {"central_url": "mqtt://central"}}, "uplink.central_url: must begin with http:// or https://"),
        ({"uplink": {"central_url": "http://:8080"}}, "uplink.central_url: names no host"),
        ({"uplink": {"topic_prefix": "a/+/b"}}, "uplink.topic_prefix"),
        ({"uplink": {"resend_after_s": 0}}, "uplink.resend_after_s"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_place(content: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        node(**content)
    assert message in str(caught.value)
    assert str(caught.value).startswith("node.yaml: ")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("scene:demo/cam-9", "the street has no camera 'cam-9'; it has cam-1, cam-2, cam-3, cam-4"),
        ("scene:other/cam-1", "no such street; write scene:demo/cam-1"),
        ("scene:demo@x/cam-1", "no such street"),
        ("nowhere.mp4", "camera cam-1: nowhere.mp4: no such clip; check `source`"),
        ("ftp://192.0.2.1/s", "camera cam-1: source ftp://192.0.2.1/s: write rtsp://…"),
    ],
)
def test_a_source_that_can_not_be_is_said_with_the_camera(source: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_camera(node(**camera(source=source)).cameras[0], SystemClock(), T0)
    assert message in str(caught.value)


def test_a_good_address_is_left_as_it_is() -> None:
    for url in ("mqtt://broker", "mqtts://user:pass%20word@broker.example:8883", "mqtt://[::1]:1883"):
        assert UplinkSettings(mqtt_url=url).mqtt_url == url


def test_a_missing_secret_names_its_variable() -> None:
    with pytest.raises(UsageError, match="environment variable XUNJIE_SECRET_CAM_1_EAST is not set"):
        secret_value("cam-1.east", {"XUNJIE_SECRET_CAM_1_EAST": ""})
    assert secret_value("cam-1", {"XUNJIE_SECRET_CAM_1": "u:p"}) == "u:p"


def test_paths_in_a_file_are_taken_from_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "node.yaml").write_text(
        "state_dir: ../state\npolicies: p.yaml\ncameras: [{camera_id: c, source: 'scene:demo/cam-1'}]\n",
        encoding="utf-8",
    )
    settings = load_node(tmp_path / "node.yaml")
    assert settings.state_dir == tmp_path.parent / "state"
    assert settings.policies == tmp_path / "p.yaml"
    assert settings.model.is_absolute()
    (tmp_path / "replay.yaml").write_text("policies: p.yaml\n", encoding="utf-8")
    assert load_replay(tmp_path / "replay.yaml").policies == tmp_path / "p.yaml"


def test_flags_win_over_the_file_and_leave_the_rest() -> None:
    settings = node(uplink={"mqtt_url": "mqtt://old", "resend_after_s": 3})
    changed = with_overrides(settings, "mqtt://new", None, Path("/state"), None)
    assert (changed.uplink.mqtt_url, changed.uplink.resend_after_s) == ("mqtt://new", 3)
    assert changed.state_dir == Path("/state")
    assert with_overrides(settings, None, None, None, None) == settings


def test_the_version_changes_with_everything_that_decides() -> None:
    zone = {"name": "z", "polygon": [[0, 0], [1, 0], [1, 1]]}
    versions = {
        settings_version(node()),
        settings_version(node(threads=2)),
        settings_version(node(**camera(zones=[zone]))),
        settings_version(node(**camera(look_every_s=1))),
    }
    assert len(versions) == 4
    assert settings_version(node()) in versions
