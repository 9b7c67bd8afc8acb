"""What the pictures of a case may be used for: only a reviewed camera with a sure clock proves anything (DOMAIN §6)."""

from collections.abc import Iterator
from datetime import date, timedelta

from central.domain.judgement.verdicts import Evidence
from central.domain.law import Law
from central.domain.reasons import Reason
from central.domain.registers.cameras import EvidenceGrade
from central.domain.values import CaseSnapshot, Observation

UNREGISTERED = (Reason("no_camera_register"),)


def evidence_of(case: CaseSnapshot, law: Law, day: date, legal_dwell: timedelta) -> Evidence:
    """Penalty-reviewed where the sightings of reviewed cameras with sure clocks show the dwell by themselves."""
    if not law.registers.cameras:
        return Evidence(because=UNREGISTERED)
    sound = []
    because: set[tuple[str, str]] = set()
    for member in case.members:
        failings = list(_failings(member, law, day))
        because.update((code, str(member.camera_id)) for code in failings)
        if not failings:
            sound.append(member)
    if sound:
        span = max(member.last_seen_at for member in sound) - min(member.first_seen_at for member in sound)
        if span >= legal_dwell:
            return Evidence(EvidenceGrade.PENALTY_REVIEWED)
        because.update(("reviewed_too_short", str(member.camera_id)) for member in sound)
    return Evidence(because=tuple(Reason(code, {"camera": camera}) for code, camera in sorted(because)))


def _failings(member: Observation, law: Law, day: date) -> Iterator[str]:
    camera = law.registers.camera(member.camera_id)
    if camera is None or camera.node_id not in {"", member.node_id} or not camera.validity.holds(day):
        yield "camera_unregistered"
    elif camera.evidence_grade is not EvidenceGrade.PENALTY_REVIEWED:
        yield "camera_patrol_only"
    for doubt in sorted(member.doubts):
        yield doubt.value
