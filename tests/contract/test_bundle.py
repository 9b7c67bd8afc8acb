"""The desired bundle and the requests: bounded, without passwords, one place named per mistake."""

import json
from pathlib import Path
from typing import Any

import pytest

from contract.bundle import Bundle, parse_bundle
from contract.errors import UsageError
from contract.requests import Request
from contract.signing import MAX_PAYLOAD_BYTES

SAMPLES = Path(__file__).parent / "samples"


def bundle(**changes: Any) -> bytes:
    return json.dumps(json.loads((SAMPLES / "bundle.json").read_bytes()) | changes).encode()


@pytest.mark.parametrize("source", ["rtsp://admin:pw@192.0.2.1/s", "rtsp://:pw@h/s", "https://u:p@h/shot.jpg"])
def test_a_stream_password_in_a_bundle_is_refused(source: str) -> None:
    with pytest.raises(UsageError, match=r"b: cameras\.0\.source: .*`secret:`"):
        parse_bundle(bundle(cameras=[{"camera_id": "cam-1", "source": source}]), "b")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"version": 0}, "version"),
        ({"cameras": []}, "cameras"),
        ({"cameras": [{"camera_id": "a b", "source": "x"}]}, r"cameras\.0\.camera_id"),
        ({"cameras": [{"camera_id": "a", "source": "x"}] * 2}, "a is used twice"),
        ({"cameras": [{"camera_id": f"c{n}", "source": "x"} for n in range(257)]}, "cameras"),
        ({"cameras": [{"camera_id": "a", "source": "x", "masks": [{"polygon": [[0, 0], [1, 1]]}]}]}, r"masks\.0"),
        ({"model": {"name": "m", "version": "1", "sha256": "0" * 63}}, r"model\.sha256"),
        ({"model": {"name": "m", "version": "1", "sha256": "0" * 64, "url": "file:///etc"}}, r"model\.url"),
        ({"model": {"name": "m", "version": "1", "sha256": "0" * 64, "url": "http://u:p@h/"}}, r"model\.url"),
        ({"software": {"version": "../x", "sha256": "0" * 64, "size_bytes": 1}}, r"software\.version"),
        ({"sealed_secrets": {"cam-1": "not base64!"}}, r"sealed_secrets\.cam-1"),
        ({"made_at": "2026-07-01T10:00:00"}, "made_at"),
    ],
)
def test_a_mistake_in_a_bundle_names_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(UsageError, match=place):
        parse_bundle(bundle(**changes), "b")


def test_a_bundle_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(UsageError, match="a bundle has"):
        parse_bundle(b" " * (MAX_PAYLOAD_BYTES + 1), "b")


def test_forty_cameras_with_zones_fit_with_ease() -> None:
    camera = json.loads((SAMPLES / "bundle.json").read_bytes())["cameras"][0]
    cameras = [camera | {"camera_id": f"cam-{number}"} for number in range(40)]
    assert len(parse_bundle(bundle(cameras=cameras), "b").to_wire()) < MAX_PAYLOAD_BYTES / 4


def test_the_same_bundle_gives_the_same_bytes() -> None:
    wire = Bundle.model_validate_json(bundle()).to_wire()
    assert Bundle.model_validate_json(wire).to_wire() == wire


def test_an_original_is_not_asked_for_without_a_reason() -> None:
    content = json.loads((SAMPLES / "request.original.json").read_bytes())
    for missing in ("reason", "case_id"):
        less = content | {"ask": {key: value for key, value in content["ask"].items() if key != missing}}
        with pytest.raises(ValueError, match=missing):
            Request.model_validate(less)
