"""A film's whole way: a clip that a node watches, the real model, a real broker, a real central; and back as video."""

from io import BytesIO
from pathlib import Path

import av
import httpx
import pytest
import yaml

from contract.clock import SystemClock
from edge.app import Node
from edge.settings import NodeSettings
from tests.central.brokers import embedded_broker
from tests.central.served import Served, serve
from tests.edge.clips import encode, street_pictures
from tests.edge.waiting import until

QUICK = {"look_every_s": 1, "share": 0.5, "present_after_s": 3, "gone_after_s": 30, "update_every_s": 3}
"""A film goes with an incident's second event: here that comes after seconds instead of a minute."""
PATIENCE_S = 150.0


def node_of(folder: Path, clip: Path, broker: int, served: Served) -> Node:
    """A node that watches `clip` over and over and films every grill, stall, smoke and flame."""
    kinds = ("grill", "stall", "smoke", "flame")
    policies = folder / "policies.yaml"
    presence = {kind: QUICK | {"gate": 0.2, "confirm_score": 0.2} for kind in kinds}
    policies.write_text(yaml.safe_dump({"presence": presence}), encoding="utf-8")
    return Node(
        NodeSettings.model_validate(
            {
                "node_id": "node-1",
                "state_dir": folder / "node",
                "policies": policies,
                "uplink": {"mqtt_url": f"mqtt://127.0.0.1:{broker}", "central_url": served.console.rstrip("/")},
                "evidence": {"redact_finely": False, "clips_of": list(kinds), "clip_pictures": 4},
                "cameras": [{"camera_id": "cam-1", "source": str(clip), "look_every_s": 1.0}],
            }
        ),
        SystemClock(),
    )


def films_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.read_bytes()[4:8] == b"ftyp"]


def test_a_film_reaches_central_and_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = encode(tmp_path / "street.mp4", street_pictures(30))
    (tmp_path / "central").mkdir()
    with embedded_broker() as broker, serve(tmp_path / "central", broker) as served:
        served.wait_for_log("broker connected")
        monkeypatch.setenv("XUNJIE_SECRET_NODE_TOKEN", served.node_token)
        node = node_of(tmp_path, clip, broker, served)
        node.start()
        try:
            until(lambda: bool(films_in(tmp_path / "central" / "evidence")), "a film is at central", PATIENCE_S)
        finally:
            node.stop()
        (film, *_) = films_in(tmp_path / "central" / "evidence")
        url = f"{served.console}api/v1/evidence/{film.stem}"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {served.token}"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    with av.open(BytesIO(answer.content), "r") as container:
        assert 2 <= len(list(container.decode(video=0))) <= 4
