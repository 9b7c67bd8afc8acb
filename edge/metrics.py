"""The node's numbers for Prometheus: read from the facts at each scrape, in a registry of their own."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contract.events import CameraCondition
from contract.status import CameraState, CameraStatus
from edge.status_page.facts import NodeFacts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class NodeCollector(Collector):
    """Turns `facts` into metrics; asked once per scrape."""

    def __init__(self, facts: Callable[[], NodeFacts]) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        facts = self._facts()
        yield from _node(facts)
        yield from _cameras(facts.status.cameras)


def exposition(facts: Callable[[], NodeFacts]) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(facts))
    return generate_latest(registry)


def _node(facts: NodeFacts) -> Iterator[Metric]:
    status = facts.status
    info = GaugeMetricFamily("xunjie_node_info", "Software, model and configuration.", labels=_INFO)
    model = f"{status.model.name} {status.model.version}" if status.model else ""
    info.add_metric([status.node_id, status.software, model, status.config_version, status.clock_state.value], 1)
    yield info
    yield GaugeMetricFamily("xunjie_start_time_seconds", "When the node started.", facts.started_at.timestamp())
    yield GaugeMetricFamily("xunjie_outbox_events", "Events central has not receipted.", status.outbox_depth)
    yield GaugeMetricFamily("xunjie_outbox_bytes", "Size of the outbox's file.", facts.outbox_bytes)
    yield GaugeMetricFamily("xunjie_outbox_owed_events", "Events the disk refuses, kept in memory.", facts.owed)
    yield CounterMetricFamily("xunjie_outbox_coalesced", "Updates given up on a short disk.", facts.coalesced)
    yield GaugeMetricFamily("xunjie_evidence_waiting", "Pictures not at central yet.", status.evidence_waiting)
    yield GaugeMetricFamily("xunjie_disk_free_bytes", "Free disk under the state folder.", facts.disk_free_bytes)
    yield GaugeMetricFamily("xunjie_disk_bytes", "Size of the disk under the state folder.", facts.disk_total_bytes)
    yield CounterMetricFamily("xunjie_revivals", "Threads started anew by the watchdog.", facts.revivals)
    yield CounterMetricFamily("xunjie_clock_steps", "Times the wall clock was set.", facts.clock_steps)
    yield CounterMetricFamily("xunjie_look_failures", "Looks that failed.", facts.look_failures)
    yield GaugeMetricFamily("xunjie_findings_waiting", "Findings not written yet.", facts.findings_waiting)
    yield CounterMetricFamily("xunjie_updates_left_out", "Updates not told, as much waited.", facts.updates_left_out)
    if facts.broker is not None:
        connected = int(facts.broker.is_connected)
        yield GaugeMetricFamily("xunjie_broker_connected", "1 while events can go out.", connected)
    if status.clock_offset_ms is not None:
        offset_s = status.clock_offset_ms / 1000
        yield GaugeMetricFamily("xunjie_clock_offset_seconds", "How far the clock is ahead.", offset_s)


def _cameras(cameras: tuple[CameraStatus, ...]) -> Iterator[Metric]:
    looks = CounterMetricFamily("xunjie_looks", "Looks done.", labels=["camera"])
    skipped = CounterMetricFamily("xunjie_looks_skipped", "Looks over budget or without a frame.", labels=["camera"])
    dropped = CounterMetricFamily("xunjie_frames_dropped", "Frames replaced before a look.", labels=["camera"])
    seen = GaugeMetricFamily("xunjie_last_frame_time_seconds", "Capture time of the last frame.", labels=["camera"])
    state = GaugeMetricFamily("xunjie_camera_state", "1 for the state it is in.", labels=["camera", "state"])
    condition = GaugeMetricFamily(
        "xunjie_camera_condition", "1 for what its pictures say.", labels=["camera", "condition"]
    )
    for camera in cameras:
        name = camera.camera_id
        looks.add_metric([name], camera.looks)
        skipped.add_metric([name], camera.skipped_looks)
        dropped.add_metric([name], camera.dropped_frames)
        if camera.last_frame_at is not None:
            seen.add_metric([name], camera.last_frame_at.timestamp())
        for candidate in CameraState:
            state.add_metric([name, candidate.value], int(camera.state is candidate))
        for kind in CameraCondition if camera.condition is not None else ():
            condition.add_metric([name, kind.value], int(camera.condition is kind))
    yield from (looks, skipped, dropped, seen, state, condition)


_INFO = ["node", "software", "model", "config_version", "clock_state"]
