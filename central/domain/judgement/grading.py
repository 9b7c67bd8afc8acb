"""What the pictures of a case may be used for: only a reviewed camera with a sure clock proves anything (DOMAIN §6)."""

from datetime import date, timedelta
from functools import lru_cache

from central.domain.judgement.scene import Scene
from central.domain.judgement.verdicts import Evidence
from central.domain.law import Law
from central.domain.reasons import Reason
from central.domain.registers.cameras import EvidenceGrade
from central.domain.values import Observation

UNREGISTERED = (Reason("no_camera_register"),)


def evidence_of(scene: Scene, law: Law, legal_dwell: timedelta, *, is_attended: bool = False) -> Evidence:
    """Penalty-reviewed where the sightings of reviewed cameras with sure clocks show the dwell by themselves, and where
    it rests on somebody's staying (`is_attended`), that as well."""
    if not law.registers.cameras:
        return Evidence(because=UNREGISTERED)
    sound: list[Observation] = []
    because: set[tuple[str, str]] = set()
    for member in scene.case.members:
        failing = _failing(member, law, scene.day)
        if failing is not None:
            because.add((failing, member.camera_id))
        because.update((doubt.value, member.camera_id) for doubt in member.doubts)
        if failing is None and not member.doubts:
            sound.append(member)
    if sound:
        last = min(scene.at, max(member.last_seen_at for member in sound))
        shown = last - min(member.first_seen_at for member in sound)
        if is_attended:
            shown = min(shown, timedelta(seconds=max(member.attended_s or 0.0 for member in sound)))
        if shown >= legal_dwell:
            return Evidence(EvidenceGrade.PENALTY_REVIEWED)
        because.update(("reviewed_too_short", member.camera_id) for member in sound)
    return _patrol_only(tuple(sorted(because)))


@lru_cache(maxsize=4096)
def _patrol_only(because: tuple[tuple[str, str], ...]) -> Evidence:
    """A city's cameras fail in the same few ways a million times a month."""
    return Evidence(because=tuple(Reason(code, {"camera": camera}) for code, camera in because))


def _failing(member: Observation, law: Law, day: date) -> str | None:
    camera = law.registers.camera(member.camera_id)
    if camera is None or camera.node_id not in {"", member.node_id} or not camera.validity.holds(day):
        return "camera_unregistered"
    if camera.evidence_grade is not EvidenceGrade.PENALTY_REVIEWED:
        return "camera_patrol_only"
    return None
