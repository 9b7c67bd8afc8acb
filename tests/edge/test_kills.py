"""A node killed at marked points loses and doubles nothing, ends every incident; tests/chaos does it 200 times."""

from pathlib import Path

import pytest

from tests.edge.killing import kill_again_and_again


@pytest.mark.broker
def test_a_killed_node_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    toll = kill_again_and_again(tmp_path, kills=3, seed=11)
    assert sum(toll.kills.values()) == 3
    assert toll.said
    assert (toll.lost, toll.gaps, toll.doubled, toll.dead_letters) == (set(), set(), [], 0)
    assert toll.unended == set()
    assert set(toll.ends.values()) == {1}
    assert toll.evidence_faults == []
