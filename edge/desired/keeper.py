"""Decides about every bundle that is offered: refuse it with reasons, or become it and remember it. The readable page.

Signed by the pinned central? For this node? Not older than what runs? Valid to the last field? Then it is applied
between two looks, written down, and reported. Whatever goes wrong, the last good one runs on.
"""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from contract.bundle import ModelTarget, SoftwareTarget
from contract.clock import Clock
from contract.errors import PermanentError, UsageError
from contract.reported import BundleMark, BundleState, Reason, Reported, Rollout
from edge.desired.last_good import MAX_TRIES, LastGood
from edge.desired.live import LiveNode
from edge.desired.secrets_at_hand import SealedSecrets
from edge.desired.wanted import Wanted, open_bundle, to_wanted
from edge.keys import NodeKeys
from edge.rules.policy import Policies
from edge.settings import NodeSettings, settings_version

MAX_REASONS = 64
_log = structlog.get_logger(__name__)


class Rollouts(Protocol):
    """Models or software on their way in; works on a thread of its own."""

    def want(self, target: ModelTarget | SoftwareTarget | None) -> None:
        """This one shall run; None: whatever runs now is fine."""
        ...

    @property
    def rollout(self) -> Rollout | None: ...


@dataclass(frozen=True, slots=True)
class _Word:
    """What was made of the newest bundle."""

    state: BundleState = BundleState.NONE
    offered: BundleMark | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Setup:
    """What ran, or shall run."""

    settings: NodeSettings
    policies: Policies


@dataclass(slots=True)
class Parts:
    """What a bundle is applied to, once the node is built."""

    live: LiveNode
    use_version: Callable[[str], None]
    """Told the new configuration's version, on the look thread."""
    software: str
    models: Rollouts | None = None
    archives: Rollouts | None = None
    cameras: Callable[[], Sequence[str]] = field(default=tuple)


class Keeper:
    """`offer` and `at_start` run on one thread; `reported` on any."""

    def __init__(
        self,
        base: NodeSettings,
        keys: NodeKeys,
        last_good: LastGood,
        clock: Clock,
        environment: MutableMapping[str, str],
    ) -> None:
        """`base` is the node's own file: broker, folders and engine always come from there."""
        self._base = base
        self._keys = keys
        self._last_good = last_good
        self._clock = clock
        self._secrets = SealedSecrets(environment)
        self._in_force: Wanted | None = None
        self._word = _Word()
        self._parts: Parts | None = None

    @property
    def in_force(self) -> Wanted | None:
        return self._in_force

    def at_start(self) -> Wanted | None:
        """The last good bundle, to build the node from; None without one, or if it is no longer good."""
        try:
            wire = self._last_good.read()
            if wire is None:
                return None
            bundle, mark = open_bundle(wire, self._base.node_id, self._keys.central)
            wanted = to_wanted(bundle, mark, wire, self._base, self._keys.own.sealing)
        except (PermanentError, UsageError) as error:
            _log.error("the last good bundle is not good any more; the node's own file is used", reason=str(error))
            self._word = _Word(BundleState.REJECTED, None, _reasons(error))
            return None
        self._secrets.lay(wanted.secrets)
        self._in_force = wanted
        self._word = _Word(BundleState.APPLIED, mark)
        _log.info("last good bundle", version=mark.version)
        return wanted

    def attach(self, parts: Parts) -> None:
        """From here on offers are applied to the running node."""
        self._parts = parts
        if self._in_force is not None:
            self._roll_out(self._in_force)

    def offer(self, wire: bytes) -> bool:
        """Decides about one bundle; whether there is something new to report."""
        if not wire or (self._in_force is not None and wire == self._in_force.wire):
            return False
        mark: BundleMark | None = None
        try:
            bundle, mark = open_bundle(wire, self._base.node_id, self._keys.central)
            self._refuse_old(mark, bundle.goes_back_from)
            wanted = to_wanted(bundle, mark, wire, self._base, self._keys.own.sealing)
        except (PermanentError, UsageError) as error:
            return self._reject(mark, error)
        if not self._last_good.begin(mark.sha256):
            return self._reject(mark, PermanentError(f"the node ended {MAX_TRIES} times while applying it"))
        try:
            return self._become(wanted)
        finally:
            self._last_good.end()

    def reported(self) -> Reported:
        """What the node runs now."""
        parts, in_force, word = self._parts, self._in_force, self._word
        live = None if parts is None else parts.live
        return Reported(
            node_id=self._base.node_id,
            at=self._clock.now(),
            state=word.state,
            in_force=None if in_force is None else in_force.mark,
            offered=word.offered,
            reasons=word.reasons,
            config_version="" if live is None else settings_version(live.settings, live.policies),
            software_in_force="" if parts is None else parts.software,
            cameras=() if parts is None else tuple(parts.cameras()),
            model=None if parts is None or parts.models is None else parts.models.rollout,
            software=None if parts is None or parts.archives is None else parts.archives.rollout,
        )

    def _refuse_old(self, mark: BundleMark, goes_back_from: int | None) -> None:
        """Whoever replays an old bundle, however well signed, must not undo a newer one."""
        runs = self._in_force
        if runs is None or mark.version > runs.mark.version or mark == runs.mark:
            return
        if goes_back_from is not None and runs.mark.version <= goes_back_from:
            return
        raise PermanentError(
            f"version {mark.version} is not newer than version {runs.mark.version}, which runs; "
            "set it again as a new version, or let it say goes_back_from"
        )

    def _become(self, wanted: Wanted) -> bool:
        assert self._parts is not None
        live, before = self._parts.live, _Setup(self._parts.live.settings, self._parts.live.policies)
        changed = self._secrets.lay(wanted.secrets)
        try:
            self._apply(live, _Setup(wanted.settings, wanted.policies), changed)
            self._last_good.keep(wanted.wire)
        except (PermanentError, UsageError) as error:
            self._go_back(live, before, isinstance(error, UsageError))
            return self._reject(wanted.mark, error, rolled_back=not isinstance(error, UsageError))
        self._in_force = wanted
        self._word = _Word(BundleState.APPLIED, wanted.mark, _still_to_come(before, wanted))
        _log.info("bundle applied", version=wanted.mark.version, cameras=len(wanted.settings.cameras))
        self._roll_out(wanted)
        return True

    def _apply(self, live: LiveNode, to: _Setup, changed: frozenset[str]) -> None:
        assert self._parts is not None
        use_version, version = self._parts.use_version, settings_version(to.settings, to.policies)
        live.become(to.settings, to.policies, changed, lambda: use_version(version))

    def _go_back(self, live: LiveNode, before: _Setup, is_untouched: bool) -> None:
        """The secrets of what runs; and the cameras, if the new ones were applied and could not be written down."""
        changed = self._secrets.lay({} if self._in_force is None else self._in_force.secrets)
        if is_untouched or live.settings is before.settings:
            return
        try:
            self._apply(live, before, changed)
        except (PermanentError, UsageError) as error:
            _log.error("going back to the last good bundle failed; it is used at the next start", reason=str(error))

    def _roll_out(self, wanted: Wanted) -> None:
        assert self._parts is not None
        if self._parts.models is not None:
            self._parts.models.want(wanted.bundle.model)
        if self._parts.archives is not None:
            self._parts.archives.want(wanted.bundle.software)

    def _reject(self, mark: BundleMark | None, error: Exception, rolled_back: bool = False) -> bool:
        state = BundleState.ROLLED_BACK if rolled_back else BundleState.REJECTED
        word = _Word(state, mark, _reasons(error))
        is_news = word != self._word
        self._word = word
        _log.warning("bundle refused; the last good one runs on", version=mark and mark.version, reason=str(error))
        return is_news


def _still_to_come(before: _Setup, wanted: Wanted) -> tuple[Reason, ...]:
    """What was taken but is read at start only: said, so that nobody believes it is at work already."""
    late = "takes effect at the node's next start"
    notes = []
    if before.settings.evidence != wanted.settings.evidence:
        notes.append(Reason(where="evidence", message=late))
    if before.policies.gates() != wanted.policies.gates():
        notes.append(Reason(where="policies", message=f"a score below the model's own threshold {late}"))
    return tuple(notes)


def _reasons(error: Exception) -> tuple[Reason, ...]:
    """One reason a line; what stands before the last colon but one is the place."""
    lines = str(error).splitlines()[:MAX_REASONS]
    return tuple(_reason(line.removeprefix("bundle: ")) for line in lines) or (Reason(message=repr(error)[:500]),)


def _reason(line: str) -> Reason:
    where, separator, message = line.partition(": ")
    if separator and " " not in where:
        return Reason(where=where[:200], message=message[:500])
    return Reason(message=line[:500])
