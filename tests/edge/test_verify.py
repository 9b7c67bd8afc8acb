"""An evidence folder is whole, or the first broken link is named; a kill and a refusing disk break nothing."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contract.clock import VirtualClock
from contract.errors import PermanentError
from contract.events import ClockState, EvidenceRole, EvidenceState
from contract.evidence_manifest import EvidenceItem, EvidenceManifest, read_entry
from contract.ids import uuid7
from contract.keys import KeyPairs
from contract.signing import Purpose, Signed, SigningKey
from edge.cli import app
from edge.evidence.chain import Chain, Link
from edge.evidence.chain_reading import Breach
from edge.evidence.originals import sealing_context
from edge.evidence.pictures import decode_jpeg
from edge.evidence.signers import note_signer
from edge.evidence.verify import verify
from tests.contract.builders import event
from tests.edge.evidence_folder import CENTRAL, KEYS, Node
from tests.edge.fakes import T0
from tests.house.source import ROOT


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path / "evidence")
    yield made
    made.close()


def filled(node: Node, count: int = 5) -> list[str]:
    return [node.find().refs[0].sha256 for _ in range(count)]


def test_what_was_kept_is_whole(node: Node) -> None:
    filled(node)
    verdict = node.verify()
    assert verdict.is_whole, verdict.faults
    assert (verdict.manifests, verdict.pictures, verdict.originals, verdict.notes) == (5, 5, 5, [])


def test_an_event_names_the_manifest_that_vouches_for_its_picture(node: Node) -> None:
    (ref,) = node.find().refs
    payload = base64.b64decode(Signed.model_validate_json(node.lines()[0]).payload)
    entry = read_entry(payload)
    assert isinstance(entry, EvidenceManifest)
    assert ref.manifest_sha256 is not None
    (item,) = entry.items
    assert (item.sha256, item.size_bytes, item.redaction) == (ref.sha256, ref.size_bytes, ref.redaction)
    assert (entry.camera_id, entry.revision, entry.seq, entry.node_id) == ("cam-1", 1, 1, "node-1")


def test_central_alone_opens_an_original_and_it_shows_what_was_hidden(node: Node) -> None:
    (ref,) = node.find(width_px=320).refs
    sealed = node.parts.originals.find(ref.sha256)
    assert sealed is not None
    content = sealed.read_bytes()
    opened = decode_jpeg(CENTRAL.open(content, sealing_context(ref.sha256)))
    shown = decode_jpeg((node.folder / f"{ref.sha256}.jpg").read_bytes())
    assert opened.shape == shown.shape
    assert (opened[60:120, 90:150].astype(int) - shown[60:120, 90:150]).std() > 20
    with pytest.raises(PermanentError):
        KEYS.sealing.open(content, sealing_context(ref.sha256))
    with pytest.raises(PermanentError):
        CENTRAL.open(content, sealing_context("0" * 64))


def test_nothing_hidden_nothing_sealed(tmp_path: Path) -> None:
    node = Node(tmp_path, hides=())
    (ref,) = node.find().refs
    assert node.parts.originals.find(ref.sha256) is None
    assert node.verify().is_whole
    node.close()


def altered(node: Node, shas: list[str]) -> tuple[Breach, int]:
    (node.folder / f"{shas[2]}.jpg").write_bytes(b"\xff\xd8\xff another picture")
    return Breach.ALTERED, 3


def picture_gone(node: Node, shas: list[str]) -> tuple[Breach, int]:
    (node.folder / f"{shas[1]}.jpg").unlink()
    return Breach.MISSING, 2


def original_altered(node: Node, shas: list[str]) -> tuple[Breach, int]:
    path = node.folder / "originals" / f"{shas[3]}.sealed"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    return Breach.ALTERED, 4


def entry_gone(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    lines = node.lines()
    node.segment.write_bytes(b"".join(lines[:1] + lines[2:]))
    return Breach.MISSING, 2


def entries_swapped(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    lines = node.lines()
    node.segment.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))
    return Breach.REORDERED, 2


def entry_twice(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    lines = node.lines()
    node.segment.write_bytes(b"".join([*lines[:3], lines[2], *lines[3:]]))
    return Breach.REPEATED, 3


def tail_cut(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    node.segment.write_bytes(b"".join(node.lines()[:3]))
    return Breach.TRUNCATED, 4


def entry_rewritten(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    lines = node.lines()
    content = json.loads(lines[1])
    payload = base64.b64decode(content["payload"]).replace(b'"cam-1"', b'"cam-2"')
    content["payload"] = base64.b64encode(payload).decode()
    node.segment.write_bytes(b"".join([lines[0], json.dumps(content).encode() + b"\n", *lines[2:]]))
    return Breach.ALTERED, 2


def entry_signed_by_another(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    lines = node.lines()
    payload = base64.b64decode(Signed.model_validate_json(lines[1]).payload)
    forged = SigningKey.generate().wrap(payload, Purpose.EVIDENCE).to_wire() + b"\n"
    node.segment.write_bytes(b"".join([lines[0], forged, *lines[2:]]))
    return Breach.UNSIGNED, 2


def entry_signed_as_something_else(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    lines = node.lines()
    payload = base64.b64decode(Signed.model_validate_json(lines[1]).payload)
    forged = KEYS.signing.wrap(payload, Purpose.REQUEST).to_wire() + b"\n"
    node.segment.write_bytes(b"".join([lines[0], forged, *lines[2:]]))
    return Breach.ALTERED, 2


def line_garbled(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    lines = node.lines()
    node.segment.write_bytes(b"".join([lines[0], b"\x00\xffgarbage\n", *lines[2:]]))
    return Breach.DAMAGED, 2


def head_gone(node: Node, _shas: list[str]) -> tuple[Breach, int]:
    (node.folder / "chain" / "head.json").unlink()
    return Breach.DAMAGED, 6


@pytest.mark.parametrize(
    "harm",
    [
        altered,
        picture_gone,
        original_altered,
        entry_gone,
        entries_swapped,
        entry_twice,
        tail_cut,
        entry_rewritten,
        entry_signed_by_another,
        entry_signed_as_something_else,
        line_garbled,
        head_gone,
    ],
)
def test_the_first_broken_link_is_named(node: Node, harm: Callable[[Node, list[str]], tuple[Breach, int]]) -> None:
    breach, seq = harm(node, filled(node))
    verdict = node.verify()
    assert not verdict.is_whole
    assert (verdict.faults[0].breach, verdict.faults[0].seq) == (breach, seq), verdict.faults


def test_a_tail_cut_off_together_with_an_older_head_shows_in_the_events(node: Node, tmp_path: Path) -> None:
    filled(node, 3)
    older = (node.folder / "chain" / "head.json").read_bytes()
    last = node.find()
    (node.folder / "chain" / "head.json").write_bytes(older)
    node.segment.write_bytes(b"".join(node.lines()[:3]))
    (node.folder / f"{last.refs[0].sha256}.jpg").unlink()
    (node.folder / "originals" / f"{last.refs[0].sha256}.sealed").unlink()
    assert node.verify().is_whole, "nothing in the folder can tell"
    events = tmp_path / "events.jsonl"
    events.write_bytes(event(evidence=last.refs).to_wire() + b"\n")
    (fault,) = node.verify(events).faults
    assert fault.breach is Breach.MISSING and fault.file == "events.jsonl"


def test_a_torn_line_is_cut_off_at_the_next_start_and_the_chain_goes_on(node: Node) -> None:
    """Killed in the middle of writing a manifest: picture there, half a line, no event."""
    filled(node, 2)
    with node.segment.open("ab") as file:
        file.write(node.lines()[1][:200])
    torn = node.verify()
    assert torn.is_whole and "torn" in torn.notes[0]
    node.close()
    node.parts = node.open()
    filled(node, 2)
    verdict = node.verify()
    assert verdict.is_whole, verdict.faults
    assert (verdict.entries, verdict.manifests) == (5, 4), "the repair says so itself"


def test_a_kill_between_line_and_head_breaks_nothing(node: Node) -> None:
    filled(node, 2)
    before = (node.folder / "chain" / "head.json").read_bytes()
    filled(node, 1)
    (node.folder / "chain" / "head.json").write_bytes(before)
    assert node.verify().is_whole
    node.close()
    node.parts = node.open()
    filled(node, 1)
    assert node.verify().is_whole


def test_a_kill_between_picture_and_manifest_leaves_nothing_behind(node: Node) -> None:
    filled(node, 2)
    stray = node.folder / f"{'ab' * 32}.jpg"
    stray.write_bytes(b"\xff\xd8\xff")
    (node.folder / "x.jpg.part").write_bytes(b"half")
    assert "no entry vouches" in node.verify().notes[0]
    node.close()
    node.parts = node.open()
    assert not stray.exists() and not (node.folder / "x.jpg.part").exists()
    assert node.verify().notes == []


def test_a_cut_tail_stays_visible_after_the_node_went_on(node: Node) -> None:
    filled(node, 4)
    node.segment.write_bytes(b"".join(node.lines()[:2]))
    node.close()
    node.parts = node.open()
    filled(node, 2)
    breaches = {fault.breach for fault in node.verify().faults}
    assert Breach.TRUNCATED in breaches


def test_a_lost_ledger_is_made_anew_from_the_chain(node: Node) -> None:
    shas = filled(node, 3)
    node.close()
    (node.folder / "ledger.sqlite3").write_bytes(b"no database" * 100)
    node.parts = node.open()
    assert {file.sha256 for file in node.parts.ledger.stored()} == set(shas)
    assert (node.folder / "ledger.damaged").exists()


def test_a_disk_that_refuses_costs_the_picture_and_says_so(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the file system turns read-only; as root the rights of a folder would not stop anybody."""
    filled(node, 1)

    def refuse(_descriptor: int) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "fsync", refuse)
    lost = node.find()
    assert (lost.refs, lost.state) == ((), EvidenceState.UNWRITABLE)
    assert "Read-only" in node.parts.problem
    monkeypatch.undo()
    assert len(node.find().refs) == 1
    assert node.parts.problem == ""
    assert node.verify().is_whole


_SMALL_DISK = """
import resource, signal, sys
from pathlib import Path
from tests.edge.evidence_folder import Node
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
node = Node(Path(sys.argv[1]))
first = node.find()
resource.setrlimit(resource.RLIMIT_FSIZE, (node.segment.stat().st_size + 300,) * 2)
second = node.find()
print(len(first.refs), len(second.refs), second.state, second.refs and second.refs[0].manifest_sha256)
print(node.parts.problem)
"""


def test_a_full_disk_in_mid_manifest_leaves_a_whole_chain(tmp_path: Path) -> None:
    """The line does not fit: half of it is on disk, the process lives, the event goes out without a manifest."""
    command = [sys.executable, "-c", _SMALL_DISK, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    said, problem = done.stdout.splitlines()[-2:]
    assert said.startswith("1 ") and "unwritable" in said
    assert "can't be" in problem
    again = Node(tmp_path)
    again.count = 10
    again.find()
    verdict = again.verify()
    assert verdict.is_whole, verdict.faults
    again.close()


def test_no_folder_at_all_costs_evidence_and_not_the_node(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("in the way", encoding="utf-8")
    node = Node(tmp_path / "evidence")
    assert node.parts.problem
    assert node.find().state is EvidenceState.UNWRITABLE
    node.close()


def test_a_chain_over_several_files_is_one_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr("edge.evidence.chain.SEGMENT", 40)
    chain = Chain(tmp_path, "node-1", KEYS.signing, VirtualClock(T0))
    item = EvidenceItem(
        sha256="0" * 64,
        role=EvidenceRole.LATEST,
        media_type="image/jpeg",
        size_bytes=1,
        width_px=1,
        height_px=1,
        captured_at=T0,
        redaction="none",
    )
    incident_id = uuid7(T0, bytes(10))

    def manifest(link: Link) -> EvidenceManifest:
        return EvidenceManifest(
            node_id=link.node_id,
            seq=link.seq,
            previous=link.previous,
            made_at=T0,
            camera_id="cam-1",
            incident_id=incident_id,
            revision=1,
            clock_state=ClockState.SYNCHRONISED,
            items=(item,),
        )

    for _ in range(90):
        chain.append(manifest)
    assert len(list((tmp_path / "chain").glob("*.jsonl"))) == 3
    verdict = verify(tmp_path, [KEYS.signing.public])
    assert [fault.breach for fault in verdict.faults] == [Breach.MISSING], "the one picture all name"
    assert verdict.entries == 90
    (tmp_path / "chain" / "00000041.jsonl").unlink()
    faults = verify(tmp_path, [KEYS.signing.public]).faults
    assert (Breach.MISSING, 41) in [(fault.breach, fault.seq) for fault in faults]


def run(*arguments: str | Path) -> Result:
    """The command line in this process: starting the runtimes it does not use takes seconds."""
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


def test_the_command_names_the_first_broken_link_and_says_whose_key_it_used(node: Node, tmp_path: Path) -> None:
    shas = filled(node, 3)
    whole = run(node.folder)
    assert whole.exit_code == 0, whole.output
    assert "not who signed" in whole.stdout
    (node.folder / f"{shas[1]}.jpg").write_bytes(b"\xff\xd8\xff")
    key = tmp_path / "node-1.json"
    key.write_bytes(KEYS.public("node", "node-1").to_wire())
    broken = run(tmp_path, "--key", key, "--json")
    assert broken.exit_code == 1
    report = json.loads(broken.stdout)
    assert report["first_broken"]["file"] == f"{shas[1]}.jpg"
    assert (report["first_broken"]["breach"], report["first_broken"]["seq"]) == ("altered", 2)
    assert report["is_key_pinned"] is True


def test_the_wrong_key_and_an_empty_folder_are_told_apart(node: Node, tmp_path: Path) -> None:
    filled(node, 1)
    other = tmp_path / "other.json"
    other.write_bytes(KeyPairs.generate().public("node", "node-1").to_wire())
    wrong = run(node.folder, "--key", other)
    assert wrong.exit_code == 1 and "unsigned" in wrong.stdout
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty").exit_code == 2
    assert run(tmp_path / "none").exit_code == 2


def test_a_chain_without_entries_is_whole(tmp_path: Path) -> None:
    note_signer(tmp_path, KEYS.public("node", "node-1"))
    assert verify(tmp_path, [KEYS.signing.public]).is_whole
