"""Cameras are found by asking, tell their streams to their user, and come out as settings that can be pasted."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from contract.errors import UsageError
from edge.camera_settings import CameraSettings
from edge.cli import app
from edge.discovery.probing import devices_of, targets
from edge.discovery.suggest import cameras_block, remarks
from edge.discovery.values import Camera, Device, Stream
from tests.edge.onvif_camera import SCOPES, probe_match

ASKS_S = "1.5"
"""The command waits so long for answers, come what may; a busy camera of ours needs a moment for its own."""
URL = "http://192.0.2.7/onvif/device_service"
DEVICE = Device("192.0.2.7", URL)
MAIN = Stream("main", "h264", 1920, 1080, 25.0, 50, "rtsp://192.0.2.7/1")
SMALL = Stream("sub", "h264", 640, 360, 10.0, 20, "rtsp://192.0.2.7/2")


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    """Where a camera answers probes."""
    command = [sys.executable, "-m", "tests.edge.onvif_camera", "watcher:s3cret"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        yield f"127.0.0.1:{ports['udp']}"
        process.communicate("", timeout=60)


def test_a_camera_that_is_asked_comes_out_as_settings(camera: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUNJIE_SECRET_CAMS", "watcher:s3cret")
    result = CliRunner().invoke(app, ["discover", "--at", camera, "--seconds", ASKS_S, "--secret", "cams", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    (told,) = found["cameras"]
    assert (told["maker"], told["model"], told["device"]["name"]) == ("Test", "TC-9", "North gate")
    (entry,) = found["suggested"]
    settings = CameraSettings.model_validate(entry)
    assert (settings.source, settings.sub_source) == ("rtsp://127.0.0.1:554/main", "rtsp://127.0.0.1:554/sub")
    assert (settings.secret, settings.decode, settings.look_every_s) == ("cams", "key_frames", 2.0)
    assert "s3cret" not in result.output, "the camera hands out its password; nobody else does"


def test_a_camera_says_what_is_wrong_with_the_login(camera: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUNJIE_SECRET_CAMS", "watcher:wrong")
    command = ["discover", "--at", camera, "--seconds", ASKS_S, "--json"]
    wrong = json.loads(CliRunner().invoke(app, [*command, "--secret", "cams"]).stdout)
    without = json.loads(CliRunner().invoke(app, command).stdout)
    assert "are user and password right?" in wrong["remarks"][0]
    assert "--secret or --ask" in without["remarks"][0]
    assert wrong["suggested"] == without["suggested"] == []


def test_the_block_for_people_can_be_pasted(camera: str) -> None:
    """With the password asked for at the terminal."""
    command = ["discover", "--at", camera, "--seconds", ASKS_S, "--ask"]
    result = CliRunner().invoke(app, command, input="watcher\ns3cret\n")
    assert result.exit_code == 0, result.output
    _, marked, block = result.stdout.partition("# to paste")  # the runner echoes the prompts to stdout
    (entry,) = yaml.safe_load(marked + block)["cameras"]
    assert CameraSettings.model_validate(entry).camera_id == "cam-127-0-0-1"


def test_a_secret_that_is_not_set_is_named_and_nobody_is_asked() -> None:
    result = CliRunner().invoke(app, ["discover", "--at", "127.0.0.1", "--secret", "no-such"])
    assert result.exit_code == 2
    assert "XUNJIE_SECRET_NO_SUCH" in result.output


def test_where_nobody_answers_the_command_says_so(camera: str) -> None:
    host, _, port = camera.partition(":")
    result = CliRunner().invoke(app, ["discover", "--at", f"127.0.0.2:{port}", "--seconds", "0.1"])
    assert (result.exit_code, host) == (1, "127.0.0.1")
    assert "--at" in result.output


def test_an_answer_names_the_camera_in_its_own_words() -> None:
    (device,) = devices_of(probe_match("urn:uuid:1", URL, SCOPES), "192.0.2.7")
    assert device == Device("192.0.2.7", URL, "North gate", "TC-9")


def test_a_device_that_speaks_for_another_host_is_not_asked() -> None:
    """One box in the street must not send the installer's login elsewhere."""
    assert devices_of(probe_match("urn:uuid:1", "http://198.51.100.9/onvif/device_service", SCOPES), "192.0.2.7") == ()


def test_an_answer_without_what_does_not_matter_counts() -> None:
    """Cheap cameras leave things out."""
    bare = probe_match("urn:uuid:1", URL, "").replace(b"d:MetadataVersion", b"d:Other").replace(b"a:RelatesTo", b"a:X")
    assert devices_of(bare, "192.0.2.7") == (DEVICE,)


def test_of_several_addresses_the_one_that_answered_is_taken() -> None:
    several = f"http://[fe80::1]/onvif/device_service http://169.254.3.4/onvif/device_service {URL}"
    (device,) = devices_of(probe_match("urn:uuid:1", several, ""), "192.0.2.7")
    assert device.service_url == URL


@given(st.data())
def test_half_an_answer_is_none_and_no_error(data: st.DataObject) -> None:
    whole = probe_match("urn:uuid:1", URL, SCOPES)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert devices_of(whole[:cut], "192.0.2.7") == ()


def test_addresses_are_given_singly_as_a_network_or_from_to() -> None:
    assert targets("192.0.2.7") == (("192.0.2.7", 3702),)
    assert targets("192.0.2.7:99") == (("192.0.2.7", 99),)
    assert len(targets("192.0.2.0/24")) == 254
    assert targets("192.0.2.10-192.0.2.11") == (("192.0.2.10", 3702), ("192.0.2.11", 3702))


@pytest.mark.parametrize("text", ["", "street", "10.0.0.0/8", "192.0.2.9-192.0.2.3", "192.0.2.7:port"])
def test_addresses_that_nobody_means_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--at"):
        targets(text)


def test_a_camera_without_a_small_stream_is_looked_at_in_its_large_one() -> None:
    camera = Camera(DEVICE, streams=(MAIN,))
    (entry,) = cameras_block([camera], None)
    assert "sub_source" not in entry
    assert "no small stream" in remarks(camera)[0]


def test_rare_key_frames_are_said_and_everything_is_decoded() -> None:
    camera = Camera(DEVICE, streams=(MAIN, Stream("sub", "h264", 640, 360, 10.0, 250, "rtsp://192.0.2.7/2")))
    (entry,) = cameras_block([camera], None)
    assert entry["decode"] == "all"
    assert "25 s is too rare" in remarks(camera)[0]


def test_streams_that_the_node_cannot_read_are_not_suggested() -> None:
    camera = Camera(DEVICE, streams=(Stream("still", "jpeg", 640, 480, 5.0, None, "rtsp://192.0.2.7/3"),))
    assert cameras_block([camera], None) == []
    assert "H.264" in remarks(camera)[0]


def test_streams_at_another_address_are_said() -> None:
    """Behind a router a camera names its inner address."""
    assert "another address" in remarks(Camera(Device("198.51.100.1", URL), streams=(MAIN, SMALL)))[0]
