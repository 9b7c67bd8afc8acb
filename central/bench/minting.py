"""Events for measuring: real wire events, made by putting ids and numbers into a text that was validated once.

The same (node, seq) always gives the same bytes, so that an event can be sent again. Four revisions make an incident.
"""

import hashlib
from datetime import datetime, timedelta

from contract.events import (
    BoxNorm,
    ClockState,
    Confidence,
    EvidenceRef,
    EvidenceRole,
    GroundPoint,
    IncidentEvent,
    IncidentState,
    ModelRef,
    wrap,
)
from contract.ids import derived_entropy, uuid7
from contract.plane import Origin, Point
from contract.taxonomy import Seen

REVISIONS = 4
"""Events of one incident: opened and three updates, as a stall that stays for a few minutes gives."""
SPACING_M = 60.0
"""Between incidents: far enough apart that each is a case of its own."""
PREFIX = "bench-"
"""Every node of a measurement is called so: a database that holds others is not one to measure on."""


def node_name(number: int) -> str:
    return f"{PREFIX}{number:02d}"


class Mint:
    """One node's outbox. Events of one incident carry the times `began_at` and later, a second for each revision."""

    def __init__(
        self, node_number: int, began_at: datetime, run: str, origin: Origin, street: int | None = None
    ) -> None:
        """`run` makes ids of different measurements different. Nodes of one `street` see the same things."""
        self.node_id = node_name(node_number)
        self.stream_id = uuid7(began_at, derived_entropy(run, self.node_id))
        self._salt = hashlib.sha256(f"{run}/{self.node_id}".encode()).hexdigest()[:12]
        self._number = node_number
        self._street = node_number if street is None else street
        self._origin = origin
        self._templates = {
            revision: self._template(revision, began_at + timedelta(seconds=revision))
            for revision in range(1, REVISIONS + 1)
        }

    def payload(self, seq: int) -> bytes:
        """The event with that number in the stream, counted from 1."""
        incident, revision = divmod(seq - 1, REVISIONS)
        lat, lon = self._place(incident)
        return self._templates[revision + 1] % {
            b"event": b"01900000-%04x-7000-8%03x-%b" % (seq >> 12 & 0xFFFF, seq & 0xFFF, self._salt.encode()),
            b"incident": b"01910000-%04x-7000-8%03x-%b" % (incident >> 12, incident & 0xFFF, self._salt.encode()),
            b"seq": b"%d" % seq,
            b"lat": b"%.7f" % lat,
            b"lon": b"%.7f" % lon,
            b"picture": hashlib.sha256(b"%b/%d" % (self._salt.encode(), seq)).hexdigest().encode(),
        }

    def _place(self, incident: int) -> tuple[float, float]:
        """Incidents lie on a grid; each street has strips of its own."""
        column, row = incident % 200, incident // 200
        point = Point(SPACING_M * column, SPACING_M * (row * 64 + self._street))
        return self._origin.to_degrees(point)

    def _template(self, revision: int, at: datetime) -> bytes:
        """The wire form with %-places where ids and numbers go."""
        event_id, incident_id = "0" * 8 + "-0000-7000-8000-" + "e" * 12, "0" * 8 + "-0000-7000-8000-" + "c" * 12
        data = IncidentEvent(
            node_id=self.node_id,
            stream_id=self.stream_id,
            seq=_SEQ,
            boot_id=self.stream_id,
            incident_id=incident_id,
            revision=revision,
            state=IncidentState.OPENED if revision == 1 else IncidentState.UPDATED,
            seen=Seen.STALL,
            camera_id=f"cam-{self._number}",
            track_id=1,
            first_seen_at=at - timedelta(seconds=90),
            last_seen_at=at,
            box=BoxNorm(x1=0.4, y1=0.4, x2=0.6, y2=0.7),
            ground=GroundPoint(lat=_LAT, lon=_LON, ee_m2=1.0, en_m2=0.0, nn_m2=1.0),
            confidence=Confidence(latest=0.8, mean=0.7, peak=0.9, looks=10, positive_looks=9),
            model=ModelRef(name="bench", version="1", sha256="0" * 64),
            config_version="bench",
            clock_state=ClockState.SYNCHRONISED,
            evidence=(_evidence(at),),
        )
        text = wrap(data, event_id, at).to_wire().decode()
        assert "%" not in text
        places = {
            event_id: "event",
            incident_id: "incident",
            _PICTURE: "picture",
            f":{_SEQ}": "seq",
            f":{_LAT}": "lat",
            f":{_LON}": "lon",
        }
        for found, name in places.items():
            colon = ":" if found.startswith(":") else ""
            text = text.replace(found, f"{colon}%({name})b")
        return text.encode()


_SEQ, _LAT, _LON, _PICTURE = 1_111_111, 11.1111111, 111.1111111, "ab" * 32


def _evidence(at: datetime) -> EvidenceRef:
    return EvidenceRef(
        sha256=_PICTURE,
        role=EvidenceRole.CONFIRMATION,
        media_type="image/jpeg",
        size_bytes=40_000,
        width_px=1280,
        height_px=720,
        captured_at=at,
        box=BoxNorm(x1=0.4, y1=0.4, x2=0.6, y2=0.7),
        redaction="bench",
    )
