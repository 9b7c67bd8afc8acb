"""Storms: more than ten alike alerts at one place within ten minutes. A list shows each as one line with its count.

Alike: the same violation, or where none is found yet the same sight. One place: the unit grid, the zone where there is
no grid, the camera where there is neither. What somebody has decided belongs to no storm.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from central.domain.workflow import CaseState

MOST = 10
"""Alike alerts that stand by themselves; with one more they are a storm."""
WITHIN_S = 600
WAITING = frozenset({CaseState.OBSERVING, CaseState.PENDING_REVIEW})
SHAPE = r"^$|^[a-z_]{1,40}~[^~]{0,64}~[^~]{0,64}~\d{1,11}~\d{1,11}$"
"""Of `Storm.address`, as a regular expression; empty for none."""


@dataclass(frozen=True, slots=True, order=True)
class Storm:
    """All waiting cases of `what` at the place that were first seen from `since_s` to `until_s` (whole seconds since
    1970, both within). `camera` is empty where `place` is not."""

    what: str
    place: str
    camera: str
    since_s: int
    until_s: int

    @property
    def address(self) -> str:
        """As it stands in a page's address.

        >>> Storm.read("grill~370303~~100~700").address
        'grill~370303~~100~700'
        """
        return "~".join((self.what, self.place, self.camera, str(self.since_s), str(self.until_s)))

    @property
    def going_on(self) -> "Storm":
        """With what may still come: a list of it that somebody looks at goes on growing."""
        return replace(self, until_s=self.until_s + WITHIN_S)

    @classmethod
    def read(cls, address: str) -> "Storm":
        """Of an address of that `SHAPE`."""
        what, place, camera, since_s, until_s = address.split("~")
        return cls(what, place, camera, int(since_s), int(until_s))


def joined(dense: Iterable[Storm]) -> list[Storm]:
    """Stretches that overlap as one: eleven alerts within ten minutes, and the next eleven, are one storm.

    >>> joined([Storm("grill", "1", "", 50, 90), Storm("grill", "1", "", 0, 60), Storm("grill", "2", "", 0, 60)])
    [Storm(what='grill', place='1', camera='', since_s=0, until_s=90), \
Storm(what='grill', place='2', camera='', since_s=0, until_s=60)]
    """
    found: list[Storm] = []
    for storm in sorted(dense):
        last = found[-1] if found else None
        is_same = last is not None and (last.what, last.place, last.camera) == (storm.what, storm.place, storm.camera)
        if last is not None and is_same and storm.since_s <= last.until_s:
            until_s = max(last.until_s, storm.until_s)
            found[-1] = Storm(last.what, last.place, last.camera, last.since_s, until_s)
        else:
            found.append(storm)
    return found
