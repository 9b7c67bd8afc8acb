"""What a target is to central: something that takes notices, can be asked, and says things by itself.

Adapters (`central.gateways`) implement `Gateway`; they know nothing of outboxes, retries or cases. The four ways a
submission can end are values, because what follows differs: who refused is not tried again, who may have it is asked
before anything is repeated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from contract.notices import CaseNotice, PlatformReply


@dataclass(frozen=True, slots=True)
class Accepted:
    """The target has this revision; it keeps the case under `external_id`."""

    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A broker has it; the target itself answers later."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The target will never take this revision as it is."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The target surely does not have it: no connection, or it asked to come again."""

    reason: str
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The request left and no clear answer came: the target may have it."""

    reason: str


Verdict = Accepted | HandedOver | Refused | Unavailable | Uncertain


@dataclass(frozen=True, slots=True)
class Held:
    """The target has the case. `revision` is None where it can't say which."""

    external_id: str | None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The target does not have the case."""


@dataclass(frozen=True, slots=True)
class Harmless:
    """It can't be asked, but knows a `delivery_id` that comes again, or keeps the newest only: send it again."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """It can't be asked now."""

    reason: str


Finding = Held | Absent | Harmless | CannotTell


@dataclass(frozen=True, slots=True)
class Asked:
    """A case whose state a target is asked for."""

    case_id: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Holding:
    """One record of ours at the target. `case_id` is None where the target's record names none."""

    case_id: str | None
    external_id: str | None
    revision: int | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that a target said and nobody here can read. `content` is its beginning; where it is short, all."""

    content: bytes
    size_bytes: int
    sha256: str
    reason: str


class Gateway(Protocol):
    """One target. Every call blocks for `timeout_s` at most, and raises nothing of the network's. Any thread."""

    @property
    def timeout_s(self) -> float:
        """The longest that one call takes."""
        ...

    def submit(self, notice: CaseNotice, external_id: str | None) -> Verdict:
        """Sends the revision; with `external_id` the target has an earlier one."""
        ...

    def query(self, notice: CaseNotice, external_id: str | None) -> Finding:
        """Asks whether the target has the case, and which revision. Sends nothing that changes it."""
        ...

    def hear(self, asked: Sequence[Asked]) -> Sequence[PlatformReply | Unread]:
        """What the target said by itself and was not marked yet, and what it says of the cases `asked` after."""
        ...

    def mark_heard(self) -> None:
        """What the last `hear` gave is stored and need not be said again."""
        ...

    def clear(self, district: str, case_id: str) -> Verdict:
        """Takes back what is kept for the target somewhere between (a broker's retained message)."""
        ...

    def holdings(self) -> Iterator[Holding] | None:
        """Everything of ours that the target has; None where it can't be asked for all.

        Raises:
            TransientError: it is away, or stopped in the middle.
        """
        ...

    def start(self) -> None:
        """Opens what it keeps open."""
        ...

    def stop(self) -> None:
        """Closes it."""
        ...
