"""Which known cases are meant when they are judged again."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """Cases whose last sighting lies in ``[since, until)``; None is open."""

    since: datetime | None = None
    until: datetime | None = None
