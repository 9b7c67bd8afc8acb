"""The console as a browser sees it: weight of the first load, requests to other hosts, and how long after an event is
published its case stands in the page.

Real parts: a broker, central on SQLite, headless Chromium. Events are spaced on the ground so that each makes a case.
"""

import secrets
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Page, Response, sync_playwright

from contract.events import BoxNorm, ClockState, Confidence, GroundPoint, IncidentEvent, IncidentState, ModelRef, wrap
from contract.ids import NodeId, uuid7
from contract.taxonomy import Seen
from contract.topics import Topics
from deploy.bench.spread import spread
from deploy.broker import free_port, plan_broker
from deploy.parts import Tokens, start_broker, start_central
from deploy.supervise import ROOT, PartError, Supervisor

EVENTS = 60
EVERY_S = 0.25
SPACING_DEG = 0.0005
"""About 50 m: no two of the bench's stalls are one."""
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def measure_console() -> dict[str, object]:
    """Bytes, requests and seconds."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise PartError("chromium is not installed; run `make test-deps` as root")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        supervisor = Supervisor(folder)
        try:
            broker = plan_broker(None, folder)
            start_broker(supervisor, broker)
            tokens = Tokens(secrets.token_urlsafe(16), secrets.token_urlsafe(16))
            site = ROOT / "configs" / "site" / "demo.yaml"
            console = start_central(supervisor, folder, broker.url, free_port(), tokens, site)
            with (
                sync_playwright() as playwright,
                playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS)) as browser,
            ):
                page = browser.new_page(viewport={"width": 1920, "height": 1080})
                load = _measure_load(page, f"{console}/?token={tokens.operator}", console)
                latency_s = _measure_latency(page, broker.url)
        finally:
            supervisor.stop()
    return {
        "broker": broker.name,
        "first_load": load,
        "published_to_visible_s": spread(latency_s),
        "events_per_second": round(1 / EVERY_S, 1),
    }


def _measure_load(page: Page, url: str, console: str) -> dict[str, object]:
    """Bytes over the wire of the first page with everything it fetches; the event stream is counted as opened only."""
    responses: list[Response] = []
    hosts: set[str] = set()
    page.on("response", lambda response: responses.append(response))  # a builtin can't carry playwright's mark
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(url, wait_until="load")
    page.wait_for_selector(".connection.on")
    sizes = [response.request.sizes() for response in responses if "events/stream" not in response.url]
    return {
        "bytes": sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes),
        "requests": len(responses),
        "requests_to_other_hosts": len(hosts - {urlsplit(console).netloc}),
    }


def _measure_latency(page: Page, mqtt_url: str) -> list[float]:
    """Seconds from publishing an event until its card is in the page.

    The page's own observer stamps each new card with the browser's clock, which is this machine's: nothing polls.
    """
    page.evaluate(
        """() => { window.cardTimes = [];
        new MutationObserver((changes) => { for (const change of changes) for (const node of change.addedNodes)
            if (node.dataset?.case && !window.cardTimes.some((card) => card[0] === node.dataset.case))
                window.cardTimes.push([node.dataset.case, performance.timeOrigin + performance.now()]);
        }).observe(document.getElementById("feed"), { childList: true, subtree: true }); }"""
    )
    address = urlsplit(mqtt_url)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect(address.hostname or "", address.port or 1883)
    client.loop_start()
    published_s = []
    stream_id = uuid7(datetime.now(UTC))
    for index in range(EVENTS):
        payload = _stall(index, stream_id)
        published_s.append(time.time())
        client.publish(Topics().event_live(NodeId("bench")), payload, qos=1)
        time.sleep(EVERY_S)
    page.wait_for_function(f"() => window.cardTimes.length >= {EVENTS}", timeout=30_000)
    client.disconnect()
    client.loop_stop()
    seen_ms = [stamp for _, stamp in page.evaluate("() => window.cardTimes")]
    # Cases come in the order of their events: one event at a time, far apart on the ground.
    return [seen / 1000 - sent for sent, seen in zip(published_s, sorted(seen_ms), strict=False)]


def _stall(index: int, stream_id: str) -> bytes:
    """An unlawful stall that has been standing for ten minutes, somewhere nobody else is."""
    now = datetime.now(UTC)
    incident_id = uuid7(now)
    data = IncidentEvent(
        node_id="bench",
        stream_id=stream_id,
        seq=index + 1,
        boot_id=stream_id,
        incident_id=incident_id,
        revision=1,
        state=IncidentState.OPENED,
        seen=Seen.STALL,
        camera_id=f"cam-{index}",
        track_id=1,
        first_seen_at=now - timedelta(minutes=10),
        last_seen_at=now,
        box=BoxNorm(x1=0.4, y1=0.4, x2=0.6, y2=0.8),
        ground=GroundPoint(lat=36.9 + SPACING_DEG * index, lon=118.2, ee_m2=0.5, en_m2=0.0, nn_m2=0.5),
        confidence=Confidence(latest=0.8, mean=0.8, peak=0.9, looks=100, positive_looks=90),
        model=ModelRef(name="bench", version="0", sha256="0" * 64),
        config_version="bench",
        clock_state=ClockState.SYNCHRONISED,
    )
    return wrap(data, uuid7(now), now).to_wire()
