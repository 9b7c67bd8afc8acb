"""The node's half of the flow, one step a line: frame → detections → things → tracks → incidents → events.

Start reading here. `look` is called once per look, by one thread. From detections to incidents is `edge.watching`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import structlog
from numpy.typing import NDArray

from contract.events import Event, EvidenceRole, IncidentState
from contract.ids import CameraId, IncidentId
from contract.taxonomy import Context, Seen
from edge.baseline.boards import SIGNAGE
from edge.baseline.memory import BoardMemory
from edge.baseline.watch import FIRST_TRACK_ID
from edge.detect.port import Detector
from edge.events import EventBook, Finding, Ids, Sender, build_event
from edge.evidence.filming import Films
from edge.evidence.locker import EvidenceLocker, Occasion, Shot
from edge.evidence.pictures import Shutter
from edge.evidence.redact import RedactionMemory
from edge.evidence_settings import EvidenceSettings
from edge.exposures import Exposures
from edge.plume.crops import PLUMES, cutter
from edge.plume.judge import Judge
from edge.position.calibration import Calibration
from edge.rules.attention import Wish
from edge.rules.places import CameraPose, Zone, zones_of
from edge.rules.policy import Policies
from edge.rules.regions import Mask
from edge.scribe import AtOnce, Scribe, Weight
from edge.tiles.plan import TileRound, cut, placed, tiles_of
from edge.unfinished import Orphans, Stories, Times, build_closing
from edge.values import Frame, Incident, Track
from edge.watching import CameraWatch, TileOf, Watched

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class View:
    """What is fixed about one camera."""

    camera_id: CameraId
    look_every_s: float
    zones: tuple[Zone, ...] = ()
    pose: CameraPose | None = None
    masks: tuple[Mask, ...] = ()
    tile_every_s: float | None = None
    """One tile of the full picture besides the whole in this time; None: never (`edge.tiles`)."""
    calibration: Calibration | None = None
    """Where things stand by surveyed points; goes before `pose`."""
    presets: Mapping[str, "View"] = field(default_factory=dict)
    """What holds while a turning camera is aimed at each of its presets."""


class _Memory:
    """What is remembered of one camera between looks."""

    def __init__(
        self, view: View, policies: Policies, evidence: EvidenceSettings, judge: Judge | None, films: Films | None
    ) -> None:
        self.view = view
        self.watch = CameraWatch(view.camera_id, policies, view.look_every_s, view.masks, view.pose, judge)
        self.tiles: TileRound | None = None
        self.redaction = RedactionMemory(timedelta(seconds=evidence.redact_hold_s))
        self.exposures = Exposures(view.camera_id, evidence, films)
        self.incident_ids: dict[int, IncidentId] = {}
        self.orphans = Orphans(())
        self.looked_at: datetime | None = None
        self.presets: dict[str, _Memory] = {}
        """A turning camera's, one a preset: what stood in one direction says nothing about another."""

    def see_as(self, view: View) -> None:
        """Other zones, masks or position; presets that are gone take their tracks along."""
        self.view = view
        self.presets = {name: memory for name, memory in self.presets.items() if name in view.presets}
        for name, memory in self.presets.items():
            memory.view = view.presets[name]


class Pipeline:
    """All cameras of a node over one detector."""

    def __init__(
        self,
        detector: Detector,
        policies: Policies,
        views: Sequence[View],
        evidence: EvidenceSettings,
        locker: EvidenceLocker,
        book: EventBook,
        sender: Sender,
        ids: Ids,
        judge: Judge | None = None,
        wish: Callable[[Wish], None] = lambda _wish: None,
        boards: BoardMemory | None = None,
        stories: Stories | None = None,
        films: Films | None = None,
        scribe: Scribe | None = None,
    ) -> None:
        """`judge` is the second stage for plumes; `wish` is told which camera should be looked at more often; `boards`
        compares signs with each camera's accepted baseline (without it, long presence is reported as for a stall);
        `stories` knows the incidents that an earlier memory left open (without it, they stay open);
        `films` makes short films, which the next event of their incident names; `scribe` writes what is found (without
        it, `look` does)."""
        self._scribe = scribe or AtOnce()
        self._films = films
        self._boards = boards
        self._stories = stories
        self._judge = judge
        self._wish = wish
        self.see_with(detector)
        self._policies = policies
        self._evidence = evidence
        self._locker = locker
        self._book = book
        self._sender = sender
        self._ids = ids
        self._memories = {view.camera_id: self._remember(view, policies) for view in views}

    def look(self, frame: Frame) -> tuple[Event, ...]:
        """Everything one frame leads to; the events given are on disk, others may still be with the scribe.

        Raises:
            KeyError: the frame is of no camera of this node.
            PermanentError: the disk refuses an event that is written at once.
        """
        memory = self._memory_at(frame)
        wanted = self._detector.manifest.input  # most looks need the picture at this size alone
        picture = frame.fitted(wanted.width_px, wanted.height_px)
        detections = self._detector.detect(picture)
        hide = memory.redaction.note(detections, frame.captured_at)
        shutter = self._locker.shutter(frame, hide)
        watched = memory.watch.step(detections, cutter(picture), frame.captured_at, aspect=_aspect(picture))
        events: list[Event] = []
        for look in (watched, *self._at_tile(memory, frame)):
            memory.exposures.note_lead_ups(look.tracked.live, memory.watch.presence, shutter)
            for incident in look.incidents:
                events += self._write(memory, incident, frame, shutter)
            self._forget(memory, look)
            if look.wish is not None:
                self._wish(look.wish)
        if self._boards is not None:
            differences = self._boards.step(frame, detections, picture, hide)
            for incident in differences:
                events += self._write(memory, incident, frame, shutter)
        events += self._end_unfinished(memory, watched, frame)
        memory.exposures.note_scene(shutter, frame.captured_at)
        return tuple(events)

    def watch(self, view: View, anew: bool) -> None:
        """A camera joins or is seen otherwise from now on; its tracks go on unless `anew`. On the look thread."""
        memory = self._memories.get(view.camera_id)
        if memory is None or anew or memory.view.look_every_s != view.look_every_s:
            self._memories[view.camera_id] = self._remember(view, self._policies, memory)
        else:
            memory.see_as(view)

    def forget(self, camera_id: CameraId) -> None:
        """A camera leaves; what it left open waits for it to come back or for `end_unwatched`. On the look thread."""
        self._memories.pop(camera_id, None)

    def end_unwatched(self, at: datetime) -> tuple[Event, ...]:
        """Ends the incidents of cameras that this node has no longer: nobody here will see them go."""
        self._scribe.catch_up()
        stories = () if self._stories is None else self._stories.unfinished()
        left = [event for event in stories if event.data.camera_id not in self._memories]
        return tuple(told for event in left for told in self._close(event, at))

    def judge_by(self, policies: Policies) -> None:
        """Other presence policies: every camera starts anew, since what was counted means nothing under them."""
        self._policies = policies
        self._memories = {
            camera_id: self._remember(memory.view, policies, memory) for camera_id, memory in self._memories.items()
        }

    def report_as(self, sender: Sender) -> None:
        """What events say of model and configuration from now on."""
        self._sender = sender

    def see_with(self, detector: Detector) -> None:
        """A model, or another one; tracks go on."""
        self._detector = detector
        self._knows_people = any(entry.means is Context.PERSON for entry in detector.manifest.classes)

    def _remember(
        self, view: View, policies: Policies, before: _Memory | None = None, preset: str | None = None
    ) -> _Memory:
        """A memory that begins now; what `before` or an earlier run left open waits to be seen again."""
        watched = policies if self._boards is None else policies.without(SIGNAGE)
        memory = _Memory(view, watched, self._evidence, self._judge, self._films)
        if before is not None:  # boards' differences are remembered elsewhere and go on
            memory.incident_ids = {key: told for key, told in before.incident_ids.items() if key >= FIRST_TRACK_ID}
        if self._stories is not None:
            self._scribe.catch_up()
            known = set(memory.incident_ids.values())
            left = self._stories.unfinished(view.camera_id)
            stories = (event for event in left if event.subject not in known and event.data.preset == preset)
            memory.orphans = Orphans(stories, {} if before is None else before.orphans.resumed_from(FIRST_TRACK_ID))
        for name, old in () if before is None else before.presets.items():
            if name in view.presets:
                memory.presets[name] = self._remember(view.presets[name], policies, old, name)
        return memory

    def _end_unfinished(self, memory: _Memory, watched: Watched, frame: Frame) -> list[Event]:
        """What an earlier memory left open and this one would have seen by now."""
        round_s = 0.0 if memory.tiles is None else memory.tiles.round_s
        boards = frozenset() if self._boards is None else SIGNAGE
        times = Times(self._policies.presence, memory.view.look_every_s, round_s, boards)
        gone = memory.orphans.over(watched.tracked.live, frame.captured_at, frame.preset, times)
        return [told for event in gone for told in self._close(event, frame.captured_at)]

    def _close(self, last: Event, at: datetime) -> tuple[Event, ...]:
        event_id = self._ids.mint(at, last.subject, str(last.data.revision + 1))
        close = partial(self._book.append, partial(build_closing, last, self._sender, event_id, at))
        return self._scribe.write(close, _weight(last.data.seen))

    def _at_tile(self, memory: _Memory, frame: Frame) -> Iterator[Watched]:
        """A part of the picture in its full resolution, if it is its turn: what is far keeps its pixels."""
        if memory.view.tile_every_s is None:
            return
        if memory.tiles is None:
            height_px, width_px = frame.image.shape[:2]
            wanted = self._detector.manifest.input
            tiles = tiles_of(width_px, height_px, wanted.width_px, wanted.height_px)
            memory.tiles = TileRound(tiles, memory.view.tile_every_s)
        tile = memory.tiles.due(frame.captured_at)
        if tile is not None:
            found = placed(tile, self._detector.detect(cut(frame.image, tile)))
            of = TileOf(tile, memory.tiles.round_s)
            aspect = _aspect(frame.image)
            yield memory.watch.step(found.detections, cutter(frame.image), frame.captured_at, of, aspect=aspect)

    def _memory_at(self, frame: Frame) -> _Memory:
        """The camera's memory; a new one if the clock was set back, since ages over that step mean nothing."""
        memory = self._memories[frame.camera_id]
        if memory.looked_at is not None and frame.captured_at < memory.looked_at:
            _log.warning("the clock went back; the camera's tracks start anew", camera_id=frame.camera_id)
            memory = self._memories[frame.camera_id] = self._remember(memory.view, self._policies, memory)
        memory.looked_at = frame.captured_at
        return memory if frame.preset is None else self._at_preset(memory, frame.preset)

    def _at_preset(self, camera: _Memory, preset: str) -> _Memory:
        if preset not in camera.presets:
            view = camera.view.presets.get(preset, camera.view)
            camera.presets[preset] = self._remember(view, self._policies, preset=preset)
        return camera.presets[preset]

    def _write(self, memory: _Memory, incident: Incident, frame: Frame, shutter: Shutter) -> tuple[Event, ...]:
        """Decides and exposes now; searching the pictures for people, keeping and telling are the scribe's."""
        shift = self._sender.circumstances.to_wall(frame.captured_at) - frame.captured_at
        incident = memory.orphans.as_told(incident, shift)
        finding = self._locate(memory, incident, frame)
        shots = memory.exposures.shots(incident, finding.incident_id, shutter)
        event_id = self._ids.mint(frame.captured_at, finding.incident_id, str(incident.revision))
        tell = partial(self._tell, finding, shots, self._sender, event_id)
        is_update = incident.state is IncidentState.UPDATED and all(
            shot.role is not EvidenceRole.CLIP for shot in shots
        )
        return self._scribe.write(tell, _weight(incident.track.seen), is_update)

    def _tell(self, finding: Finding, shots: Sequence[Shot], sender: Sender, event_id: str) -> Event:
        """Keeps the evidence and writes the event that names it. On the scribe's thread."""
        evidence = self._locker.keep(Occasion(finding.camera_id, finding.incident_id, finding.incident.revision), shots)
        told = replace(finding, evidence=evidence.refs, evidence_state=evidence.state)
        return self._book.append(partial(build_event, told, sender, event_id))

    def _incident_id(self, memory: _Memory, track: Track) -> IncidentId:
        resumed = memory.orphans.id_of(track.track_id)
        return resumed or memory.incident_ids.setdefault(
            track.track_id,
            IncidentId(self._ids.mint(track.first_seen_at, memory.view.camera_id, str(track.track_id))),
        )

    def _locate(self, memory: _Memory, incident: Incident, frame: Frame) -> Finding:
        track, view = incident.track, memory.view
        policy = self._policies.presence.get(track.seen)
        ground = None
        locator = view.calibration or view.pose
        if locator is not None and policy is not None and policy.base_height_m is not None:
            ground = locator.ground_point(track.box_norm, policy.base_height_m, policy.half_depth_m)
        return Finding(
            incident=incident,
            incident_id=self._incident_id(memory, track),
            camera_id=view.camera_id,
            zones=zones_of(track.box_norm, view.zones, track.seen),
            ground=ground,
            evidence=(),
            at=frame.captured_at,
            preset=frame.preset,
            attended_s=memory.watch.attendance.stayed_s(track.track_id) if self._knows_people else None,
        )

    def _forget(self, memory: _Memory, look: Watched) -> None:
        for track in look.tracked.lost:
            memory.exposures.forget(track.track_id)
            memory.incident_ids.pop(track.track_id, None)
            memory.orphans.forget(track.track_id)


def _aspect(picture: NDArray[np.uint8]) -> float:
    """Width for height."""
    return float(picture.shape[1] / picture.shape[0])


def _weight(seen: Seen) -> Weight:
    return Weight.URGENT if seen in PLUMES else Weight.USUAL
