"""What gives way when the disk runs out, as pure decisions: context, then lead-ups, then quality, then pictures.

Event rows never give way: they live in the outbox and are small.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from contract.events import EvidenceRole
from contract.evidence_manifest import FileKind, RemovalReason

MAX_DISK_SHARE = 0.95
"""Never fuller than this: databases and logs share the disk and break when it is full."""
CALM = 0.9
"""Shedding goes on down to this share of the limit, so that it does not run at every picture."""
RELAXED = 0.8
"""Below this share of the limit the pressure eases, a step at a time; nearer to it new pictures would fill it anew."""
REDUCED_QUALITY = 60
REDUCED_WIDTH_PX = 960


class Pressure(IntEnum):
    """How far the node has had to go; each step includes those before it."""

    NONE = 0
    CONTEXT = 1
    LEAD_UP = 2
    QUALITY = 3
    PICTURES = 4


_SPARES = (EvidenceRole.CONTEXT, EvidenceRole.CLIP)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What new evidence may take up under the present pressure."""

    pressure: Pressure = Pressure.NONE

    def takes(self, role: EvidenceRole) -> bool:
        """Whether a picture of this role is kept at all."""
        if role in _SPARES:
            return self.pressure < Pressure.CONTEXT
        if role is EvidenceRole.LEAD_UP:
            return self.pressure < Pressure.LEAD_UP
        return self.pressure < Pressure.PICTURES

    @property
    def is_reduced(self) -> bool:
        return self.pressure >= Pressure.QUALITY

    @property
    def takes_originals(self) -> bool:
        return self.pressure < Pressure.QUALITY

    def fitting(self, quality: int, width_px: int) -> tuple[int, int]:
        """JPEG quality and width in pixels that new pictures get."""
        if not self.is_reduced:
            return quality, width_px
        return min(quality, REDUCED_QUALITY), min(width_px, REDUCED_WIDTH_PX)


ALL = Allowance()


@dataclass(frozen=True, slots=True)
class Stored:
    """One file on disk, as the ledger knows it. `is_settled`: central has it, or will never want it."""

    sha256: str
    file: FileKind
    role: EvidenceRole
    size_bytes: int
    captured_at: datetime
    is_settled: bool
    is_small: bool
    """Reduced already, or a clip: it can only be removed."""


@dataclass(frozen=True, slots=True)
class Ages:
    """How long files stay. A picture that central has not taken yet stays `unsettled`, whatever its role."""

    picture: timedelta
    original: timedelta
    unsettled: timedelta


@dataclass(frozen=True, slots=True)
class Room:
    """The disk, in bytes: what evidence takes up, what it may, and what the disk has in all and free."""

    used: int
    allowed: int
    disk_total: int
    disk_free: int

    @property
    def excess(self) -> int:
        """How many bytes must go; below zero: room left."""
        over_share = round(self.disk_total * (1 - MAX_DISK_SHARE)) - self.disk_free
        return max(self.used - self.allowed, over_share)

    @property
    def calm_excess(self) -> int:
        """How many bytes go once something must."""
        over_share = round(self.disk_total * (1 - MAX_DISK_SHARE * CALM)) - self.disk_free
        return max(self.used - round(self.allowed * CALM), min(over_share, self.used))

    @property
    def is_relaxed(self) -> bool:
        """Whether so much is free again that new evidence may be kept more generously."""
        return self.used < self.allowed * RELAXED and self.disk_free > self.disk_total * (1 - MAX_DISK_SHARE * RELAXED)


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete a file, after its tombstone."""

    target: Stored
    reason: RemovalReason


@dataclass(frozen=True, slots=True)
class Reduce:
    """Replace a picture that central has by a smaller one."""

    target: Stored


Step = Remove | Reduce


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in order, and how far that goes."""

    steps: tuple[Step, ...]
    pressure: Pressure


def plan(stored: Iterable[Stored], ages: Ages, room: Room, now: datetime) -> Plan:
    """What must go: first what is too old, then as much as the room demands.

    A picture of an event that central has not receipted counts as unsettled and goes last within its kind.
    """
    files = sorted(stored, key=lambda file: file.captured_at)
    aged = [file for file in files if now - file.captured_at > _age(file, ages)]
    steps: list[Step] = [Remove(file, RemovalReason.AGE) for file in aged]
    freed = sum(file.size_bytes for file in aged)
    if room.excess - freed <= 0:
        return Plan(tuple(steps), Pressure.NONE)
    gone = {(file.sha256, file.file) for file in aged}
    reached = Pressure.NONE
    for pressure, step, bytes_freed in _by_value([file for file in files if (file.sha256, file.file) not in gone]):
        if freed >= room.calm_excess:
            return Plan(tuple(steps), reached)
        steps.append(step)
        freed += bytes_freed
        reached = pressure
    return Plan(tuple(steps), reached if freed >= room.calm_excess else Pressure.PICTURES)


def _age(file: Stored, ages: Ages) -> timedelta:
    if not file.is_settled:
        return ages.unsettled
    return ages.original if file.file is FileKind.ORIGINAL else ages.picture


def _by_value(files: list[Stored]) -> Iterator[tuple[Pressure, Step, int]]:
    """Every sacrifice there is, cheapest first, with the bytes it frees."""
    by_worth = sorted(files, key=lambda file: (not file.is_settled, file.captured_at))
    redacted = [file for file in by_worth if file.file is FileKind.REDACTED]
    for file in (f for f in redacted if f.role in _SPARES):
        yield Pressure.CONTEXT, Remove(file, RemovalReason.ROOM), file.size_bytes
    films = [file for file in by_worth if file.file is FileKind.ORIGINAL and file.role is EvidenceRole.CLIP]
    for file in films:  # megabytes each, and all that they prove is proven by pictures
        yield Pressure.CONTEXT, Remove(file, RemovalReason.ROOM), file.size_bytes
    for file in (f for f in redacted if f.role is EvidenceRole.LEAD_UP):
        yield Pressure.LEAD_UP, Remove(file, RemovalReason.ROOM), file.size_bytes
    proofs = [f for f in redacted if f.role not in {*_SPARES, EvidenceRole.LEAD_UP}]
    originals = [f for f in by_worth if f.file is FileKind.ORIGINAL and f.role is not EvidenceRole.CLIP]
    for file in (f for f in proofs if f.is_settled and not f.is_small):
        yield Pressure.QUALITY, Reduce(file), file.size_bytes * 3 // 4
    for file in originals:
        yield Pressure.QUALITY, Remove(file, RemovalReason.ROOM), file.size_bytes
    for file in proofs:
        left = file.size_bytes if not file.is_settled or file.is_small else file.size_bytes // 4
        yield Pressure.PICTURES, Remove(file, RemovalReason.ROOM), left
