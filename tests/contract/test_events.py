"""What an event may not say: every field comes from a cabinet on a street corner."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.events import MAX_EVENT_BYTES, BoxNorm, Event, GroundPoint, IncidentEvent, IncidentState, event_type
from contract.status import NodeStatus
from contract.taxonomy import GROUP_BY_SEEN, Context, KindGroup, Seen, Violation
from tests.contract.builders import T0, event, evidence_ref, ground_point, incident_event

shares = st.floats(0, 1, allow_nan=False)


def changed(path: str, value: object) -> dict[str, Any]:
    """The wire form of a full event with the field at the dotted `path` replaced."""
    full = event(ground=ground_point(), evidence=(evidence_ref(),), zones=("pavement",))
    content: dict[str, Any] = json.loads(full.to_wire())
    *parents, last = path.split(".")
    inner: Any = content
    for parent in parents:
        inner = inner[int(parent)] if isinstance(inner, list) else inner[parent]
    inner[last] = value
    return content


BAD_VALUES = [
    ("specversion", "0.3"),
    ("id", "not-a-uuid"),
    ("id", "019F1AF9-B400-7000-8000-000000000000"),
    ("source", "/node/node-2"),
    ("source", "/node/../etc"),
    ("type", "xunjie.incident.closed.v1"),
    ("type", "xunjie.incident.opened.v2"),
    ("subject", "019f1af9-b400-7000-8000-000000000000"),
    ("time", "2026-07-01T08:00:00"),
    ("time", "yesterday"),
    ("traceparent", "0" * 65),
    ("data.node_id", "node/1"),
    ("data.node_id", ""),
    ("data.node_id", "n" * 65),
    ("data.stream_id", "x"),
    ("data.seq", 0),
    ("data.seq", -1),
    ("data.seq", 2**53 + 1),
    ("data.seq", 1.5),
    ("data.revision", 0),
    ("data.revision", 2**31 + 1),
    ("data.state", "paused"),
    ("data.seen", "dragon"),
    ("data.seen", "person"),
    ("data.camera_id", "cam 1"),
    ("data.track_id", 0),
    ("data.zones", ["z"] * 33),
    ("data.zones", ["a/b"]),
    ("data.first_seen_at", "2026-07-01T10:00:00"),
    ("data.first_seen_at", "2026-07-01T11:00:00Z"),
    ("data.box.x1", -0.01),
    ("data.box.x2", 1.01),
    ("data.box.x2", 0.25),
    ("data.box.y2", 0.4),
    ("data.ground.lat", 90.1),
    ("data.ground.lon", -180.1),
    ("data.ground.ee_m2", 0),
    ("data.ground.nn_m2", -1),
    ("data.ground.en_m2", 5),
    ("data.ground.ee_m2", 2e8),
    ("data.confidence.latest", 1.2),
    ("data.confidence.mean", -0.1),
    ("data.confidence.looks", 0),
    ("data.model.sha256", "d" * 63),
    ("data.model.name", "m" * 65),
    ("data.config_version", "c" * 65),
    ("data.clock_state", "drifting"),
    ("data.evidence.0.sha256", "../../etc/passwd"),
    ("data.evidence.0.media_type", "text/html"),
    ("data.evidence.0.size_bytes", 0),
    ("data.evidence.0.size_bytes", 16 * 1024 * 1024 + 1),
    ("data.evidence.0.width_px", 16385),
    ("data.evidence.0.captured_at", "2026-07-01T10:00:00"),
]


def test_the_event_that_is_damaged_below_is_good_itself() -> None:
    Event.model_validate_json(json.dumps(changed("data.seq", 1)))


@pytest.mark.parametrize(("path", "value"), BAD_VALUES)
def test_a_value_out_of_bounds_is_refused(path: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Event.model_validate_json(json.dumps(changed(path, value)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    "path",
    ["data.box.x1", "data.ground.lat", "data.ground.ee_m2", "data.ground.en_m2", "data.confidence.peak"],
)
def test_numbers_that_are_none_are_refused(path: str, number: str) -> None:
    """Python's JSON reader and writer know NaN and the infinities; the wire does not."""
    with pytest.raises(ValidationError):
        Event.model_validate_json(json.dumps(changed(path, float(number))))
    with pytest.raises(ValidationError):
        Event.model_validate(changed(path, float(number)))


def test_more_than_eight_pictures_are_refused() -> None:
    with pytest.raises(ValidationError, match="evidence"):
        event(evidence=tuple(evidence_ref(mark=mark) for mark in "012345678"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: incident_event(first_seen_at=T0.replace(tzinfo=None)),
        lambda: event(last_seen_at=T0.replace(tzinfo=None)),
    ],
)
def test_a_naive_instant_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValidationError, match="offset"):
        make()


def test_an_offset_becomes_utc_on_the_wire() -> None:
    content = changed("time", "2026-07-01T18:00:00.5+08:00")
    again = json.loads(Event.model_validate_json(json.dumps(content)).to_wire())
    assert again["time"] == "2026-07-01T10:00:00.500Z"


@given(x1=shares, y1=shares, x2=shares, y2=shares)
def test_a_box_is_ordered_or_refused(x1: float, y1: float, x2: float, y2: float) -> None:
    if x1 < x2 and y1 < y2:
        BoxNorm(x1=x1, y1=y1, x2=x2, y2=y2)
        return
    with pytest.raises(ValidationError):
        BoxNorm(x1=x1, y1=y1, x2=x2, y2=y2)


@given(
    ee=st.floats(0.01, 1e4),
    nn=st.floats(0.01, 1e4),
    tilt=st.floats(-2, 2).filter(lambda tilt: abs(abs(tilt) - 1) > 1e-6),
)
def test_a_covariance_is_positive_definite_or_refused(ee: float, nn: float, tilt: float) -> None:
    en = tilt * (ee * nn) ** 0.5
    if abs(tilt) < 1:
        GroundPoint(lat=0, lon=0, ee_m2=ee, en_m2=en, nn_m2=nn)
        return
    with pytest.raises(ValidationError):
        GroundPoint(lat=0, lon=0, ee_m2=ee, en_m2=en, nn_m2=nn)


@given(state=st.sampled_from(IncidentState), seen=st.sampled_from(Seen), seq=st.integers(1, 2**53))
def test_the_wire_says_what_was_said(state: IncidentState, seen: Seen, seq: int) -> None:
    """Whatever an event holds comes back equal, and the same event gives the same bytes."""
    said = event(state=state, seen=seen, seq=seq, ground=ground_point(), evidence=(evidence_ref(),))
    heard = Event.model_validate_json(said.to_wire())
    assert heard == said
    assert heard.to_wire() == said.to_wire()
    assert heard.type == event_type(state)


def test_the_largest_event_the_model_allows_fits_the_wire() -> None:
    """Field bounds alone keep an honest event far below what node and central refuse."""
    largest = event(
        node_id="n" * 64,
        camera_id="c" * 64,
        zones=tuple("z" * 62 + f"{index:02}" for index in range(32)),
        ground=ground_point(),
        evidence=tuple(evidence_ref(mark=mark) for mark in "01234567"),
    )
    assert len(largest.to_wire()) < MAX_EVENT_BYTES / 4


def test_an_event_is_a_value() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        incident_event().seq = 2
    assert isinstance(hash(event()), int)
    assert isinstance(incident_event(), IncidentEvent)


def test_a_status_with_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValidationError):
        NodeStatus.model_validate({"node_id": "n", "boot_id": "x", "state": "online", "at": T0.replace(tzinfo=None)})


def test_everything_seen_belongs_to_a_group() -> None:
    assert set(GROUP_BY_SEEN) == set(Seen)
    assert set(GROUP_BY_SEEN.values()) == set(KindGroup)


def test_what_is_seen_and_what_only_explains_share_no_word() -> None:
    """A model class means one or the other; a shared word would be read as `Seen` silently."""
    assert not {seen.value for seen in Seen} & {context.value for context in Context}
    assert len(Violation) == 15
