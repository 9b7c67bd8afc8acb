"""What gives way first when time or room runs out; the chain stays whole, and later events say so."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.clock import VirtualClock
from contract.events import EvidenceRole, EvidenceState
from contract.evidence_manifest import FileKind, RemovalReason
from edge.evidence.retention import Retention
from edge.evidence.retiring import retire
from edge.evidence.shedding import (
    MAX_DISK_SHARE,
    Ages,
    Allowance,
    Pressure,
    Reduce,
    Remove,
    Room,
    Stored,
    plan,
)
from edge.evidence_settings import EvidenceSettings
from tests.edge.evidence_folder import Node
from tests.edge.fakes import T0, at

AGES = Ages(timedelta(days=30), timedelta(days=20), timedelta(days=90))
ROOMY = Room(used=0, allowed=10**9, disk_total=10**12, disk_free=10**12)


def stored(
    name: str,
    role: EvidenceRole = EvidenceRole.CONFIRMATION,
    second: float = 0,
    size: int = 100,
    *,
    is_settled: bool = True,
    is_small: bool = False,
    file: FileKind = FileKind.REDACTED,
) -> Stored:
    return Stored(name, file, role, size, at(second), is_settled, is_small)


def test_what_is_too_old_goes_and_what_central_has_not_got_stays_longer() -> None:
    files = [stored("old"), stored("waiting", is_settled=False), stored("new", second=86400 * 25)]
    files.append(stored("original", second=86400 * 9, file=FileKind.ORIGINAL))
    made = plan(files, AGES, ROOMY, T0 + timedelta(days=31))
    assert [(step.target.sha256, step.reason) for step in made.steps if isinstance(step, Remove)] == [
        ("old", RemovalReason.AGE),
        ("original", RemovalReason.AGE),
    ]
    assert made.pressure is Pressure.NONE
    late = plan(files, AGES, ROOMY, T0 + timedelta(days=91))
    assert "waiting" in {step.target.sha256 for step in late.steps}


FULL = (
    stored("confirmation", EvidenceRole.CONFIRMATION, 1),
    stored("latest", EvidenceRole.LATEST, 2),
    stored("waiting", EvidenceRole.LATEST, 0, is_settled=False),
    stored("lead-up", EvidenceRole.LEAD_UP, 3),
    stored("context", EvidenceRole.CONTEXT, 4),
)


def shed(allowed: int) -> tuple[list[str], Pressure]:
    room = Room(used=500, allowed=allowed, disk_total=10**12, disk_free=10**12)
    made = plan(FULL, AGES, room, at(10))
    return [f"{type(step).__name__} {step.target.sha256}" for step in made.steps], made.pressure


def test_context_goes_first_then_lead_ups_then_quality_then_pictures() -> None:
    assert shed(500) == ([], Pressure.NONE)
    assert shed(450) == (["Remove context"], Pressure.CONTEXT)
    assert shed(350) == (["Remove context", "Remove lead-up"], Pressure.LEAD_UP)
    assert shed(250) == (
        ["Remove context", "Remove lead-up", "Reduce confirmation"],
        Pressure.QUALITY,
    )
    steps, pressure = shed(20)
    assert pressure is Pressure.PICTURES
    assert steps[-1] == "Remove waiting", "what nobody else has goes last"


def test_the_disk_is_never_fuller_than_its_share_whatever_the_budget_says() -> None:
    """Somebody else's log fills the disk: evidence makes room although it is within its own budget."""
    total = 10_000
    room = Room(used=500, allowed=10**9, disk_total=total, disk_free=round(total * (1 - MAX_DISK_SHARE)) - 150)
    made = plan(FULL, AGES, room, at(10))
    freed = sum(step.target.size_bytes for step in made.steps if isinstance(step, Remove))
    assert freed >= 150


roles = st.sampled_from(list(EvidenceRole))
files_strategy = st.lists(
    st.builds(
        lambda number, role, size, settled, small: stored(
            str(number), role, number, size, is_settled=settled, is_small=small
        ),
        st.integers(0, 10**6),
        roles,
        st.integers(1, 1000),
        st.booleans(),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda file: file.sha256,
)


@given(files_strategy, st.integers(0, 20_000))
def test_a_plan_frees_enough_or_everything(files: list[Stored], allowed: int) -> None:
    used = sum(file.size_bytes for file in files)
    made = plan(files, AGES, Room(used, allowed, 10**12, 10**12), T0 + timedelta(days=12))
    gone = {step.target.sha256 for step in made.steps if isinstance(step, Remove)}
    reduced = {step.target.sha256 for step in made.steps if isinstance(step, Reduce)} - gone
    left = sum(f.size_bytes // 4 + 1 if f.sha256 in reduced else f.size_bytes for f in files if f.sha256 not in gone)
    assert left <= allowed + len(reduced) or gone == {file.sha256 for file in files}
    if used <= allowed:
        assert not gone and not reduced


@pytest.mark.parametrize("pressure", list(Pressure))
def test_new_evidence_shrinks_with_the_pressure(pressure: Pressure) -> None:
    allowance = Allowance(pressure)
    assert allowance.takes(EvidenceRole.CONTEXT) is (pressure < Pressure.CONTEXT)
    assert allowance.takes(EvidenceRole.LEAD_UP) is (pressure < Pressure.LEAD_UP)
    assert allowance.takes(EvidenceRole.CONFIRMATION) is (pressure < Pressure.PICTURES)
    quality, width = allowance.fitting(85, 1920)
    assert (quality < 85 and width < 1920) is (pressure >= Pressure.QUALITY)


@dataclass
class Disk:
    total: int = 10**12
    free: int = 10**12


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path / "evidence", EvidenceSettings(max_bytes=1_000_000, keep_days=1, keep_originals_days=0.5))
    yield made
    made.close()


def retention(node: Node, disk: Disk | None = None, max_bytes: int = 10**9) -> Retention:
    """The node's own retention on another disk, as if it had been started so."""
    own = node.parts.retention
    settings = node.settings.model_copy(update={"max_bytes": max_bytes})
    made = Retention(
        node.parts.pictures,
        node.parts.ledger,
        own._chain,
        settings,
        node.clock,
        lambda _path: disk or Disk(),
    )
    node.parts.locker._allowance = made.allowance
    return made


def test_age_removes_files_behind_signed_tombstones(node: Node) -> None:
    first = node.find().refs[0].sha256
    node.parts.ledger.settle([first])
    node.clock.sleep(13 * 3600)
    second = node.find().refs[0].sha256
    retention(node).step()
    assert node.parts.originals.find(first) is None and node.parts.pictures.find(first) is not None
    node.clock.sleep(12 * 3600)
    retention(node).step()
    assert node.parts.pictures.find(first) is None and node.parts.pictures.find(second) is not None
    verdict = node.verify()
    assert verdict.is_whole, verdict.faults
    assert (verdict.pictures, verdict.removed) == (1, 2)


def test_a_picture_deleted_without_a_tombstone_is_a_fault_and_with_one_is_none(node: Node) -> None:
    kept, gone = (node.find().refs[0].sha256 for _ in range(2))
    node.parts.retention.give_up(gone)
    assert node.verify().is_whole
    (node.folder / f"{kept}.jpg").unlink()
    assert [fault.file for fault in node.verify().faults] == [f"{kept}.jpg"]


def test_a_kill_between_tombstone_and_deletion_leaves_a_file_too_many_and_a_whole_chain(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = node.find().refs[0].sha256
    monkeypatch.setattr(Path, "unlink", lambda _path, missing_ok=False: None)
    node.parts.retention.give_up(sha256)
    monkeypatch.undo()
    verdict = node.verify()
    assert verdict.is_whole
    assert any("still there" in note for note in verdict.notes)


def test_a_full_disk_sheds_in_order_and_later_events_say_so(node: Node) -> None:
    context = node.find(EvidenceRole.CONTEXT, 1280).refs[0].sha256
    lead_up = node.find(EvidenceRole.LEAD_UP, 1280).refs[0].sha256
    proof = node.find(EvidenceRole.CONFIRMATION, 1280).refs[0].sha256
    node.parts.ledger.settle([context, lead_up, proof])
    used = node.parts.ledger.used_bytes()
    disk = Disk()
    shedder = retention(node, disk, used - 10)
    shedder.step()
    assert node.parts.pictures.find(context) is None and node.parts.pictures.find(lead_up) is not None
    refused = node.find(EvidenceRole.CONTEXT)
    assert (refused.refs, refused.state) == ((), EvidenceState.SHED)
    assert node.find(EvidenceRole.CONFIRMATION).state is None
    retention(node, disk, 1_000_000).step()
    verdict = node.verify()
    assert verdict.is_whole, verdict.faults
    shown = node.parts.ledger.used_bytes()
    assert shown <= 1_000_000


def test_a_reduced_picture_stands_in_for_the_large_one(node: Node) -> None:
    proof = node.find(EvidenceRole.CONFIRMATION, 1280).refs[0].sha256
    node.parts.ledger.settle([proof])
    used = node.parts.ledger.used_bytes()
    shedder = retention(node, max_bytes=round(used * 0.95))
    made = shedder.step()
    assert [type(step) for step in made.steps] == [Reduce]
    assert made.pressure is Pressure.QUALITY
    assert node.parts.pictures.find(proof) is None
    verdict = node.verify()
    assert verdict.is_whole, verdict.faults
    assert (verdict.pictures, verdict.removed) == (1, 1)
    smaller = node.find(EvidenceRole.CONFIRMATION, 1280)
    assert smaller.state is EvidenceState.SHED
    assert smaller.refs[0].width_px == 960
    node.close()
    node.parts = node.open()
    assert node.verify().pictures == 2, "a restart keeps the reduced picture"


def test_the_pressure_eases_step_by_step_once_there_is_room(node: Node) -> None:
    node.find(EvidenceRole.CONFIRMATION, 640)
    shedder = retention(node, max_bytes=1_000_000)
    node.parts.ledger.settle([file.sha256 for file in node.parts.ledger.stored()])
    tight = retention(node, max_bytes=1_000_000)
    tight._pressure = Pressure.QUALITY
    seen = []
    for _ in range(4):
        tight.step()
        seen.append(tight.allowance().pressure)
    assert seen == [Pressure.LEAD_UP, Pressure.CONTEXT, Pressure.NONE, Pressure.NONE]
    assert shedder.allowance().pressure is Pressure.NONE


def test_a_clock_that_jumps_ahead_breaks_no_chain(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.find()
    node.clock = VirtualClock(T0 + timedelta(days=365))
    retention(node).step()
    assert node.verify().is_whole
    node.close()


def test_a_part_of_the_chain_whose_files_are_gone_is_retired_and_the_rest_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr("edge.evidence.chain.SEGMENT", 10)
    node = Node(tmp_path / "evidence", EvidenceSettings(keep_days=1, keep_originals_days=1))
    old = [node.find().refs[0].sha256 for _ in range(25)]
    node.parts.ledger.settle(old)
    node.clock.sleep(2 * 86_400)
    young = node.find().refs[0]
    retention(node).step()
    chain = node.folder / "chain"
    assert [path.name for path in sorted(chain.glob("*.jsonl"))] == ["00000021.jsonl"]
    verdict = node.verify()
    assert verdict.is_whole, verdict.faults
    assert verdict.pictures == verdict.originals == 1
    again = Node(node.folder)
    assert again.verify().is_whole
    assert again.find().refs[0].manifest_sha256 != young.manifest_sha256
    (chain / "00000021.jsonl").write_bytes(b"".join((chain / "00000021.jsonl").read_bytes().splitlines(True)[1:]))
    assert not again.verify().is_whole, "a cut beyond what was signed for still shows"
    again.close()
    node.close()


def test_a_chain_whose_files_are_there_or_whose_lines_are_damaged_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr("edge.evidence.chain.SEGMENT", 5)
    node = Node(tmp_path / "evidence", EvidenceSettings(keep_days=1, keep_originals_days=1))
    refs = [node.find().refs[0].sha256 for _ in range(12)]
    assert retire(node.parts.retention._chain, node.parts.pictures, node.clock.now()) == 0
    node.parts.ledger.settle(refs)
    first = node.segment.read_bytes()
    node.segment.write_bytes(first.replace(b'"payload":"', b'"payload":"AAAA', 1))
    node.clock.sleep(2 * 86_400)
    retention(node).step()
    assert node.segment.exists()
    node.segment.write_bytes(first)
    assert retire(node.parts.retention._chain, node.parts.pictures, node.clock.now()) >= 1
    assert node.verify().is_whole
    node.close()


def test_a_kill_between_the_entry_and_the_file_leaves_a_whole_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr("edge.evidence.chain.SEGMENT", 5)
    node = Node(tmp_path / "evidence", EvidenceSettings(keep_days=1, keep_originals_days=1))
    node.parts.ledger.settle([node.find().refs[0].sha256 for _ in range(8)])
    node.clock.sleep(2 * 86_400)
    first = node.segment.read_bytes()
    retention(node).step()
    assert not node.segment.exists()
    node.segment.write_bytes(first)
    assert node.verify().is_whole
    assert retire(node.parts.retention._chain, node.parts.pictures, node.clock.now()) == 1
    assert node.verify().is_whole
    node.close()
