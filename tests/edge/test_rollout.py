"""A new model comes by hash, proves itself on golden pictures and in shadow, takes over, and goes if it is worse."""

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from contract.bundle import ModelTarget
from contract.clock import SystemClock
from contract.errors import PermanentError, TransientError
from contract.manifest import ModelManifest
from contract.reported import RolloutPhase
from contract.taxonomy import Seen
from edge.desired.download import fetch
from edge.desired.models import ModelDesk, Supply, read_in_force
from edge.desired.shadow import Shadow
from edge.desired.swap import SwappableDetector
from edge.values import Detection
from tests.edge.fakes import MANIFEST, ScriptedDetector, blank, saw
from tests.edge.range_server import Shelf, range_server
from tests.edge.waiting import until

CONTENT = bytes(range(256)) * 4000


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with range_server() as made:
        yield made


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as made:
        yield made


def test_a_download_that_was_cut_goes_on_where_it_broke_off(tmp_path: Path, shelf: Shelf, client: httpx.Client) -> None:
    shelf.files["w"], target = CONTENT, tmp_path / "a" / "w.bin"
    shelf.cut_after = [300_000, 400_000]
    for _ in range(2):
        with pytest.raises(TransientError):
            fetch(client, f"{shelf.url}/w", sha(CONTENT), target, 10**7, {})
        assert not target.exists()
    fetch(client, f"{shelf.url}/w", sha(CONTENT), target, 10**7, {})
    assert target.read_bytes() == CONTENT
    offsets = [0 if wanted is None else int(wanted[6:-1]) for _, wanted in shelf.asked]
    assert offsets[0] == 0
    assert 0 < offsets[1] < offsets[2] <= 700_000, "each goes on where the last ended"
    fetch(client, f"{shelf.url}/w", sha(CONTENT), target, 10**7, {})
    assert len(shelf.asked) == 3, "what is there is not fetched"


def test_another_file_is_thrown_away_and_a_half_one_of_another_too(
    tmp_path: Path, shelf: Shelf, client: httpx.Client
) -> None:
    shelf.files["w"], target = CONTENT, tmp_path / "w.bin"
    with pytest.raises(PermanentError, match="is another file"):
        fetch(client, f"{shelf.url}/w", sha(b"meant"), target, 10**7, {})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "w.bin.part").write_bytes(b"x" * 500)
    with pytest.raises(PermanentError, match="is another file"):
        fetch(client, f"{shelf.url}/w", sha(CONTENT), target, 10**7, {})
    fetch(client, f"{shelf.url}/w", sha(CONTENT), target, 10**7, {})
    (tmp_path / "v.bin.part").write_bytes(CONTENT)  # killed between the last byte and the rename
    fetch(client, f"{shelf.url}/w", sha(CONTENT), tmp_path / "v.bin", 10**7, {})
    assert shelf.asked[-1][1] == f"bytes={len(CONTENT)}-"


def test_a_download_never_fills_the_disk(
    tmp_path: Path, shelf: Shelf, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    shelf.files["w"] = CONTENT
    with pytest.raises(PermanentError, match="at most"):
        fetch(client, f"{shelf.url}/w", sha(CONTENT), tmp_path / "w", 1000, {})
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9, 200 * 1024 * 1024 + 1000))
    with pytest.raises(PermanentError, match="are free for them"):
        fetch(client, f"{shelf.url}/w", sha(CONTENT), tmp_path / "w", 10**7, {})


def test_a_server_without_the_file_is_told_apart_from_one_that_is_away(
    tmp_path: Path, shelf: Shelf, client: httpx.Client
) -> None:
    with pytest.raises(PermanentError, match="HTTP 404"):
        fetch(client, f"{shelf.url}/none", "0" * 64, tmp_path / "w", 10**7, {})
    with pytest.raises(TransientError):
        fetch(client, "http://127.0.0.1:9/none", "0" * 64, tmp_path / "w", 10**7, {})


class NewModel(ScriptedDetector):
    """The model on its way in: sees as many stalls as told, or fails at a look."""

    def __init__(self, sees: int = 1, fails_at: int | None = None) -> None:
        super().__init__()
        self.sees, self.fails_at, self.looks, self.is_closed = sees, fails_at, 0, False

    @property
    def manifest(self) -> ModelManifest:
        return MANIFEST.model_copy(update={"version": "2"})

    def detect(self, frame: Any) -> tuple[Detection, ...]:
        self.looks += 1
        if self.fails_at is not None and self.looks >= self.fails_at:
            raise RuntimeError("not enough registers")
        return tuple(saw(kind) for kind in list(Seen)[: self.sees])

    def close(self) -> None:
        self.is_closed = True


class Rig:
    """A desk over a served model folder, and a look thread that never rests."""

    def __init__(self, folder: Path, shelf: Shelf, new: NewModel, open_model: Callable[[Path], NewModel] | None = None):
        weights = b"weights" * 1000
        manifest = MANIFEST.model_dump(mode="json") | {"version": "2"}
        manifest["variants"][0]["files"] = [{"path": "m.onnx", "sha256": sha(weights), "size_bytes": len(weights)}]
        content = json.dumps(manifest).encode()
        shelf.files |= {sha(content): content, sha(weights): weights}
        self.sha256 = sha(content)
        self.folder, self.shelf = folder, shelf
        self.new, self.old = new, ScriptedDetector()
        self.stop = threading.Event()
        self.swap = SwappableDetector(self.old, SystemClock())
        self.changes: list[Callable[[], None]] = []
        self.models_named: list[str] = []
        self.desk = ModelDesk(
            folder,
            self.swap,
            open_model or (lambda _path: new),
            Supply(shelf.url, "node-token"),
            self.changes.append,
            lambda: self.models_named.append(self.swap.manifest.version),
            lambda: None,
            SystemClock(),
            self.stop,
        )
        self._looking = threading.Thread(target=self._look, daemon=True)

    def target(self, **more: Any) -> ModelTarget:
        content = {"name": "scripted", "version": "2", "sha256": self.sha256, "shadow_looks": 20}
        return ModelTarget.model_validate(content | more)

    def roll(self, target: ModelTarget) -> None:
        self.desk.want(target)
        self._looking.start()
        self.desk.step(target)
        until(lambda: not self.changes, "the swap")

    def settle(self, looks: int = 60) -> None:
        """Many looks with whatever model runs now."""
        self.stop.set()
        self._looking.join()
        for _ in range(looks):
            self.swap.detect(blank())
        while self.changes:
            self.changes.pop(0)()

    @property
    def phase(self) -> RolloutPhase:
        assert self.desk.rollout is not None
        return self.desk.rollout.phase

    @property
    def reason(self) -> str:
        assert self.desk.rollout is not None
        return self.desk.rollout.reason

    def _look(self) -> None:
        while not self.stop.wait(0.001):
            self.swap.detect(blank())
            while self.changes:
                self.changes[0]()
                self.changes.pop(0)


def test_a_good_model_takes_over_after_its_shadow_run_and_stays(tmp_path: Path, shelf: Shelf) -> None:
    rig = Rig(tmp_path, shelf, NewModel(sees=0))
    rig.roll(rig.target())
    assert rig.swap.manifest.version == "2"
    rig.settle()
    assert rig.phase is RolloutPhase.IN_FORCE
    assert rig.models_named == ["2"]
    rollout = rig.desk.rollout
    assert rollout is not None
    assert rollout.shadow is not None
    assert (rollout.shadow.looks, rollout.shadow.agreed) == (20, 20)
    assert rollout.done_bytes > 7000
    assert shelf.authorisations == {"Bearer node-token"}
    assert read_in_force(tmp_path) == rig.sha256
    assert (tmp_path / rig.sha256 / "m.onnx").is_file()
    again = Rig(tmp_path, shelf, NewModel())
    again.desk.want(again.target())
    assert again.phase is RolloutPhase.IN_FORCE


def test_a_model_that_fails_its_self_test_never_takes_over(tmp_path: Path, shelf: Shelf) -> None:
    def refuse(path: Path) -> NewModel:
        raise PermanentError(f"{path.name}: no variant of the model works (stall at score 0.80 is missing)")

    rig = Rig(tmp_path, shelf, NewModel(), refuse)
    rig.roll(rig.target())
    rig.settle()
    assert rig.phase is RolloutPhase.FAILED
    assert "stall at score 0.80 is missing" in rig.reason
    assert rig.swap.inner is rig.old
    assert read_in_force(tmp_path) is None


@pytest.mark.parametrize(
    ("new", "more", "words"),
    [
        (NewModel(fails_at=5), {}, "failed in a look: not enough registers"),
        (NewModel(sees=3), {}, "found 60 things where the present model found 0"),
        (NewModel(), {"max_look_ms": 0.000001}, "ms a look, 0 allowed"),
    ],
)
def test_a_model_that_is_worse_in_shadow_never_takes_over(
    tmp_path: Path, shelf: Shelf, new: NewModel, more: dict[str, Any], words: str
) -> None:
    rig = Rig(tmp_path, shelf, new)
    rig.roll(rig.target(**more))
    rig.settle()
    assert rig.phase is RolloutPhase.FAILED
    assert words in rig.reason
    assert new.is_closed
    assert rig.swap.inner is rig.old


def test_two_look_threads_that_offer_a_frame_at_once_fail_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both found room before either had put its frame there."""
    shadow = Shadow(NewModel(), SystemClock(), threading.Event())
    monkeypatch.setattr(shadow._sights, "full", lambda: False)
    for _ in range(2):
        shadow.see(blank(), (), 1.0)
    assert shadow._sights.qsize() == 1


def test_a_model_that_fails_after_it_took_over_is_rolled_back_without_losing_a_look(
    tmp_path: Path, shelf: Shelf
) -> None:
    rig = Rig(tmp_path, shelf, NewModel(sees=0, fails_at=30))
    rig.roll(rig.target())
    rig.settle(100)
    assert rig.phase is RolloutPhase.ROLLED_BACK
    assert "not enough registers" in rig.reason
    assert rig.swap.inner is rig.old
    assert rig.models_named[-1] == "1"
    assert read_in_force(tmp_path) is None


def test_a_model_that_is_too_slow_after_it_took_over_is_rolled_back(tmp_path: Path, shelf: Shelf) -> None:
    rig = Rig(tmp_path, shelf, NewModel(sees=0))
    rig.roll(rig.target(shadow_looks=0, max_look_ms=1e-6))
    rig.settle(100)
    assert rig.phase is RolloutPhase.ROLLED_BACK
    assert "allowed" in rig.reason


def test_a_cut_in_the_middle_of_a_model_is_waited_out(tmp_path: Path, shelf: Shelf) -> None:
    rig = Rig(tmp_path, shelf, NewModel(sees=0))
    shelf.cut_after = [100]
    rig.desk.want(rig.target())
    with pytest.raises(TransientError):
        rig.desk.step(rig.target())
    assert rig.phase is RolloutPhase.DOWNLOADING
    assert not (tmp_path / rig.sha256 / "manifest.json").exists()


def test_a_model_whose_trial_ends_the_node_twice_is_refused(tmp_path: Path, shelf: Shelf) -> None:
    class Killed(BaseException):
        """Stands for a crash inside the runtime."""

    def die(_path: Path) -> NewModel:
        raise Killed

    for _ in range(2):
        rig = Rig(tmp_path, shelf, NewModel(), die)
        rig.desk.want(rig.target())
        with pytest.raises(Killed):
            rig.desk.step(rig.target())
    rig = Rig(tmp_path, shelf, NewModel())
    rig.desk.want(rig.target())
    rig.desk.step(rig.target())
    assert rig.phase is RolloutPhase.FAILED
    assert "ended 2 times" in rig.reason
