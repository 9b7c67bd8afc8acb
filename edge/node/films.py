"""Wires the films' desk."""

import threading

from contract.clock import Clock
from contract.ids import CameraId
from edge.capture.port import CodedSource
from edge.capture.streams import Streams
from edge.evidence.film import FilmBudget
from edge.evidence.filming import FilmDesk
from edge.evidence_settings import EvidenceSettings
from edge.node.engine import ModelInForce


def film_desk(
    settings: EvidenceSettings, streams: Streams, engine: ModelInForce, clock: Clock, stop: threading.Event
) -> FilmDesk:
    """Its search for people is its own: it may not hold up looks, and a film is searched whatever the settings."""

    def source_of(camera_id: CameraId) -> CodedSource | None:
        state = streams.of(camera_id)
        return None if state is None else state.evidence

    budget = FilmBudget(settings.clip_pictures, settings.clip_work_s)
    return FilmDesk(source_of, engine.people_finder, budget, clock, stop)
