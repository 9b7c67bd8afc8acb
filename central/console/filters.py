"""What the live list shows: read from the page's address, so that a filtered list can be kept, sent and reloaded."""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BeforeValidator

from central.domain.people import Operator
from central.domain.values import CaseFilter
from central.domain.workflow import FINAL, OPEN, CaseState
from contract.clock import format_rfc3339
from contract.events import Instant
from contract.taxonomy import Violation

Part = Literal["todo", "filed", "done", "all"]
_S = CaseState
TODO = frozenset({_S.OBSERVING, _S.PENDING_REVIEW, _S.CONFIRMED, _S.REMINDED})
"""What the room itself still has to decide; the severe ones stay on top until somebody has."""
STATES_OF: dict[str, frozenset[CaseState]] = {"todo": TODO, "filed": OPEN - TODO, "done": FINAL, "all": OPEN | FINAL}


@dataclass(frozen=True, slots=True)
class Reach:
    """How far somebody sees, and who they are where the list is theirs alone."""

    district: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """One list; as a FastAPI dependency it reads the address."""

    kind: Annotated[Violation | Literal[""], Query()] = ""
    area: Annotated[str, Query(pattern=r"^\d{0,15}$", description="An area code or how it begins.")] = ""
    camera: Annotated[str, Query(max_length=64)] = ""
    state: Annotated[Part | CaseState, Query()] = "todo"
    mine: Annotated[bool, Query(description="Only those that were given to me.")] = False
    since: Annotated[Instant | None, BeforeValidator(lambda text: text or None), Query()] = None
    """First seen then or later: a shift's own."""

    @property
    def is_narrow(self) -> bool:
        return self != FeedFilter()

    @property
    def address(self) -> str:
        """What belongs behind the ``?``; empty for the plain list.

        >>> FeedFilter(camera="cam-1").address
        'camera=cam-1'
        """
        parts = {"kind": self.kind, "area": self.area, "camera": self.camera, "mine": "1" if self.mine else ""}
        parts["since"] = format_rfc3339(self.since) if self.since else ""
        said = {name: str(value) for name, value in parts.items() if value}
        return urlencode(said if self.state == "todo" else said | {"state": str(self.state)})

    def wanted(self, who: Reach, before: str | None = None) -> CaseFilter:
        """The live column: the most severe first, the newest first among them."""
        return CaseFilter(
            states=self._states(),
            kind=self.kind or None,
            before=before,
            silenced=False,
            district=who.district,
            area=self.area,
            camera=self.camera,
            assignee=who.name if self.mine else "",
            since=self.since,
            is_by_severity=True,
        )

    def lawful(self, who: Reach) -> CaseFilter:
        """The lawful column; it has no violation to choose by."""
        return CaseFilter(
            states=frozenset({CaseState.SUPPRESSED}),
            district=who.district,
            area=self.area,
            camera=self.camera,
            assignee=who.name if self.mine else "",
            since=self.since,
        )

    def reach(self, who: Operator) -> Reach:
        """What of `who` the list depends on: people who see the same share one."""
        return Reach(who.district, who.name if self.mine else "")

    def _states(self) -> frozenset[CaseState]:
        return STATES_OF.get(self.state) or frozenset({CaseState(self.state)})
