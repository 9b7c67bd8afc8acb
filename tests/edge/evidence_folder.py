"""A real evidence folder with a chain, for tests that break it."""

from dataclasses import dataclass, field
from pathlib import Path

from contract.clock import VirtualClock
from contract.events import EvidenceRole
from contract.ids import derived_entropy, uuid7
from contract.keys import KeyPairs
from contract.sealing import UnsealKey
from contract.signing import SigningKey
from edge.evidence.assemble import EvidenceParts, Signer, open_evidence
from edge.evidence.locker import Evidence, Occasion, Shot
from edge.evidence.verify import Verdict, verify
from edge.evidence_settings import EvidenceSettings
from edge.values import Box
from tests.edge.fakes import LEFT, T0, frame, noise

KEYS = KeyPairs(SigningKey.from_raw(bytes(range(32))), UnsealKey.generate())
CENTRAL = UnsealKey.generate()
PERSON: Box = (0.25, 0.25, 0.5, 0.75)


@dataclass
class Node:
    """Evidence as a node keeps it; `find` keeps one picture."""

    folder: Path
    settings: EvidenceSettings = field(default_factory=EvidenceSettings)
    hides: tuple[Box, ...] = (PERSON,)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(T0)
        self.count = 0
        self.parts = self.open()

    def open(self) -> EvidenceParts:
        """As at a start of the node."""
        signer = Signer("node-1", KEYS, CENTRAL.public)
        return open_evidence(self.folder, self.settings, signer, self.clock, lambda _image: ())

    def find(self, role: EvidenceRole = EvidenceRole.CONFIRMATION, width_px: int = 64) -> Evidence:
        self.count += 1
        at_s = (self.clock.now() - T0).total_seconds()
        image = noise(self.count, width_px, width_px * 9 // 16)
        shutter = self.parts.locker.shutter(frame(at_s, image=image), self.hides)
        incident_id = uuid7(self.clock.now(), derived_entropy(str(self.count)))
        return self.parts.locker.keep(Occasion("cam-1", incident_id, 1), [Shot(shutter.negative(), LEFT, role)])

    def verify(self, events: Path | None = None) -> Verdict:
        return verify(self.folder, [KEYS.signing.public], events)

    @property
    def segment(self) -> Path:
        return self.folder / "chain" / "00000001.jsonl"

    def lines(self) -> list[bytes]:
        return self.segment.read_bytes().splitlines(keepends=True)

    def close(self) -> None:
        self.parts.ledger.close()
