"""What `probe` says of a stream, and what it suggests."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from edge.camera_settings import CameraSettings
from edge.cli import app
from tests.edge.clips import RATE, encode, street_pictures


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("probe") / "street.mp4", street_pictures(4, each=RATE))


def test_a_stream_is_described_and_its_settings_can_be_pasted(clip: Path) -> None:
    result = CliRunner().invoke(app, ["probe", str(clip)])
    assert result.exit_code == 0, result.output
    assert "h264" in result.stdout
    assert "640 × 360" in result.stdout
    pasted = yaml.safe_load(result.stdout.partition("# to paste")[2].partition("\n")[2])
    camera = CameraSettings.model_validate(pasted[0])
    assert (camera.decode, camera.look_every_s) == ("key_frames", 1.0)


def test_pixels_per_metre_follow_the_camera_s_position(clip: Path, tmp_path: Path) -> None:
    """A zone near the camera has more of them than one far away; without a position nobody knows."""
    config = tmp_path / "node.yaml"
    pose = {"origin_lat": 36.8, "origin_lon": 118.0, "east_m": 0, "north_m": 0, "height_m": 6}
    pose |= {"yaw_deg": 0, "tilt_deg": 20, "fov_deg": 68}
    zones = [
        {"name": name, "polygon": [[0.4, y], [0.6, y], [0.5, y + 0.1]]} for name, y in (("far", 0.1), ("near", 0.85))
    ]
    config.write_text(
        yaml.safe_dump({"cameras": [{"camera_id": "c", "source": str(clip), "pose": pose, "zones": zones}]}),
        encoding="utf-8",
    )
    result = CliRunner().invoke(app, ["probe", str(clip), "--config", str(config), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    found = report["pixels_per_metre"]
    assert found["near"] > 3 * found["far"] > 0
    assert report["key_every_s"] == pytest.approx(1.0, abs=0.01)
    assert report["suggested"]["decode"] == "key_frames"


@pytest.mark.parametrize("url", ["nowhere.mp4", "gopher://street"])
def test_an_address_that_is_none_is_said_as_such(url: str) -> None:
    result = CliRunner().invoke(app, ["probe", url])
    assert result.exit_code == 2
    assert "neither a stream" in result.stderr
