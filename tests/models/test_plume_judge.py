"""The second stage is learned by a command that says whether it was worth it, and never from streets that report."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from contract.errors import UsageError
from contract.taxonomy import Seen
from edge.plume.features import NAMES
from edge.plume.judge import PlumeJudge
from models.cli import app
from models.street_days.judging import held_out
from models.street_days.learn import Sample, fit
from models.street_days.store import write
from tests.models.test_street_days import STALL, recording


def plumes(streets: int = 24) -> list[Sample]:
    """Smoke and flame whose change tells the real ones from the others; the detector's score tells little."""
    random = np.random.default_rng(3)
    found = []
    for seed in range(1000, 1000 + streets):
        for seen in (Seen.SMOKE, Seen.FLAME):
            for is_real in (True, False):
                vector = random.normal(0.0, 1.0, len(NAMES)).astype(np.float32)
                vector[NAMES.index("change_ratio")] += 3.0 * is_real
                vector[NAMES.index("score_mean")] += 0.3 * is_real
                track = f"{seed}/{seen}/{is_real}"
                found += [Sample(seed, track, seen, vector, is_real)] * 2
    return found


def test_on_streets_it_never_saw_the_learned_stage_beats_the_score() -> None:
    for held in held_out(plumes(), 6):
        assert (held.tracks, held.real) == (48, 24)
        assert held.learned.area > 0.9 > held.score.area
        assert held.learned.false_at_95 < held.score.false_at_95


def test_a_node_reads_the_weights_that_were_learned(tmp_path: Path) -> None:
    entries = plumes()
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(fit(entries)), encoding="utf-8")
    judge = PlumeJudge(path)
    real = [judge.belief(entry.seen, entry.vector) for entry in entries if entry.is_real]
    others = [judge.belief(entry.seen, entry.vector) for entry in entries if not entry.is_real]
    assert np.mean(real) > 0.7 > 0.3 > np.mean(others)


def test_too_few_plumes_are_said() -> None:
    with pytest.raises(UsageError, match="record more streets"):
        held_out(plumes(1), 2)


def test_streets_that_report_are_never_learned_from(tmp_path: Path) -> None:
    made = recording([STALL])
    write(tmp_path / "3000" / "cam-1" / "act-00.npz", replace(made, facts=replace(made.facts, seed=3000)))
    out = tmp_path / "weights.json"
    result = CliRunner().invoke(app, ["plume-judge", str(tmp_path), "--out", str(out)])
    assert result.exit_code == 2
    assert "seed 3000 is for reporting" in result.output
    assert not out.exists()


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plume-judge", str(tmp_path / "none"), "--out", str(tmp_path / "w.json")])
    assert result.exit_code == 2
    assert "no recordings" in result.output
