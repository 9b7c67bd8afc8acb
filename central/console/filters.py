"""What the live list shows: read from the page's address, so that a filtered list can be kept, sent and reloaded."""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query

from central.domain.values import CaseFilter
from central.domain.workflow import CaseState
from central.services.views import CaseSummary
from contract.taxonomy import Violation

Part = Literal["todo", "filed", "done", "all"]
_S = CaseState
TODO = frozenset({_S.OBSERVING, _S.PENDING_REVIEW, _S.CONFIRMED, _S.REMINDED})
"""What the room itself still has to decide; the severe ones stay on top until somebody has."""
DONE = frozenset(
    {_S.REJECTED_FALSE_ALARM, _S.SELF_CORRECTED, _S.NOT_REGISTERED, _S.CLOSED, _S.CANCELLED, _S.FORCED_CLOSED}
)
LIVE = frozenset(CaseState) - {_S.SUPPRESSED}
STATES_OF: dict[str, frozenset[CaseState]] = {"todo": TODO, "filed": LIVE - TODO - DONE, "done": DONE, "all": LIVE}


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """One list; as a FastAPI dependency it reads the address."""

    kind: Annotated[Violation | Literal[""], Query()] = ""
    area: Annotated[str, Query(pattern=r"^\d{0,15}$", description="An area code or how it begins.")] = ""
    camera: Annotated[str, Query(max_length=64)] = ""
    state: Annotated[Part | CaseState, Query()] = "todo"

    @property
    def is_narrow(self) -> bool:
        return self != FeedFilter()

    @property
    def address(self) -> str:
        """What belongs behind the ``?``; empty for the plain list.

        >>> FeedFilter(camera="cam-1").address
        'camera=cam-1'
        """
        parts = {"kind": self.kind, "area": self.area, "camera": self.camera}
        said = {name: str(value) for name, value in parts.items() if value}
        return urlencode(said if self.state == "todo" else said | {"state": str(self.state)})

    def wanted(self, district: str, before: str | None) -> CaseFilter:
        """The live column: the most severe first, the newest first among them."""
        return CaseFilter(
            states=self._states(),
            kind=self.kind or None,
            before=before,
            silenced=False,
            district=district,
            area=self.area,
            camera=self.camera,
            is_by_severity=True,
        )

    def lawful(self, district: str) -> CaseFilter:
        """The lawful column; it has no violation to choose by."""
        return CaseFilter(
            states=frozenset({CaseState.SUPPRESSED}), district=district, area=self.area, camera=self.camera
        )

    def shows(self, case: CaseSummary) -> bool:
        """Whether the case belongs in one of the two columns now."""
        is_there = (case.area_code or "").startswith(self.area)
        is_seen = not self.camera or any(name.rpartition("/")[2] == self.camera for name in case.cameras)
        if case.state is CaseState.SUPPRESSED:
            return is_there and is_seen
        return is_there and is_seen and case.state in self._states() and self.kind in ("", case.kind)

    def _states(self) -> frozenset[CaseState]:
        return STATES_OF.get(self.state) or frozenset({CaseState(self.state)})
