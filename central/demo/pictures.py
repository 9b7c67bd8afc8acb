"""The demonstration's pictures: rendered streets that lie beside this module, each with the thing that it shows.

`deploy/demo_pictures.py` draws them; nothing in them was photographed, nobody in them lives.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from contract.events import BoxNorm, EvidenceRef, EvidenceRole
from contract.taxonomy import Seen

FOLDER = Path(__file__).parent / "pictures"
REDACTION = "rendered/1"
"""Nothing to hide: drawn people have no faces."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One picture and the thing on it, xyxy in shares of its width and height."""

    content: bytes
    seen: Seen
    width_px: int
    height_px: int
    box: BoxNorm

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def ref(self, role: EvidenceRole, at: datetime) -> EvidenceRef:
        """As a node would announce it."""
        return EvidenceRef(
            sha256=self.sha256,
            role=role,
            media_type="image/jpeg",
            size_bytes=len(self.content),
            width_px=self.width_px,
            height_px=self.height_px,
            captured_at=at,
            box=self.box,
            redaction=REDACTION,
        )


def picture_of(seen: Seen, number: int) -> Rendered:
    """The `number`-th picture of such a thing, round and round; of a grill where there is none of it."""
    fitting = [one for one in pictures() if one.seen is seen] or [one for one in pictures() if one.seen is Seen.GRILL]
    return fitting[number % len(fitting)]


@cache
def pictures() -> tuple[Rendered, ...]:
    """All of them, read once."""
    listed = json.loads((FOLDER / "pictures.json").read_text(encoding="utf-8"))["pictures"]
    return tuple(
        Rendered(
            (FOLDER / one["file"]).read_bytes(),
            Seen(one["seen"]),
            one["width_px"],
            one["height_px"],
            BoxNorm(**dict(zip(("x1", "y1", "x2", "y2"), one["box"], strict=True))),
        )
        for one in listed
    )
