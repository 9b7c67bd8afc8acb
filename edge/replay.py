"""Replays a clip through the pipeline on a virtual clock: the same clip, configuration and model give the same bytes.

No look is skipped: the clip waits for the detector. Whatever was found before a clip breaks off is kept.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.clock import VirtualClock
from contract.errors import PermanentError
from contract.events import ClockState, Event
from contract.ids import CameraId, NodeId, StreamId
from contract.keys import KeyPairs
from contract.sealing import UnsealKey
from contract.signing import SigningKey
from edge.capture.clip import ClipCamera, read_facts
from edge.detect.port import Detector
from edge.events import DerivedIds, Sender
from edge.evidence.chain import CHAIN_FOLDER, Chain
from edge.evidence.locker import EvidenceLocker, Notary
from edge.evidence.pictures import FindPeople, PictureFolder
from edge.evidence.signers import note_signer
from edge.outbox.lines import LineBook
from edge.pipeline import Pipeline, View
from edge.plume.judge import PlumeJudge
from edge.rules.policy import Policies
from edge.settings import ReplaySettings, settings_version

EVENTS_FILE = "events.jsonl"
EVIDENCE_FOLDER = "evidence"
EPHEMERAL = "made from the clip and its settings, so that two replays agree: shows wholeness, never who signed"


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a replay did. `broken_off` says why the clip ended before its end, or is None."""

    clip: Path
    started_at: datetime
    ended_at: datetime
    looks: int
    events: tuple[Event, ...]
    broken_off: str | None
    config_version: str

    @property
    def length_s(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()


def replay(
    clip: Path,
    out: Path,
    settings: ReplaySettings,
    policies: Policies,
    detector: Detector,
    start: datetime,
    on_look: Callable[[float], None] = lambda _position_s: None,
    find_people: FindPeople = lambda _image: (),
    keys: KeyPairs | None = None,
) -> ReplayResult:
    """Writes ``events.jsonl`` and ``evidence/`` under `out`; evidence of an earlier replay there gives way.

    Args:
        start: capture time of the clip's first frame.
        on_look: called with seconds into the clip after each look.
        find_people: finds what to hide in pictures that are kept, beside what the look knows.
        keys: sign the evidence; None: keys derived from clip and settings, which anybody can derive.

    Raises:
        PermanentError: the clip can't be read at all, or `out` can't be written.
    """
    seed = (_sha256(clip), settings_version(settings, policies), detector.manifest.ref(detector.engine).sha256)
    ids = DerivedIds(*seed)
    view = _view(settings, clip)
    sender = Sender(
        node_id=NodeId(settings.node_id),
        boot_id=ids.mint(start, "boot"),
        model=detector.manifest.ref(detector.engine),
        config_version=seed[1],
        clock_state=ClockState.UNKNOWN,
    )
    signer = keys or _replay_keys(seed)
    camera = ClipCamera(view.camera_id, clip, start, settings.look_every_s)
    clock = VirtualClock(start)
    looks, broken_off = 0, None
    partial = out / f"{EVENTS_FILE}.part"
    _make_folder(out)
    with _writing(out), partial.open("wb") as file:
        book = LineBook(file, StreamId(ids.mint(start, "stream")))
        folder = out / EVIDENCE_FOLDER
        shutil.rmtree(
            folder / CHAIN_FOLDER, ignore_errors=True
        )  # an earlier replay's: every replay is a chain of its own
        notary = Notary(Chain(folder, settings.node_id, signer.signing, clock))
        locker = EvidenceLocker(PictureFolder(folder), settings.evidence, clock, notary, find_people=find_people)
        pipeline = Pipeline(detector, policies, [view], settings.evidence, locker, book, sender, ids, PlumeJudge())
        try:
            for frame in camera.frames():
                clock.move_to(frame.captured_at)
                pipeline.look(frame)
                looks += 1
                on_look((frame.captured_at - start).total_seconds())
        except PermanentError as error:
            if looks == 0:
                partial.unlink()
                raise
            broken_off = str(error)
        file.flush()
        os.fsync(file.fileno())
    note_signer(folder, signer.public("node", settings.node_id), "" if keys else EPHEMERAL)
    with _writing(out):
        partial.replace(out / EVENTS_FILE)
    return ReplayResult(clip, start, clock.now(), looks, tuple(book.events), broken_off, seed[1])


def _replay_keys(seed: tuple[str, ...]) -> KeyPairs:
    signing, sealing = (hashlib.sha256("\x1f".join((*seed, use)).encode()).digest() for use in ("sign", "seal"))
    return KeyPairs(SigningKey.from_raw(signing), UnsealKey(X25519PrivateKey.from_private_bytes(sealing)))


def _view(settings: ReplaySettings, clip: Path) -> View:
    calibration = None if settings.calibration is None else settings.calibration.to_calibration()
    pose = None if calibration is None else calibration.pose
    if settings.pose is not None:
        facts = read_facts(clip)
        pose = settings.pose.to_pose(facts.width_px / facts.height_px)
    zones = tuple(zone.to_zone() for zone in settings.zones)
    masks = tuple(mask.to_mask() for mask in settings.masks)
    camera_id, every_s = CameraId(settings.camera_id), settings.look_every_s
    return View(camera_id, every_s, zones, pose, masks, settings.tile_every_s, calibration)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PermanentError(f"{path}: can't be read ({error.strerror}); check the path") from error


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PermanentError(f"{out}: can't be made ({error.strerror}); choose another --out") from error


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """What the disk refuses, as an error that names the file."""
    try:
        yield
    except OSError as error:
        path = error.filename or out / EVENTS_FILE
        raise PermanentError(
            f"{path}: can't be written ({error.strerror}); make room or choose another --out"
        ) from error
