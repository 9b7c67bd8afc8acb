"""A stored day under other rules, the check of the cases, and the figure over orders of arrival."""

import json
from pathlib import Path

import pytest

from central.rulebook import PACKAGED, load_rules
from central.services.whatif import what_if_stored
from central.store import cases
from contract.taxonomy import Seen
from tests.central.builders import T0, Street, minutes
from tests.central.commandline import CommandLine
from tests.central.parts import Parts

DAY = (T0 - minutes(600), T0 + minutes(600))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capsys)


def an_evening(parts: Parts) -> None:
    """Two views of one stall 2.5 m apart, a neighbour, and one that two cameras saw with a pause."""
    street = Street()
    parts.take(
        street.event("a", Seen.STALL, (0, 0), last=T0 + minutes(20)),
        street.event("b", Seen.STALL, (2.5, 0), last=T0 + minutes(20), camera="cam-2"),
        street.event("c", Seen.STALL, (30, 0), last=T0 + minutes(5)),
        street.event("d", Seen.STALL, (30, 0), first=T0 + minutes(17), last=T0 + minutes(25)),
    )


def test_the_same_rules_would_change_nothing(parts: Parts) -> None:
    an_evening(parts)
    found = what_if_stored(parts.database, parts.bench.rules, *DAY)
    assert (found.sightings, found.cases_today, found.cases_then) == (4, 3, 3)
    assert (found.changes, found.new) == ((), ())


def test_a_smaller_gate_splits_and_a_longer_gap_merges(parts: Parts) -> None:
    an_evening(parts)
    groups = {name: rule.model_copy(update={"gap_s": 1800.0}) for name, rule in load_rules().groups.items()}
    other = parts.bench.rules.model_copy(update={"gate": 0.8, "groups": groups})
    found = what_if_stored(parts.database, other, *DAY)
    assert sorted(change.what for change in found.changes) == ["altered", "merged", "split"]
    assert (found.cases_today, found.cases_then, len(found.new)) == (3, 3, 1)


def test_a_frozen_case_stays_whatever_the_rules_say(parts: Parts) -> None:
    an_evening(parts)
    split = what_if_stored(parts.database, parts.bench.rules.model_copy(update={"gate": 0.8}), *DAY).changes[0]
    with parts.database.write() as connection:
        cases.freeze(connection, split.case_id, "platform", T0)
    found = what_if_stored(parts.database, parts.bench.rules.model_copy(update={"gate": 0.8}), *DAY)
    assert (found.changes, found.frozen) == ((), 1)


def test_the_commands_tell_it_in_words_and_as_json(file_parts: Parts, run: CommandLine, tmp_path: Path) -> None:
    an_evening(file_parts)
    rules = tmp_path / "rules.yaml"
    rules.write_text("gate: 0.8\n", encoding="utf-8")
    url = str(file_parts.database.url)
    arguments = ("what-if", "--day", "2026-07-01", "--database-url", url, "--rules", str(rules))
    told = json.loads(run(*arguments, "--json").stdout)
    assert (told["cases_today"], told["cases_then"], told["counts"]["split"]) == (3, 4, 1)
    assert "falls into" in run(*arguments).stdout
    assert json.loads(run("check-cases", "--database-url", url, "--json").stdout) == []
    assert "0 pairs" in run("check-cases", "--database-url", url).stdout


def test_a_store_that_the_rules_would_join_fails_the_check(file_parts: Parts, run: CommandLine, tmp_path: Path) -> None:
    an_evening(file_parts)
    rules = tmp_path / "rules.yaml"
    rules.write_text(PACKAGED.read_text(encoding="utf-8").replace("gap_s: 540", "gap_s: 1800"), encoding="utf-8")
    done = run("check-cases", "--database-url", str(file_parts.database.url), "--rules", str(rules))
    assert (done.returncode, "would be one" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--day", "July"), "2026-07-01"),
        ((), "either --day"),
        (("--day", "2026-07-01", "--database-url", "sqlite:///nowhere.db"), "nowhere.db"),
    ],
)
def test_a_wrong_question_is_one_clear_line(
    run: CommandLine, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("gate: 1\n", encoding="utf-8")
    done = run("what-if", "--rules", str(rules), *arguments)
    assert (done.returncode, message in done.stderr) == (2, True)


def test_orders_of_arrival_give_the_same_cases_and_the_command_says_so(run: CommandLine) -> None:
    done = run("score-orders", "--orders", "2", "--hours", "0.3", "--seed", "3", "--json")
    untouched, frozen, reviewed = json.loads(done.stdout)
    assert (untouched["worst"], untouched["joinable"], untouched["frozen"]) == (1.0, 0, 0.0)
    assert frozen["frozen"] > 0
    assert frozen["worst"] > 0.9
    assert (reviewed["frozen"] > 0, reviewed["worst"] > 0.9) == (True, True)
