"""New node software: fetched by the hash in the signed bundle, unpacked beside the old, started by the launcher.

The node itself never decides that new software is good: the launcher does, by its being healthy in time. After a
restart this desk reads in the slots' state what became of it.
"""

import shutil
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import structlog

from contract.bundle import MAX_SOFTWARE_BYTES, ModelTarget, SoftwareTarget
from contract.errors import PermanentError, TransientError
from contract.reported import Rollout, RolloutPhase
from edge.backoff import Backoff
from edge.desired.download import RESERVE_BYTES, fetch
from edge.desired.models import Supply
from edge.software.slots import START_FILE, read_state, write_state

MAX_FILES = 50_000
IDLE_S = 0.5

_log = structlog.get_logger(__name__)


class SoftwareDesk:
    """`run` is a thread's target."""

    def __init__(
        self,
        root: Path,
        supply: Supply,
        restart: Callable[[], None],
        report_soon: Callable[[], None],
        stop: threading.Event,
        healthy_file: Path | None = None,
        is_well: Callable[[], bool] = lambda: True,
    ) -> None:
        """`restart` has the launcher start the node anew; `healthy_file` is made once the node `is_well`."""
        self._root = root
        self._supply = supply
        self._restart = restart
        self._report_soon = report_soon
        self._stop = stop
        self._healthy_file = healthy_file
        self._is_well = is_well
        self._backoff = Backoff()
        self._target: SoftwareTarget | None = None
        self._settled: str | None = None
        self._rollout: Rollout | None = None

    @property
    def rollout(self) -> Rollout | None:
        return self._rollout

    def want(self, target: ModelTarget | SoftwareTarget | None) -> None:
        assert target is None or isinstance(target, SoftwareTarget)
        if target is not None and self._target is not None and target.sha256 == self._target.sha256:
            return
        self._target, self._settled = target, None
        if target is None:
            return
        state = read_state(self._root)
        if state.hash_of(state.active) == target.sha256:
            self._settle(target, RolloutPhase.IN_FORCE)
        elif state.trying is not None and state.hash_of(state.trying) == target.sha256:
            self._settle(target, RolloutPhase.CHECKING)
        elif state.failed == target.sha256:
            self._settle(target, RolloutPhase.ROLLED_BACK, state.reason)

    def run(self) -> None:
        while not self._stop.is_set():
            self.say_if_well()
            target = self._target
            if target is None:
                self._stop.wait(IDLE_S)
            elif target.sha256 != self._settled:
                self._try(target)
            else:
                self._look_again(target)
                self._stop.wait(IDLE_S)

    def say_if_well(self) -> None:
        """Tells the launcher, once, that this software does."""
        if self._healthy_file is not None and self._is_well():
            try:
                self._healthy_file.touch()
                self._healthy_file = None
            except OSError as error:
                _log.error("the launcher can't be told that the node is well", reason=error.strerror)
                self._stop.wait(IDLE_S)

    def step(self, target: SoftwareTarget) -> None:
        """Fetches, unpacks, and asks for the restart; or notes why not.

        Raises:
            TransientError: the line broke; what was fetched stays.
        """
        try:
            slot = self._install(target)
        except PermanentError as error:
            self._settle(target, RolloutPhase.FAILED, str(error))
            _log.error("node software refused; the present one runs on", version=target.version, reason=str(error))
            return
        self._settle(target, RolloutPhase.CHECKING)
        _log.info("node software is tried", version=target.version, slot=slot)
        self._restart()

    def _try(self, target: SoftwareTarget) -> None:
        try:
            self.step(target)
        except TransientError as error:
            _log.info("software roll-out waits", version=target.version, reason=str(error))
            self._stop.wait(self._backoff.next_s())

    def _look_again(self, target: SoftwareTarget) -> None:
        """The launcher may have accepted meanwhile what runs here."""
        state, rollout = read_state(self._root), self._rollout
        if (
            rollout is not None
            and rollout.phase is RolloutPhase.CHECKING
            and state.hash_of(state.active) == target.sha256
        ):
            self._settle(target, RolloutPhase.IN_FORCE)

    def _install(self, target: SoftwareTarget) -> str:
        self._say(target, RolloutPhase.DOWNLOADING)
        if not self._root.is_dir():
            raise PermanentError(f"{self._root}: no software slots here: this node's software is installed otherwise")
        archive = self._root / f"{target.sha256}.tar"
        url = self._supply.url(target.url, "software", target.sha256)
        with httpx.Client(trust_env=False) as client:
            limit = min(target.size_bytes, MAX_SOFTWARE_BYTES)
            fetch(client, url, target.sha256, archive, limit, self._supply.headers)
        state = read_state(self._root)
        try:
            self._unpack(archive, self._root / state.spare)
            write_state(self._root, state.holding(state.spare, target.sha256).on_trial(state.spare))
        except OSError as error:
            raise PermanentError(f"{self._root}: can't be written ({error.strerror})") from error
        archive.unlink(missing_ok=True)
        return state.spare

    def _unpack(self, archive: Path, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            with tarfile.open(archive) as tar:
                members = tar.getmembers()
                size = sum(member.size for member in members)
                if len(members) > MAX_FILES or size > shutil.disk_usage(folder).free - RESERVE_BYTES:
                    raise PermanentError(f"{archive.name}: {len(members)} files, {size} bytes: too much for this disk")
                tar.extractall(folder, members, filter="data")
        except tarfile.TarError as error:
            raise PermanentError(f"{archive.name}: can't be unpacked: {error}") from error
        if not (folder / START_FILE).is_file():
            raise PermanentError(f"{archive.name}: holds no `{START_FILE}` at its top")

    def _settle(self, target: SoftwareTarget, phase: RolloutPhase, reason: str = "") -> None:
        self._settled = target.sha256
        self._say(target, phase, reason)

    def _say(self, target: SoftwareTarget, phase: RolloutPhase, reason: str = "") -> None:
        self._rollout = Rollout(version=target.version, sha256=target.sha256, phase=phase, reason=reason[:500])
        self._report_soon()
