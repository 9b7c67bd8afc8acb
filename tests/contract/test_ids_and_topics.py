"""Ids, topics, clocks and configuration messages: the small print two programs agree on."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from contract.clock import SystemClock, VirtualClock, format_rfc3339, parse_rfc3339
from contract.configfile import Settings, load_yaml
from contract.errors import UsageError
from contract.ids import NodeId, derived_entropy, is_name, uuid7
from contract.manifest import ModelManifest, read_manifest
from contract.topics import Topics
from tests.contract.builders import T0

EPOCH = datetime(1971, 1, 1, tzinfo=UTC)
instants = st.integers(0, 230 * 365 * 86_400_000_000).map(
    lambda microseconds: EPOCH + timedelta(microseconds=microseconds)
)


@given(instants, st.binary(min_size=10, max_size=16))
def test_an_id_is_a_version_7_uuid_of_its_millisecond(instant: datetime, entropy: bytes) -> None:
    made = UUID(uuid7(instant, entropy))
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == int(instant.timestamp() * 1000)


@given(instants, st.integers(1, 10**9))
def test_ids_sort_by_the_millisecond_they_were_minted_in(instant: datetime, later_ms: int) -> None:
    assert uuid7(instant) < uuid7(instant + timedelta(milliseconds=later_ms + 1))


def test_the_operating_systems_entropy_differs_and_derived_entropy_does_not() -> None:
    assert len({uuid7(T0) for _ in range(1000)}) == 1000
    assert derived_entropy("a", "b") == derived_entropy("a", "b")
    assert derived_entropy("a", "b") != derived_entropy("ab")
    assert derived_entropy("a", "b") != derived_entropy("b", "a")


names = st.from_regex(r"\A[A-Za-z0-9](?:[A-Za-z0-9._-]{0,20}[A-Za-z0-9])?\Z")


@given(names, st.sampled_from(["xunjie/v1", "city", "a/b/c"]))
def test_every_topic_of_a_node_names_that_node(name: str, prefix: str) -> None:
    topics, node_id = Topics(prefix), NodeId(name)
    made = (
        topics.event_live(node_id),
        topics.event_backfill(node_id),
        topics.receipt(node_id),
        topics.status(node_id),
    )
    assert len(set(made)) == 4
    assert all(topics.node_of(topic) == name for topic in made)
    assert all(Topics("other/prefix").node_of(topic) is None for topic in made)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a+", "#", "-a", "a-", "a b", "a\n", "\n", "n" * 65, "摄像头", "$SYS"]
)
def test_what_is_unsafe_in_a_topic_or_a_path_is_no_name(name: str) -> None:
    assert not is_name(name)
    assert Topics().node_of(f"xunjie/v1/node/{name}/status") != name or name == ""


def test_a_wild_card_topic_belongs_to_nobody() -> None:
    topics = Topics()
    assert topics.node_of(topics.all_events) is None
    assert topics.node_of(topics.all_statuses) is None


@given(instants)
def test_an_instant_survives_the_wire_to_the_millisecond(instant: datetime) -> None:
    again = parse_rfc3339(format_rfc3339(instant))
    assert timedelta(0) <= instant - again < timedelta(milliseconds=1)
    assert again.tzinfo is UTC


def test_an_offset_is_understood_and_a_naive_instant_refused() -> None:
    there = timezone(timedelta(hours=8))
    assert format_rfc3339(datetime(2026, 7, 1, 16, tzinfo=there)) == "2026-07-01T08:00:00.000Z"
    for refused in ("2026-07-01T08:00:00", "2026-07-01", "soon", ""):
        with pytest.raises(ValueError, match=r"offset|Invalid"):
            parse_rfc3339(refused)


def test_a_virtual_clock_moves_only_when_told_and_never_back() -> None:
    clock = VirtualClock(T0)
    assert clock.now() == T0
    clock.sleep(1.5)
    clock.sleep(-5)
    assert clock.monotonic() == 1.5
    clock.move_to(T0 + timedelta(seconds=4))
    assert clock.now() == T0 + timedelta(seconds=4)
    with pytest.raises(ValueError, match="refused to go back"):
        clock.move_to(T0)
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(T0.replace(tzinfo=None))


def test_the_system_clock_is_aware_and_does_not_go_back() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


class Thresholds(Settings):
    polygon: tuple[tuple[float, float], ...] = Field(default=((0, 0),) * 3, min_length=3)
    share: float = Field(default=0.5, ge=0, le=1)
    height_m: float = 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shares: 1", "shares: unknown key; remove it or check its spelling"),
        ("polygon: [[0, 0], [1, 1]]", "polygon: needs at least 3 points, got 2"),
        ("polygon: [[0, 0], [1, 1], [2, x]]", "polygon[2][1]: Input should be a valid number"),
        ("polygon: [[0, y]]", "polygon[0][1]: Input should be a valid number"),
        ("share: 2", "share: Input should be less than or equal to 1"),
        ("height_m: .nan", "height_m: Input should be a finite number"),
        ("height_m: .inf", "height_m: Input should be a finite number"),
        ("[1, 2", "is not valid YAML"),
        ("- 1", "valid dictionary"),
    ],
)
def test_a_configuration_message_names_file_place_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_yaml(path, Thresholds)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_errors_in_a_configuration_are_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("share: 2\nshares: 1\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_yaml(path, Thresholds)
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == ["share", "shares"]


def test_an_unreadable_configuration_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    for name, reason in (("none.yaml", "can't be read"), (".", "can't be read"), ("latin.yaml", "not UTF-8")):
        with pytest.raises(UsageError, match=reason):
            load_yaml(tmp_path / name, Thresholds)


def test_an_empty_configuration_means_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing\n", encoding="utf-8")
    assert load_yaml(path, Thresholds) == Thresholds()


@pytest.mark.parametrize("path", ["/etc/passwd", "../weights.bin", "a/../../b"])
def test_a_model_file_stays_inside_its_folder(path: str) -> None:
    with pytest.raises(ValueError, match="inside the model folder"):
        ModelManifest.model_validate(
            {
                "name": "m",
                "version": "1",
                "licence": "x",
                "input": {"height_px": 32, "width_px": 32},
                "classes": [{"label": "a", "means": "smoke", "threshold": 0.5}],
                "variants": [{"engine": "onnx-fp32", "files": [{"path": path, "sha256": "0" * 64, "size_bytes": 1}]}],
            }
        )


def test_a_folder_without_a_manifest_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give a model folder"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text('{"name": 3}', encoding="utf-8")
    with pytest.raises(UsageError, match=r"manifest\.json: "):
        read_manifest(tmp_path)
