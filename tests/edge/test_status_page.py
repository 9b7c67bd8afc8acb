"""The node's own page: both languages, worst camera first, loopback only; and its numbers for Prometheus."""

import json
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from contract.errors import TransientError, UsageError
from contract.events import CameraCondition, ClockState
from contract.status import CameraState, CameraStatus, LookMode, NodeState, NodeStatus
from edge.commands.accept_view import ask
from edge.metrics import exposition
from edge.settings import NodeSettings
from edge.status_page.facts import BrokerFacts, NodeFacts
from edge.status_page.page import WORDS, render
from edge.status_page.server import ACCEPT_HEADER, Sources, StatusServer
from tests.contract.builders import uuid_of
from tests.edge.fakes import SENDER, T0

CAMERAS = (
    CameraStatus(camera_id="cam-1", state=CameraState.LIVE, last_frame_at=T0, looks=7, condition=CameraCondition.CLEAR),
    CameraStatus(camera_id="cam-2", state=CameraState.LIVE, last_frame_at=T0, condition=CameraCondition.MOVED),
    CameraStatus(camera_id="cam-3", state=CameraState.FAILED, reason="<no stream> & no hope", mode=LookMode.PATROL),
)
STATUS = NodeStatus(
    node_id="node-1",
    boot_id=uuid_of("boot"),
    state=NodeState.ONLINE,
    at=T0,
    software="xunjie-edge test",
    config_version="abc",
    clock_state=ClockState.SYNCHRONISED,
    clock_offset_ms=-1.5,
    model=SENDER.model,
    outbox_depth=12,
    cameras=CAMERAS,
)
FACTS = NodeFacts(
    status=STATUS,
    started_at=T0,
    broker=BrokerFacts(False, T0, "the broker refused the node (Not authorized)"),
    disk_free_bytes=2**31,
    disk_total_bytes=2**34,
    outbox_bytes=2**20,
    coalesced=3,
    owed=1,
    set_aside="",
    revivals=2,
    clock_steps=1,
    look_failures=4,
)


def test_the_page_shows_the_sick_first_and_says_why() -> None:
    page = render(FACTS, "en")
    places = [page.index(f"<b>{name}</b>") for name in ("cam-3", "cam-2", "cam-1")]
    assert places == sorted(places)
    assert "&lt;no stream&gt; &amp; no hope" in page
    assert "Not authorized" in page
    assert 'src="/thumbnail/cam-1.jpg"' in page
    assert "/thumbnail/cam-3.jpg" not in page


@pytest.mark.parametrize("which", [0, 1], ids=["zh", "en"])
def test_every_state_and_condition_has_a_word(which: int) -> None:
    language = ("zh", "en")[which]
    for condition in CameraCondition:
        for state in CameraState:
            camera = CameraStatus(camera_id="cam-9", state=state, condition=condition)
            page = render(replace(FACTS, status=STATUS.model_copy(update={"cameras": (camera,)})), language)
            assert WORDS[condition.value][which] in page
            assert WORDS[state.value][which] in page
    for clock in ClockState:
        page = render(replace(FACTS, status=STATUS.model_copy(update={"clock_state": clock})), language)
        assert WORDS[clock.value][which] in page
    assert "/outbox.damaged" in render(replace(FACTS, broker=None, set_aside="/state/outbox.damaged"), language)


@pytest.fixture
def page() -> Iterator[httpx.Client]:
    thumbnail = {"cam-1": b"\xff\xd8jpeg"}.get
    sources = Sources(lambda: FACTS, thumbnail, lambda: exposition(lambda: FACTS), lambda name: name == "cam-2")
    server = StatusServer("127.0.0.1:0", sources)
    server.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20, trust_env=False) as client:
        yield client
    server.stop()


def test_the_page_is_served_in_the_readers_language(page: httpx.Client) -> None:
    assert "节点状态" in page.get("/").text
    assert "Node status" in page.get("/", headers={"Accept-Language": "en-GB,en"}).text
    assert "节点状态" in page.get("/?lang=zh", headers={"Accept-Language": "en"}).text


def test_status_metrics_and_thumbnails_are_served(page: httpx.Client) -> None:
    told = json.loads(page.get("/status.json").text)
    assert (told["status"]["node_id"], told["broker"]["is_connected"], told["coalesced"]) == ("node-1", False, 3)
    assert told["started_at"] == "2026-07-01T10:00:00.000Z"
    assert "xunjie_outbox_events 12.0" in page.get("/metrics").text
    assert page.get("/thumbnail/cam-1.jpg").content == b"\xff\xd8jpeg"
    assert page.get("/thumbnail/cam-3.jpg").status_code == 404
    assert page.get("/etc/passwd").status_code == 404
    assert page.post("/").status_code == 403


def test_a_page_elsewhere_can_not_read_it_through_a_browser(page: httpx.Client) -> None:
    assert page.get("/", headers={"Host": "attacker.example"}).status_code == 421
    assert page.get("/", headers={"Host": "localhost:9180"}).status_code == 200
    assert "default-src 'none'" in page.get("/").headers["content-security-policy"]


def test_a_new_view_is_accepted_from_the_cabinet_and_from_no_web_page(page: httpx.Client) -> None:
    assert page.post("/accept/cam-2").status_code == 403
    assert page.post("/accept/cam-2", headers={"Host": "evil.example", ACCEPT_HEADER: "accept"}).status_code == 421
    assert page.post("/", headers={ACCEPT_HEADER: "accept"}).status_code == 403
    address = f"{page.base_url.host}:{page.base_url.port}"
    assert "learned anew" in ask("cam-2", address)
    with pytest.raises(UsageError, match="cam-9: this node has no such camera"):
        ask("cam-9", address)


def test_where_no_node_listens_that_is_said() -> None:
    with pytest.raises(TransientError, match="is `http:` set"):
        ask("cam-1", "127.0.0.1:1")


def test_a_taken_port_is_said(page: httpx.Client) -> None:
    with pytest.raises(UsageError, match="can't listen there"):
        StatusServer(f"127.0.0.1:{page.base_url.port}", Sources(lambda: FACTS, lambda _name: None, lambda: b""))


@pytest.mark.parametrize("address", ["0.0.0.0:9180", "192.0.2.1:9180", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999"])
def test_only_loopback_may_be_configured(address: str) -> None:
    cameras = ({"camera_id": "cam-1", "source": "clip.mp4"},)
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:9180"):
        NodeSettings.model_validate({"http": address, "cameras": cameras})
    assert NodeSettings.model_validate({"http": "127.0.0.1:9180", "cameras": cameras}).http == "127.0.0.1:9180"


def test_prometheus_reads_every_number() -> None:
    families = {family.name: family for family in text_string_to_metric_families(exposition(lambda: FACTS).decode())}
    assert families["xunjie_clock_offset_seconds"].samples[0].value == -0.0015
    looks = {sample.labels["camera"]: sample.value for sample in families["xunjie_looks"].samples}
    assert looks == {"cam-1": 7, "cam-2": 0, "cam-3": 0}
    moved = [s for s in families["xunjie_camera_condition"].samples if s.labels["condition"] == "moved"]
    assert {sample.labels["camera"]: sample.value for sample in moved} == {"cam-1": 0, "cam-2": 1}
    assert families["xunjie_broker_connected"].samples[0].value == 0
    assert exposition(lambda: FACTS) == exposition(lambda: FACTS)
