"""kill -9 of a real node at any marked point, 200 random times: 0 lost, 0 doubled in central's tables."""

from pathlib import Path

import pytest

from edge.faults import Point
from tests.edge.killing import kill_again_and_again
from tests.house.source import ROOT

KILLS = 200
SEED = 20260701


@pytest.mark.broker
def test_two_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    (ROOT / "runs").mkdir(exist_ok=True)
    with (ROOT / "runs" / "edge-kills.log").open("w", encoding="utf-8", buffering=1) as log:
        toll = kill_again_and_again(tmp_path, KILLS, SEED, lambda line: print(line, file=log))
    facts = toll.facts()
    assert set(toll.kills) == set(Point)
    assert (toll.lost, toll.gaps, toll.doubled, toll.dead_letters) == (set(), set(), [], 0), facts
    assert (toll.unended, set(toll.ends.values()), toll.evidence_faults) == (set(), {1}, []), facts
