"""The measurement itself: real events, nothing counted by the client alone, and never on a database in use."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from central.bench.measuring import refuse_real
from central.bench.minting import REVISIONS, Mint, node_name
from central.bench.reporting import at_least, at_most, percentiles
from central.cli import cli
from contract.errors import UsageError
from contract.events import Event
from contract.plane import Origin
from contract.taxonomy import Seen
from tests.central.builders import Street
from tests.central.databases import fresh_sqlite
from tests.central.parts import Parts

BEGAN = datetime(2026, 7, 1, tzinfo=UTC)


def mint(number: int = 1, run: str = "a") -> Mint:
    return Mint(number, BEGAN, run, Origin(36.8, 118.0))


def test_minted_events_are_valid_and_all_different() -> None:
    events = [Event.model_validate_json(mint().payload(seq)) for seq in (*range(1, 10), 5_000, 70_000)]
    assert [event.data.seq for event in events] == [*range(1, 10), 5_000, 70_000]
    assert [event.data.revision for event in events[:5]] == [1, 2, 3, 4, 1]
    assert len({event.id for event in events}) == len(events)
    assert len({event.data.incident_id for event in events[:8]}) == 8 // REVISIONS
    assert {event.data.node_id for event in events} == {node_name(1)}


def test_the_same_place_always_holds_the_same_bytes_and_another_run_others() -> None:
    assert mint().payload(7) == mint().payload(7)
    assert mint().payload(7) != mint(run="b").payload(7) != mint(2).payload(7)


def test_percentiles_and_targets() -> None:
    found = percentiles([number / 1000 for number in range(1, 101)])
    assert (found.p50, found.p99) == (51.0, 100.0)
    assert (percentiles([]).p50, at_least("x", 5, 5).is_reached, at_most("x", 5, 5.1).is_reached) == (0.0, True, False)


def test_a_database_in_use_is_refused(file_parts: Parts) -> None:
    refuse_real(file_parts.database)
    file_parts.take(Street().event("a", Seen.STALL, (0, 0)))
    with pytest.raises(UsageError, match="holds events of node-1"):
        refuse_real(file_parts.database)


def test_the_command_measures_and_writes_the_report(tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    arguments = ["bench", "--mode", "paced", "--seconds", "1", "--json", str(report)]
    answer = CliRunner().invoke(cli, [*arguments, "--database-url", fresh_sqlite(tmp_path / "db")])
    assert answer.exit_code == 0, answer.output
    found = json.loads(report.read_text())
    assert found["events_sent"] == found["events_committed"] > 100
    assert (found["duplicates"], found["lost"]) == (0, 0)
    assert {"rate_per_s", "publish_to_commit_ms", "rss_mb", "machine", "versions", "targets"} <= set(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--mqtt-protocol", "4"], "write 5 or 3.1.1"), (["--json", "/nowhere/x.json"], "there is no folder")],
)
def test_a_wrong_option_is_said_before_anything_starts(arguments: list[str], message: str) -> None:
    answer = CliRunner().invoke(cli, ["bench", *arguments])
    assert isinstance(answer.exception, UsageError)
    assert message in str(answer.exception)
