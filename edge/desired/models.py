"""A new model's way into force: fetch by hash, self-test on golden pictures, run in shadow, swap, and back if worse.

    state_dir/models/<manifest's sha256>/   complete once manifest.json is there, which is put last
    state_dir/models/in-force.json          which of them the node starts with

Everything slow happens on a thread of its own; only the swap itself is made between two looks.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from contract.bundle import MAX_MODEL_FILE_BYTES, ModelTarget, SoftwareTarget
from contract.clock import Clock
from contract.errors import PermanentError, TransientError, UsageError
from contract.keys import write_private
from contract.manifest import MANIFEST_FILE, ModelManifest
from contract.reported import Rollout, RolloutPhase
from edge.backoff import Backoff
from edge.desired.download import fetch
from edge.desired.last_good import MAX_TRIES, LastGood
from edge.desired.live import BetweenLooks
from edge.desired.shadow import Shadow
from edge.desired.swap import SwappableDetector
from edge.detect.golden import GOLDEN_FILE, GOLDEN_HASH, Golden
from edge.detect.port import Detector

IN_FORCE_FILE = "in-force.json"
SLOWER_FACTOR = 4.0
"""How much slower than the present model a new one may be unless the bundle says a limit."""
LEAST_LIMIT_MS = 50.0
TRIAL_LOOKS = 50
MAX_MANIFEST_BYTES = 1024 * 1024
IDLE_S = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Supply:
    """Where files come from: central, unless a target names another address."""

    base_url: str | None
    token: str | None

    def url(self, target_url: str | None, kind: str, sha256: str) -> str:
        """The file's address.

        Raises:
            PermanentError: neither the target nor the node's settings say one.
        """
        if target_url is not None:
            return f"{target_url.rstrip('/')}/{sha256}"
        if self.base_url is None:
            raise PermanentError("no address to fetch from: set uplink.central_url, or url in the bundle")
        return f"{self.base_url.rstrip('/')}/api/v1/{kind}/{sha256}"

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}


class ModelDesk:
    """`run` is a thread's target; `want` and `rollout` on any thread."""

    def __init__(
        self,
        folder: Path,
        detector: SwappableDetector,
        open_model: Callable[[Path], Detector],
        supply: Supply,
        between_looks: BetweenLooks,
        use_model: Callable[[], None],
        report_soon: Callable[[], None],
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        """`open_model` loads and self-tests a model folder; `use_model` is told, between looks, that another runs."""
        self._folder = folder
        self._detector = detector
        self._open_model = open_model
        self._supply = supply
        self._between_looks = between_looks
        self._use_model = use_model
        self._report_soon = report_soon
        self._clock = clock
        self._stop = stop
        self._backoff = Backoff()
        self._trials = LastGood(folder)
        self._target: ModelTarget | None = None
        self._settled: str | None = None
        """The target that is in force or has failed: not begun again."""
        self._rollout: Rollout | None = None

    @property
    def rollout(self) -> Rollout | None:
        return self._rollout

    def want(self, target: ModelTarget | SoftwareTarget | None) -> None:
        assert target is None or isinstance(target, ModelTarget)
        if target is not None and self._target is not None and target.sha256 == self._target.sha256:
            return
        self._target = target
        in_force = read_in_force(self._folder)
        self._settled = None
        if target is not None and in_force == target.sha256:
            self._say(target, RolloutPhase.IN_FORCE)
            self._settled = target.sha256

    def run(self) -> None:
        while not self._stop.is_set():
            target = self._target
            if target is None or target.sha256 == self._settled:
                self._stop.wait(IDLE_S)
                continue
            try:
                self.step(target)
            except TransientError as error:
                _log.info("model roll-out waits", model=target.name, version=target.version, reason=str(error))
                self._stop.wait(self._backoff.next_s())

    def step(self, target: ModelTarget) -> None:
        """Brings `target` into force or notes why not.

        Raises:
            TransientError: the line broke, or another target is wanted meanwhile; what was fetched stays.
        """
        try:
            folder = self._fetch(target)
            self._say(target, RolloutPhase.CHECKING)
            if not self._trials.begin(target.sha256):
                raise PermanentError(f"the node ended {MAX_TRIES} times while trying it")
            new = self._open_model(folder)
        except (PermanentError, UsageError) as error:
            self._fail(target, str(error))
            return
        try:
            reason = self._shadow(target, new)
        except TransientError:
            self._trials.end()
            new.close()
            raise
        if reason:
            new.close()
            self._fail(target, reason)
        else:
            self._take_over(target, new)

    def _fetch(self, target: ModelTarget) -> Path:
        folder, done = self._folder / target.sha256, 0

        def on_bytes(count: int) -> None:
            self._say(target, RolloutPhase.DOWNLOADING, done_bytes=done + count, quietly=True)

        self._say(target, RolloutPhase.DOWNLOADING)
        with httpx.Client(trust_env=False) as client:

            def get(name: str, sha256: str, limit: int) -> Path:
                nonlocal done
                path = folder / name
                url = self._supply.url(target.url, "models", sha256)
                fetch(client, url, sha256, path, limit, self._supply.headers, on_bytes)
                done += path.stat().st_size
                return path

            draft = get(f"{MANIFEST_FILE}.fetched", target.sha256, MAX_MANIFEST_BYTES)
            try:
                manifest = ModelManifest.model_validate_json(draft.read_bytes())
            except ValueError as error:
                raise PermanentError(f"the model's manifest is none: {' '.join(str(error).split())[:200]}") from error
            for variant in manifest.variants:
                for entry in variant.files:
                    get(entry.path, entry.sha256, min(entry.size_bytes, MAX_MODEL_FILE_BYTES))
            if GOLDEN_HASH in manifest.provenance:
                golden = get(GOLDEN_FILE, manifest.provenance[GOLDEN_HASH], MAX_MANIFEST_BYTES)
                picture = _picture_of(golden)
                get(picture.picture, picture.picture_sha256, MAX_MODEL_FILE_BYTES)
            draft.replace(folder / MANIFEST_FILE)
        return folder

    def _shadow(self, target: ModelTarget, new: Detector) -> str:
        if target.shadow_looks == 0:
            return ""
        shadow = Shadow(new, self._clock, self._stop)
        self._say(target, RolloutPhase.SHADOW, shadow=shadow)
        self._detector.seer = shadow.see
        try:
            reason = shadow.run(target.shadow_looks, lambda: self._target is target)
        finally:
            self._detector.seer = None
            self._say(target, RolloutPhase.SHADOW, shadow=shadow)
        counts = shadow.counts
        limit_ms = _limit_ms(target, counts.old_ms)
        if not reason and counts.new_ms > limit_ms:
            return f"{counts.new_ms:.0f} ms a look, {limit_ms:.0f} allowed"
        return reason

    def _take_over(self, target: ModelTarget, new: Detector) -> None:
        old_ms = 0.0 if self._rollout is None or self._rollout.shadow is None else self._rollout.shadow.old_ms
        limit_ms = _limit_ms(target, old_ms)
        self._detector.on_verdict = lambda reason: self._end_trial(target, reason)

        def swap() -> None:
            self._detector.swap(new, limit_ms, TRIAL_LOOKS)
            self._use_model()

        self._settled = target.sha256
        self._say(target, RolloutPhase.IN_FORCE)
        self._between_looks(swap)
        _log.info("model takes over", model=target.name, version=target.version)

    def _end_trial(self, target: ModelTarget, reason: str) -> None:
        """On a look thread. Only now the node would start with it: killed before, it starts with the old one."""
        self._trials.end()
        if not reason:
            write_in_force(self._folder, target.sha256)
            return
        self._between_looks(self._use_model)
        self._say(target, RolloutPhase.ROLLED_BACK, reason=reason)
        _log.error("model rolled back", model=target.name, version=target.version, reason=reason)

    def _fail(self, target: ModelTarget, reason: str) -> None:
        self._trials.end()
        self._settled = target.sha256
        self._say(target, RolloutPhase.FAILED, reason=reason)
        _log.error("model refused; the present one runs on", model=target.name, version=target.version, reason=reason)

    def _say(
        self,
        target: ModelTarget,
        phase: RolloutPhase,
        reason: str = "",
        done_bytes: int = 0,
        shadow: Shadow | None = None,
        quietly: bool = False,
    ) -> None:
        known = self._rollout if self._rollout is not None and self._rollout.sha256 == target.sha256 else None
        self._rollout = Rollout(
            name=target.name,
            version=target.version,
            sha256=target.sha256,
            phase=phase,
            done_bytes=max(done_bytes, known.done_bytes if known else 0),
            reason=reason[:500],
            shadow=shadow.counts if shadow is not None else (known.shadow if known else None),
        )
        if not quietly:
            self._report_soon()


def read_in_force(folder: Path) -> str | None:
    """The hash of the model that the node starts with; None: its own."""
    try:
        found = json.loads((folder / IN_FORCE_FILE).read_bytes())["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) and (folder / found / MANIFEST_FILE).is_file() else None


def write_in_force(folder: Path, sha256: str | None) -> None:
    """Notes which model the node starts with; a disk that refuses costs no look, only the next start's choice."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / IN_FORCE_FILE, json.dumps({"sha256": sha256}).encode())
    except OSError as error:
        _log.error("which model is in force could not be noted", reason=error.strerror)


def _limit_ms(target: ModelTarget, old_ms: float) -> float:
    if target.max_look_ms is not None:
        return target.max_look_ms
    return max(LEAST_LIMIT_MS, SLOWER_FACTOR * old_ms) if old_ms else float("inf")


def _picture_of(path: Path) -> Golden:
    try:
        golden = Golden.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise PermanentError(f"{path.name}: not a golden file") from error
    if Path(golden.picture).name != golden.picture:
        raise PermanentError(f"{path.name}: its picture must lie beside it")
    return golden
