"""Keeps evidence within its ages and its share of the disk. A tombstone is signed before a file goes, so the chain
stays whole; a kill in between leaves a file too many, never one too few."""

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Protocol

import structlog

from contract.clock import Clock
from contract.errors import PermanentError
from contract.evidence_manifest import FileKind, RemovalReason, Removed, Tombstone
from edge.evidence.chain import Chain
from edge.evidence.files import writing
from edge.evidence.ledger import Ledger
from edge.evidence.originals import Originals
from edge.evidence.pictures import PictureFolder, decode_jpeg, encode_jpeg, fitted
from edge.evidence.retiring import retire
from edge.evidence.shedding import (
    REDUCED_QUALITY,
    REDUCED_WIDTH_PX,
    Ages,
    Allowance,
    Plan,
    Pressure,
    Reduce,
    Remove,
    Room,
    Stored,
    plan,
)
from edge.evidence_settings import EvidenceSettings

EVERY_S = 30.0
RETIRE_EVERY_S = 6 * 3600.0
TOMBSTONE_FILES = 200
"""Files one tombstone names; well under what an entry may hold."""

_log = structlog.get_logger(__name__)


class DiskUsage(Protocol):
    """What `shutil.disk_usage` gives, in bytes."""

    @property
    def total(self) -> int: ...
    @property
    def free(self) -> int: ...


class Retention:
    """`run` is a thread's target; `step` looks once and does what must be done."""

    def __init__(
        self,
        pictures: PictureFolder,
        ledger: Ledger,
        chain: Chain,
        settings: EvidenceSettings,
        clock: Clock,
        disk_usage: Callable[[Path], DiskUsage] = shutil.disk_usage,
    ) -> None:
        self._pictures = pictures
        self._originals = Originals(pictures.folder)
        self._ledger = ledger
        self._chain = chain
        self._settings = settings
        self._clock = clock
        self._disk_usage = disk_usage
        self._pressure = Pressure.NONE
        self._retired_at_s: float | None = None
        self.rounds = 0
        """Grows as long as `run` lives, for a watchdog."""
        self.problem = ""

    def allowance(self) -> Allowance:
        """What new evidence may take up now."""
        return Allowance(self._pressure)

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.rounds += 1
            try:
                self.step()
                self.problem = ""
            except PermanentError as error:
                if self.problem != str(error):
                    _log.error("evidence can't be tidied up", reason=str(error))
                self.problem = str(error)
            stop.wait(EVERY_S)

    def step(self) -> Plan:
        """Removes what is too old and what there is no room for.

        Raises:
            PermanentError: the disk refuses.
        """
        room = self._room()
        made = plan(self._ledger.stored(), self._ages(), room, self._clock.now())
        removals = [step for step in made.steps if isinstance(step, Remove)]
        for reason, steps in groupby(removals, key=lambda step: step.reason):
            self._remove([step.target for step in steps], reason)
        for step in made.steps:
            if isinstance(step, Reduce):
                self._reduce(step.target)
        self._ease(made.pressure, room)
        self._retire_now_and_then()
        return made

    def give_up(self, sha256: str) -> None:
        """Central never learns of this picture or refuses it: it goes, and a tombstone says why.

        Raises:
            PermanentError: the disk refuses.
        """
        files = [file for file in self._ledger.stored() if file.sha256 == sha256]
        self._remove(files, RemovalReason.REFUSED)

    def _retire_now_and_then(self) -> None:
        """What nothing is left of needs no chain either; reading a file of it takes a second or two."""
        now_s = self._clock.monotonic()
        if self._retired_at_s is None or now_s - self._retired_at_s >= RETIRE_EVERY_S:
            self._retired_at_s = now_s
            retire(self._chain, self._pictures, self._clock.now())

    def _ease(self, needed: Pressure, room: Room) -> None:
        before = self._pressure
        eased = Pressure(max(0, before - 1)) if room.is_relaxed else before
        self._pressure = max(needed, eased)
        if self._pressure != before:
            _log.warning("evidence makes room", pressure=self._pressure.name.lower(), used_bytes=room.used)

    def _room(self) -> Room:
        with writing(self._pictures.folder):
            self._pictures.folder.mkdir(parents=True, exist_ok=True)
            usage = self._disk_usage(self._pictures.folder)
        return Room(self._ledger.used_bytes(), self._settings.max_bytes, usage.total, usage.free)

    def _ages(self) -> Ages:
        settings = self._settings
        return Ages(
            picture=timedelta(days=settings.keep_days),
            original=timedelta(days=settings.keep_originals_days),
            unsettled=timedelta(days=max(settings.keep_days, settings.keep_unsent_days)),
        )

    def _remove(self, files: Sequence[Stored], reason: RemovalReason) -> None:
        for start in range(0, len(files), TOMBSTONE_FILES):
            part = files[start : start + TOMBSTONE_FILES]
            removed = tuple(Removed(sha256=file.sha256, file=file.file) for file in part)
            self._bury(removed, reason)
            for file in part:
                self._unlink(file.sha256, file.file)
            self._ledger.forget((file.sha256, file.file) for file in part)

    def _reduce(self, target: Stored) -> None:
        """A smaller picture first, then the tombstone that names it, then the old one goes."""
        path = self._pictures.path(target.sha256)
        try:
            image = decode_jpeg(path.read_bytes())
        except (OSError, PermanentError) as error:
            _log.warning("a picture can't be made smaller; it goes", sha256=target.sha256, reason=str(error))
            self._remove([target], RemovalReason.LOST)
            return
        jpeg = encode_jpeg(fitted(image, REDUCED_WIDTH_PX), REDUCED_QUALITY)
        sha256 = hashlib.sha256(jpeg).hexdigest()
        if len(jpeg) >= target.size_bytes or sha256 == target.sha256:
            self._ledger.replace(target.sha256, target.sha256, target.size_bytes)
            return
        self._pictures.keep(sha256, jpeg)
        gone = Removed(sha256=target.sha256, file=FileKind.REDACTED, replaced_by=sha256)
        self._bury((gone,), RemovalReason.REDUCED)
        self._unlink(target.sha256, FileKind.REDACTED)
        self._ledger.replace(target.sha256, sha256, len(jpeg))

    def _bury(self, removed: tuple[Removed, ...], reason: RemovalReason) -> None:
        now: datetime = self._clock.now()
        self._chain.append(
            lambda link: Tombstone(
                node_id=link.node_id, seq=link.seq, previous=link.previous, made_at=now, reason=reason, removed=removed
            )
        )

    def _unlink(self, sha256: str, kind: FileKind) -> None:
        path = self._originals.path(sha256) if kind is FileKind.ORIGINAL else self._pictures.find(sha256)
        with writing(self._pictures.folder):
            if path is not None:
                path.unlink(missing_ok=True)


def sweep_partials(folders: Iterable[Path]) -> int:
    """Removes what a kill left half-written; gives how many files. Call it before anything is written."""
    swept = 0
    for folder in folders:
        for path in folder.glob("*.part"):
            path.unlink(missing_ok=True)
            swept += 1
    if swept:
        _log.info("half-written evidence of the last run removed", files=swept)
    return swept
