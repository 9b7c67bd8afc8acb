"""What things are called in both languages, and for which days a row of a register holds."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Names:
    """One thing's name in both languages of the console."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Validity:
    """Local days from `first` to `last`, both included; None is open.

    >>> Validity(None, date(2026, 6, 30)).holds(date(2026, 6, 30))
    True
    """

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def has_ended(self, day: date) -> bool:
        """Whether it ran out before `day`."""
        return self.last is not None and self.last < day

    def meets(self, other: "Validity") -> bool:
        """Whether some day belongs to both."""
        starts = [day for day in (self.first, other.first) if day is not None]
        ends = [day for day in (self.last, other.last) if day is not None]
        return not starts or not ends or max(starts) <= min(ends)


ALWAYS_VALID = Validity()
