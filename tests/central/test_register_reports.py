"""Reports of imports on disk: they outlive the process, are for who made them, and lie no longer than they must."""

from datetime import date
from pathlib import Path

import pytest

from central.services.registers_base import Register
from central.services.registers_files import RawRow
from central.services.registers_findings import Cause, Finding
from central.services.registers_orders import Report
from central.services.registers_shelf import KEPT_FOR, MOST_OF_ONE, ReportShelf, write_bad_rows
from contract.clock import VirtualClock
from tests.central.builders import T0

HEADINGS = ("id", "name_zh", "hardship_note", "odd")


def report(source: str = "merchants.csv") -> Report:
    return Report(
        register=Register.MERCHANTS,
        source=source,
        rows=9,
        bad_rows=1,
        added=8,
        changed=0,
        removed=0,
        unchanged=0,
        findings=(
            Finding(4, "m-4", "shop", "unknown_ref", {"register": Cause("店铺", "shops"), "value": "s-9"}),
            Finding(4, "m-4", "valid_to", "expired", {"last": date(2026, 6, 30)}),
        ),
        is_dry_run=True,
        headings=HEADINGS,
        bad=(RawRow(4, {"id": "m-4", "name_zh": "李记", "hardship_note": "yes, ill", "odd": 7.5}),),
    )


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(T0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def test_a_report_is_found_again_by_a_service_that_was_started_anew(folder: Path, clock: VirtualClock) -> None:
    made = ReportShelf(folder, clock)
    name = made.keep(report(), "li")
    before, after = made.find(name, "li"), ReportShelf(folder, clock).find(name, "li")
    assert before is not None
    assert after is not None
    for language in ("zh", "en"):
        words = [(one.row, one.problem(language), one.remedy(language)) for one in after.findings]
        assert words == [(one.row, one.problem(language), one.remedy(language)) for one in before.findings]
        assert write_bad_rows(after, language) == write_bad_rows(before, language)
    ((own, head),) = ReportShelf(folder, clock).latest("merchants", "li")
    assert (own, head.source, head.rows, head.bad_rows, head.is_written) == (name, "merchants.csv", 9, 1, False)


def test_nobody_else_finds_it_and_no_name_leads_out_of_the_folder(folder: Path, clock: VirtualClock) -> None:
    name = ReportShelf(folder, clock).keep(report(), "li")
    shelf = ReportShelf(folder, clock)
    assert shelf.find(name, "wang") is None
    assert shelf.latest("merchants", "wang") == []
    assert shelf.latest("shops", "li") == []
    assert shelf.find(f"../{folder.name}/{name}"[:22], "li") is None
    assert oct(next(folder.iterdir()).stat().st_mode)[-3:] == "600"


def test_what_is_restricted_is_not_written_down(folder: Path, clock: VirtualClock) -> None:
    shelf = ReportShelf(folder, clock)
    found = ReportShelf(folder, clock).find(shelf.keep(report(), "li"), "li")
    assert found is not None
    assert dict(found.bad[0].cells) == {"id": "m-4", "name_zh": "李记", "odd": 7.5}


def test_a_report_goes_after_some_days_and_when_its_owner_has_many(folder: Path, clock: VirtualClock) -> None:
    shelf = ReportShelf(folder, clock)
    oldest = shelf.keep(report("first"), "li")
    for number in range(MOST_OF_ONE):
        clock.sleep(60)
        shelf.keep(report(str(number)), "li")
    others = shelf.keep(report(), "wang")
    assert shelf.find(oldest, "li") is None
    assert len(shelf.latest("merchants", "li")) == MOST_OF_ONE
    clock.sleep(KEPT_FOR.total_seconds())
    assert shelf.find(others, "wang") is None
    assert shelf.tidy() == MOST_OF_ONE + 1
    assert list(folder.iterdir()) == []


def test_all_together_take_no_more_room_than_is_given(folder: Path, clock: VirtualClock) -> None:
    shelf = ReportShelf(folder, clock, room_bytes=600)
    for who in ("li", "wang", "zhao"):
        clock.sleep(60)
        name = shelf.keep(report(), who)
    assert shelf.find(name, "zhao") is not None
    assert len(list(folder.iterdir())) == 1


def test_a_damaged_file_is_as_none_and_a_disk_that_refuses_costs_only_the_next_start(
    folder: Path, clock: VirtualClock
) -> None:
    name = ReportShelf(folder, clock).keep(report(), "li")
    path = next(folder.iterdir())
    path.write_bytes(path.read_bytes()[:-40])
    assert ReportShelf(folder, clock).find(name, "li") is None
    blocked = folder.parent / "a file"
    blocked.write_text("in the way", encoding="utf-8")
    shelf = ReportShelf(blocked, clock)
    assert shelf.find(shelf.keep(report(), "li"), "li") is not None
