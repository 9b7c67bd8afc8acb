"""Which part of the city answers for a camera. One associator works on a district; districts never share a case.

A camera belongs to the first district whose patterns fit its name; what fits none belongs to the rest. What a person
saw has no camera: it stands under a name that says its district, so that every later look at it finds the same one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import NewType

District = NewType("District", str)
THE_REST = "rest"
"""How people write the nameless one."""
TOLD = "told."
"""How the names begin under which people's own looks stand."""
REST = District("")
"""All cameras that no named district claims; the whole city where none is named."""


@dataclass(frozen=True)
class Districts:
    """The city's parts, in the order in which they claim cameras.

    A pattern is a camera's name or ``node/camera``, with ``*`` and ``?`` as in file names.

    >>> districts = Districts(((District("zhangdian"), ("zd-*", "box-7/*")),))
    >>> [districts.of("box-1", name) for name in ("zd-4", "zc-1")], districts.of("box-7", "cam-1")
    (['zhangdian', ''], 'zhangdian')
    """

    claims: tuple[tuple[District, tuple[str, ...]], ...] = ()

    @cached_property
    def names(self) -> tuple[District, ...]:
        """All of them, the rest last."""
        return (*(name for name, _ in self.claims), REST)

    @cached_property
    def _known(self) -> dict[tuple[str, str], District]:
        return {}

    def of(self, node_id: str, camera_id: str) -> District:
        """The camera's district. Remembered: it is asked for every event."""
        if not self.claims:
            return REST
        key = (node_id, camera_id)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > MOST_REMEMBERED:  # names come from outside
                self._known.clear()
            found = self._known[key] = self._look_up(node_id, camera_id)
        return found

    def _look_up(self, node_id: str, camera_id: str) -> District:
        if camera_id.startswith(TOLD):
            name = District(camera_id.removeprefix(TOLD).partition(".")[0])
            return name if name in self.names else REST
        names = (camera_id, f"{node_id}/{camera_id}")
        return next((district for district, patterns in self.claims if _fits(names, patterns)), REST)


def told_name(district: District, key: str) -> str:
    """The camera name under which somebody's own look at `district` stands; `key` makes it theirs alone.

    >>> told_name(District("zhangdian"), "3f"), told_name(REST, "3f")
    ('told.zhangdian.3f', 'told-3f')
    """
    return f"{TOLD}{district}.{key}" if district else f"told-{key}"


MOST_REMEMBERED = 20_000
ONE_CITY = Districts()


def _fits(names: Iterable[str], patterns: Iterable[str]) -> bool:
    wanted = tuple(patterns)
    return any(fnmatchcase(name, pattern) for name in names for pattern in wanted)
