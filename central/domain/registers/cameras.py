"""The register of cameras: number, place, and what their pictures may be used for (DOMAIN §3, §6)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from central.domain.registers.names import ALWAYS_VALID, Names, Validity
from contract.plane import Point

_NUMBER = re.compile(r"[0-9]{20}")
_TYPES = {"131": "camera", "132": "IP camera"}
"""What a number's 11th to 13th digits may be for a camera: GB/T 28181 lists recorders, alarms and users beside them."""


class EvidenceGrade(StrEnum):
    """What a camera's pictures may be used for; nothing is penalty-reviewed that no document says so of."""

    PATROL_ONLY = "patrol_only"
    PENALTY_REVIEWED = "penalty_reviewed"


@dataclass(frozen=True, slots=True)
class RegisteredCamera:
    """One camera. `published_place` is where its place was made public, `review` the document of its review.

    `point` is where it hangs; `area_code` the unit grid that it is declared to hang in. `heading_deg`, clockwise from
    north, and `view_deg`, how wide it looks, are for drawing it on the map.
    """

    camera_id: str
    names: Names
    number: str = ""
    point: Point | None = None
    place: str = ""
    area_code: str = ""
    heading_deg: float | None = None
    view_deg: float | None = None
    node_id: str = ""
    evidence_grade: EvidenceGrade = EvidenceGrade.PATROL_ONLY
    review: str = ""
    published_place: str = ""
    validity: Validity = ALWAYS_VALID


def check_number(number: str) -> None:
    """A camera's GB/T 28181 number: 8 centre + 2 industry + 3 type + 1 network + 6 serial.

    Raises:
        ValueError: what is wrong with it.
    """
    if _NUMBER.fullmatch(number) is None:
        raise ValueError(f"a GB/T 28181 number is 20 digits, {number!r} has {len(number)} characters")
    if number[10:13] not in _TYPES:
        raise ValueError(
            f"{number}: the type (11th to 13th digit) is {number[10:13]}; "
            f"a camera's is {' or '.join(f'{code} ({name})' for code, name in _TYPES.items())}"
        )
