"""The table of losses survives kills, and its page shows every column."""

from pathlib import Path

import pytest

from models.training.curves import LOSSES_FILE, LossTable, read_losses, write_curves


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Six batches in two epochs."""
    table = LossTable(tmp_path / LOSSES_FILE, 0)
    for batch in range(1, 7):
        table.add({"batch": batch, "epoch": 1 + batch // 4, "box_loss": 1 / batch, "learning_rate": 0.001})
    return tmp_path


def batches(run: Path) -> list[float]:
    return [row["batch"] for row in read_losses(run / LOSSES_FILE)]


def test_a_row_cut_short_by_a_kill_is_left_out(run: Path) -> None:
    with (run / LOSSES_FILE).open("a", encoding="utf-8") as file:
        file.write("7,2,0.1")
    assert batches(run) == [1, 2, 3, 4, 5, 6]


def test_batches_that_are_shown_again_are_not_counted_twice(run: Path) -> None:
    table = LossTable(run / LOSSES_FILE, 4)
    table.add({"batch": 5, "epoch": 2, "box_loss": 0.3, "learning_rate": 0.001})
    assert batches(run) == [1, 2, 3, 4, 5]


def test_a_run_begun_anew_forgets_the_old_table(run: Path) -> None:
    LossTable(run / LOSSES_FILE, 0)
    assert batches(run) == []


def test_the_page_has_a_chart_for_every_column(run: Path) -> None:
    page = write_curves(run, "trial <1>").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "<h2>box_loss</h2>" in page
    assert "trial &lt;1&gt;" in page
