"""New node software beside the old: fetched, tried, kept if it becomes healthy, else the old one runs again."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.bundle import SoftwareTarget
from contract.reported import RolloutPhase
from edge.desired.models import Supply
from edge.software.desk import SoftwareDesk
from edge.software.launcher import Launcher
from edge.software.slots import SlotState, read_state, write_state
from tests.edge.range_server import Shelf, range_server
from tests.edge.waiting import PATIENCE_S, until
from tests.house.source import ROOT, modules

GOOD = '#!/bin/sh\necho "$0 $@" >> ../ran\ntouch "$XUNJIE_HEALTHY_FILE"\nexit 0\n'
OLD = '#!/bin/sh\necho "$0 $@" >> ../ran\nexit 0\n'
CRASHING = '#!/bin/sh\necho "$0 $@" >> ../ran\nexit 3\n'
HANGING = '#!/bin/sh\necho "$0 $@" >> ../ran\nexec sleep 60\n'


def archive(start: str | None = GOOD, **more: str) -> bytes:
    buffer = io.BytesIO()
    files = more if start is None else {"start": start} | more
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.mode, info.size = 0o755, len(content)
            tar.addfile(info, io.BytesIO(content.encode()))
    return buffer.getvalue()


def install(root: Path, slot: str, start: str) -> None:
    (root / slot).mkdir(parents=True, exist_ok=True)
    path = root / slot / "start"
    path.write_text(start)
    path.chmod(0o755)


def ran(root: Path) -> list[str]:
    return [Path(line.split()[0]).parent.name for line in (root / "ran").read_text().splitlines()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    install(tmp_path / "slots", "a", OLD)
    return tmp_path / "slots"


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with range_server() as made:
        yield made


class Rig:
    """A desk whose archive is on the shelf."""

    def __init__(self, root: Path, shelf: Shelf, content: bytes) -> None:
        self.target = target(content)
        shelf.files[self.target.sha256] = content
        self.restarts = 0
        self.desk = SoftwareDesk(root, Supply(shelf.url, "t"), self._restart, lambda: None, threading.Event())
        self.desk.want(self.target)

    @property
    def phase(self) -> RolloutPhase | None:
        return None if self.desk.rollout is None else self.desk.rollout.phase

    @property
    def reason(self) -> str:
        return "" if self.desk.rollout is None else self.desk.rollout.reason

    def _restart(self) -> None:
        self.restarts += 1


def target(content: bytes, **more: Any) -> SoftwareTarget:
    facts = {"version": "2", "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    return SoftwareTarget.model_validate(facts | more)


def test_software_that_becomes_healthy_is_kept(root: Path, shelf: Shelf) -> None:
    rig = Rig(root, shelf, archive())
    rig.desk.step(rig.target)
    assert (rig.phase, rig.restarts, read_state(root).trying) == (RolloutPhase.CHECKING, 1, "b")
    assert Launcher(root, ["run", "--config", "node.yaml"]).run() == 0
    assert ran(root) == ["b"]
    assert "run --config node.yaml" in (root / "ran").read_text()
    state = read_state(root)
    assert (state.active, state.trying, state.hash_of("b")) == ("b", None, rig.target.sha256)
    assert Rig(root, shelf, archive()).phase is RolloutPhase.IN_FORCE
    Launcher(root).run()
    assert ran(root) == ["b", "b"]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (CRASHING, "ended with code 3"),
        (HANGING, "not healthy within 0.3 s"),
        ("#!/no/such/program\n", "can't be started"),
    ],
)
def test_software_that_does_not_become_healthy_is_rolled_back(
    root: Path, shelf: Shelf, start: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    rig = Rig(root, shelf, archive(start))
    rig.desk.step(rig.target)
    assert Launcher(root, healthy_within_s=0.3 if start == HANGING else PATIENCE_S).run() == 0
    assert ran(root)[-1] == "a", "the old one runs"
    assert words in capfd.readouterr().err
    after = Rig(root, shelf, archive(start))
    assert after.phase is RolloutPhase.ROLLED_BACK
    assert words in after.reason
    better = Rig(root, shelf, archive(GOOD, note="better"))
    assert better.phase is None, "another archive is tried"
    better.desk.step(better.target)
    Launcher(root).run()
    assert read_state(root).active == "b"


def test_a_power_cut_in_a_trial_tries_again_but_not_for_ever(root: Path, shelf: Shelf) -> None:
    rig = Rig(root, shelf, archive(HANGING))
    rig.desk.step(rig.target)
    for number in range(1, 4):
        command = [sys.executable, "-m", "edge.software.launcher", str(root)]
        launcher = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        until(lambda number=number: (root / "ran").exists() and len(ran(root)) == number, "its start")  # type: ignore[misc]
        os.killpg(launcher.pid, signal.SIGKILL)
        launcher.wait()
    assert read_state(root).trying == "b"
    assert Launcher(root).run() == 0
    assert ran(root)[-1] == "a"
    assert "went down 3 times" in read_state(root).reason


def test_being_told_to_stop_in_a_trial_is_no_verdict(root: Path, shelf: Shelf) -> None:
    rig = Rig(root, shelf, archive(HANGING))
    rig.desk.step(rig.target)
    launcher = subprocess.Popen([sys.executable, "-m", "edge.software.launcher", str(root)], cwd=ROOT)
    until(lambda: (root / "ran").exists(), "its start")
    launcher.terminate()
    assert launcher.wait(PATIENCE_S) == 0
    state = read_state(root)
    assert (state.trying, state.tries, state.failed) == ("b", 0, "")


def test_a_node_that_asks_for_it_is_started_anew(root: Path) -> None:
    install(root, "a", '#!/bin/sh\necho "$0" >> ../ran\n[ $(wc -l < ../ran) -ge 3 ] && exit 5\nexit 75\n')
    assert Launcher(root).run() == 5
    assert ran(root) == ["a", "a", "a"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (archive(None, readme="nothing to start"), "holds no `start`"),
        (b"no archive at all" * 100, "can't be unpacked"),
        (archive(**{"..__..__evil": "x"}), "can't be unpacked"),
    ],
)
def test_a_bad_archive_is_refused_and_the_present_software_runs_on(
    root: Path, shelf: Shelf, content: bytes, words: str
) -> None:
    rig = Rig(root, shelf, content)
    rig.desk.step(rig.target)
    assert rig.phase is RolloutPhase.FAILED
    assert words in rig.reason
    assert rig.restarts == 0
    assert read_state(root) == SlotState()
    assert not (root.parent / "evil").exists()


def test_an_archive_other_than_the_one_signed_for_is_refused(root: Path, shelf: Shelf) -> None:
    rig = Rig(root, shelf, archive())
    shelf.files[rig.target.sha256] = archive(CRASHING)
    rig.desk.step(rig.target)
    assert rig.phase is RolloutPhase.FAILED
    assert "is another file" in rig.reason


def test_a_node_without_slots_says_so(tmp_path: Path, shelf: Shelf) -> None:
    rig = Rig(tmp_path / "none", shelf, archive())
    rig.desk.step(rig.target)
    assert "no software slots" in rig.reason


def test_a_damaged_state_means_slot_a(root: Path) -> None:
    for content in ("", "{}", '{"active": "c", "hashes": []}', '{"hashes": 3}'):
        (root / "state.json").write_text(content)
        assert read_state(root) == SlotState() or read_state(root).active == "a"
    write_state(root, SlotState("b", None, 0, ("x", "y")))
    assert read_state(root) == SlotState("b", None, 0, ("x", "y"))


def test_the_launcher_needs_nothing_but_python() -> None:
    for name in ("edge.software.launcher", "edge.software.slots"):
        (module,) = modules(name)
        foreign = {entry.split(".")[0] for entry in module.imports} - set(sys.stdlib_module_names)
        assert foreign <= {"edge"}
        assert {entry for entry in module.imports if entry.startswith("edge.")} <= {
            entry for entry in module.imports if entry.startswith("edge.software.slots")
        }
