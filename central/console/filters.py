"""What the live list shows: read from the page's address, so that a filtered list can be kept, sent and reloaded."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BeforeValidator

from central.domain.people import Operator
from central.domain.storms import SHAPE, WAITING, Storm
from central.domain.values import CaseFilter
from central.domain.workflow import FINAL, OPEN, CaseState
from contract.clock import format_rfc3339
from contract.events import Instant
from contract.taxonomy import Violation

Part = Literal["todo", "leads", "open", "filed", "done", "all"]
TODO = WAITING
"""What somebody has to look at now; the severe ones stay on top until somebody has."""
LEADS = frozenset({CaseState.CONFIRMED, CaseState.REMINDED})
"""Found true and not yet reported: they would crowd out what nobody has looked at, so they have a list of their own."""
STATES_OF: dict[str, frozenset[CaseState]] = {
    "todo": TODO,
    "leads": LEADS,
    "open": TODO | LEADS,
    "filed": OPEN - TODO - LEADS,
    "done": FINAL,
    "all": OPEN | FINAL,
}
COUNTED: tuple[Part, ...] = ("todo", "leads", "filed")
"""The lists that every list says the sizes of: all that is open, so that nothing is forgotten that it leaves out."""


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
    storm: Annotated[str, Query(pattern=SHAPE, description="Only this storm's cases, none of them folded.")] = ""

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
        parts |= {"since": format_rfc3339(self.since) if self.since else "", "storm": self.storm}
        said = {name: str(value) for name, value in parts.items() if value}
        return urlencode(said if self.state == "todo" else said | {"state": str(self.state)})

    @property
    def states(self) -> frozenset[CaseState]:
        return STATES_OF.get(self.state) or frozenset({CaseState(self.state)})

    def address_of(self, state: Part | CaseState) -> str:
        """The same list of other states; all storms of it.

        >>> FeedFilter(camera="cam-1").address_of("leads")
        'camera=cam-1&state=leads'
        """
        return replace(self, state=state, storm="").address

    def wanted(self, who: Reach, before: str | None = None) -> CaseFilter:
        """The live column: the most severe first, the newest first among them."""
        return CaseFilter(
            states=self.states,
            kind=self.kind or None,
            before=before,
            silenced=False,
            district=who.district,
            area=self.area,
            camera=self.camera,
            assignee=who.name if self.mine else "",
            since=self.since,
            storm=Storm.read(self.storm).going_on if self.storm else None,
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
