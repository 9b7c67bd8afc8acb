"""Whose figures, and of which days."""

from dataclasses import dataclass
from datetime import date, datetime

DIMENSIONS = ("kind", "source", "department", "post", "person", "camera_id")
"""What a scope may name beside its area."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures: of an area ("" is everywhere), and of one kind, source, department, post, person or camera."""

    area: str = ""
    kind: str | None = None
    source: str | None = None
    department: str | None = None
    post: str | None = None
    person: str | None = None
    camera_id: str | None = None

    @property
    def is_area_alone(self) -> bool:
        return all(getattr(self, name) is None for name in DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Window:
    """Local days, both included, as of `now`: what is not due yet doesn't count. `today` is the local day of `now`."""

    first: date
    last: date
    today: date
    now: datetime
