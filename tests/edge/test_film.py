"""Short films: the camera's own packets for central's eyes, and a few redacted pictures that may leave."""

import threading
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from contract.clock import VirtualClock
from contract.errors import PermanentError
from contract.events import EvidenceRole
from contract.evidence_manifest import FileKind
from contract.ids import CameraId, IncidentId
from contract.taxonomy import Seen
from edge.capture.port import CodedStream
from edge.events import DerivedIds
from edge.evidence.film import Film, FilmBudget, redacted_film, remuxed
from edge.evidence.filming import WAITING, FilmDesk
from edge.evidence.locker import Occasion, Shot
from edge.evidence.shedding import Pressure, _by_value
from edge.evidence_settings import EvidenceSettings
from edge.pipeline import Pipeline, View
from edge.values import Box
from tests.contract.builders import uuid_of
from tests.edge.coded import NOTHING, as_sent, coded
from tests.edge.evidence_folder import CENTRAL, Node
from tests.edge.fakes import CAM, LEFT, POLICIES, SENDER, T0, FakeBook, ScriptedDetector, frame, noise, saw

INCIDENT = IncidentId(uuid_of("film"))
ENOUGH = FilmBudget(pictures=6, seconds=60.0)
HIDDEN: Box = (0.25, 0.25, 0.75, 0.75)
STILL: Callable[[], float] = lambda: 0.0  # noqa: E731  # a clock that stands


def pictures_of(mp4: bytes) -> list[NDArray[np.uint8]]:
    with av.open(BytesIO(mp4), "r") as container:
        return [np.asarray(shown.to_ndarray(format="bgr24"), np.uint8) for shown in container.decode(video=0)]


def hide(_image: NDArray[np.uint8]) -> tuple[Box, ...]:
    return (HIDDEN,)


@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
@pytest.mark.parametrize("form", [lambda stream: stream, as_sent], ids=["file", "rtsp"])
def test_the_original_is_what_the_camera_coded(encoder: str, form: Callable[[CodedStream], CodedStream]) -> None:
    stream = coded(encoder)
    mp4 = remuxed(form(stream))
    assert len(pictures_of(mp4)) == len(stream.packets) == 20
    with av.open(BytesIO(mp4), "r") as container:
        seconds = float(container.duration or 0) / av.time_base
    assert 1.8 < seconds < 2.1
    assert stream.packets[-1].payload[8:] in mp4  # not encoded again


def test_the_film_that_may_leave_shows_nobody_and_is_small() -> None:
    film = redacted_film(as_sent(coded()), hide, ENOUGH, STILL)
    shown = pictures_of(film.jpeg)
    assert len(shown) == 6
    assert (film.width_px, film.height_px) == (640, 360)
    assert len(film.jpeg) < 200_000
    middle = shown[0][90:270, 160:480].astype(float)
    around = shown[0][:, :160].astype(float)
    assert _detail(middle) < 0.3 * _detail(around) or _detail(middle) < 2.0
    assert film.original == remuxed(as_sent(coded()))
    with av.open(BytesIO(film.jpeg), "r") as container:
        seconds = float(container.duration or 0) / av.time_base
    assert seconds == pytest.approx(5 * 0.3 + 0.25, abs=0.02)  # ten pictures a second: every third of them, as it came


def _detail(part: NDArray[np.float64]) -> float:
    """Grey levels from one pixel to the next: blocks of thirty pixels have next to none."""
    return float(np.median(np.abs(np.diff(part.mean(axis=2), axis=1))))


def test_what_may_be_spent_bounds_the_film_and_the_newest_is_kept() -> None:
    spent = [0.0]

    def slow(_image: NDArray[np.uint8]) -> tuple[Box, ...]:
        spent[0] += 2.0
        return ()

    film = redacted_film(coded(), slow, FilmBudget(20, 5.0), lambda: spent[0])
    assert len(pictures_of(film.jpeg)) == 3
    assert film.captured_at > coded().packets[10].arrived_at


def test_a_person_found_in_one_picture_is_hidden_in_its_neighbours() -> None:
    seen = iter([(), (HIDDEN,), (), (), (), (), ()])
    blinking = redacted_film(coded(), lambda _image: next(seen), FilmBudget(4, 60.0), STILL)
    plain = redacted_film(coded(), lambda _image: (), FilmBudget(4, 60.0), STILL)
    changed = [
        float(np.abs(one.astype(int) - other)[90:270, 160:480].mean()) > 5.0
        for one, other in zip(pictures_of(blinking.jpeg), pictures_of(plain.jpeg), strict=True)
    ]
    assert changed == [False, True, True, True]


@pytest.mark.parametrize("stream", [NOTHING, replace(coded(), extradata=b"\x01\x42"), replace(coded(), codec="theora")])
def test_a_stream_that_can_not_be_put_into_a_film_says_why(stream: CodedStream) -> None:
    with pytest.raises(PermanentError, match=r"whole group|cut short|can't be"):
        redacted_film(stream, hide, ENOUGH, STILL)


class Source:
    """A camera's buffer."""

    def snapshot(self) -> CodedStream:
        return coded()


def desk(source: Source | None = None) -> FilmDesk:
    return FilmDesk(lambda _camera_id: source, lambda: hide, ENOUGH, VirtualClock(T0), threading.Event())


def test_a_film_is_made_beside_the_looks_and_given_once() -> None:
    films = desk(Source())
    films.want(INCIDENT, CAM)
    assert films.take(INCIDENT) is None
    assert films.step()
    assert films.take(INCIDENT) is not None
    assert films.take(INCIDENT) is None


def test_too_many_at_once_are_dropped_and_counted_and_no_stream_is_no_film() -> None:
    films = desk(Source())
    for number in range(WAITING + 2):
        films.want(IncidentId(uuid_of(str(number))), CAM)
    assert films.dropped == 2
    without = desk(None)
    without.want(INCIDENT, CAM)
    assert without.step() is False


def test_a_film_that_fails_is_said_and_costs_no_other() -> None:
    class Broken(Source):
        def snapshot(self) -> CodedStream:
            return replace(coded(), codec="theora")

    films = desk(Broken())
    films.want(INCIDENT, CAM)
    with capture_logs() as logs:
        assert films.step()
    assert [entry["event"] for entry in logs] == ["no film of an incident"]
    assert films.take(INCIDENT) is None


def test_a_film_is_sealed_vouched_for_and_the_first_to_go(tmp_path: Path) -> None:
    node = Node(tmp_path)
    film = Film(redacted_film(coded(), hide, ENOUGH, STILL))
    kept = node.parts.locker.keep(Occasion("cam-1", INCIDENT, 2), [Shot(film, LEFT, EvidenceRole.CLIP)])
    node.find()
    (ref,) = kept.refs
    assert (ref.role, ref.media_type) == (EvidenceRole.CLIP, "video/mp4")
    sealed = node.parts.originals.find(ref.sha256)
    assert sealed is not None
    assert CENTRAL.open(sealed.read_bytes(), f"original:{ref.sha256}") == film.picture.original
    verdict = node.verify()
    assert (verdict.is_whole, verdict.pictures, verdict.originals) == (True, 2, 2)
    first = [step.target.role for pressure, step, _ in _by_value(node.parts.ledger.stored()) if pressure == 1]
    assert first == [EvidenceRole.CLIP, EvidenceRole.CLIP]
    assert {step.target.file for _, step, _ in list(_by_value(node.parts.ledger.stored()))[:2]} == set(FileKind)
    node.parts.retention._pressure = Pressure.CONTEXT
    shed = node.parts.locker.keep(Occasion("cam-1", INCIDENT, 3), [Shot(film, LEFT, EvidenceRole.CLIP)])
    assert shed.refs == ()
    node.close()


def test_the_next_event_of_a_fire_names_its_film(tmp_path: Path) -> None:
    node = Node(tmp_path)
    settings = EvidenceSettings(clips_of=(Seen.SMOKE,))
    films, detector, book = desk(Source()), ScriptedDetector(), FakeBook()
    pipeline = Pipeline(
        detector,
        POLICIES,
        [View(CameraId("cam-1"), 1.0)],
        settings,
        node.parts.locker,
        book,
        SENDER,
        DerivedIds("film"),
        films=films,
    )
    for second in range(80):
        detector.say(saw(Seen.SMOKE), saw(Seen.STALL, (0.6, 0.5, 0.8, 0.8)))
        told = pipeline.look(frame(second, image=noise(second)))
        if any(event.data.seen is Seen.SMOKE for event in told) and second < 20:
            assert films.step()
    clips = [
        (event.data.seen, event.data.state.value)
        for event in book.events
        for ref in event.data.evidence
        if ref.role is EvidenceRole.CLIP
    ]
    assert clips == [(Seen.SMOKE, "updated")]
    node.close()
