"""Wires the node's own page."""

from collections.abc import Callable

import structlog

from contract.ids import CameraId
from edge.health.watch import HealthWatch
from edge.metrics import exposition
from edge.node.telling import Telling
from edge.status_page.facts import NodeFacts
from edge.status_page.server import Sources, StatusServer

_log = structlog.get_logger(__name__)


def status_page(
    address: str | None, facts: Callable[[], NodeFacts], health: HealthWatch, telling: Telling
) -> StatusServer | None:
    """The page and the metrics at `address`; None where none is wanted."""
    if address is None:
        return None

    def accept(camera_id: str) -> bool:
        known = CameraId(camera_id) in telling.camera_ids()
        if known:
            health.accept(CameraId(camera_id))
            _log.info("a camera's new view was accepted", camera_id=camera_id)
        return known

    sources = Sources(
        facts=facts,
        thumbnail=lambda name: health.thumbnail_jpeg(CameraId(name)),
        metrics=lambda: exposition(facts),
        accept=accept,
    )
    return StatusServer(address, sources)
