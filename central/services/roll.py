"""Who is in which case, kept in memory beside the board. The associator alone changes it, so it never goes stale.

After a failed step it is thrown away together with the board: it may hold what was rolled back.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from central.domain.reconcile import KeptCase
from central.domain.values import MemberId
from central.store import case_queries
from contract.ids import CaseId


class Roll:
    """Open memberships. A case that is known is known with all its members."""

    def __init__(self) -> None:
        self._case_of: dict[MemberId, CaseId] = {}
        self._members: dict[CaseId, set[MemberId]] = {}

    def read(self, connection: Connection, incident_ids: Iterable[str]) -> None:
        """Learns the cases of the incidents from the database."""
        for case_id, members in case_queries.open_members(connection, incident_ids).items():
            for member in members:
                self.move(member, case_id)

    def case_of(self, member: MemberId) -> CaseId | None:
        return self._case_of.get(member)

    def members(self, case_id: CaseId) -> frozenset[MemberId]:
        return frozenset(self._members.get(case_id, ()))

    def cases_of(self, members: Iterable[MemberId]) -> set[CaseId]:
        return {case_id for member in members if (case_id := self._case_of.get(member)) is not None}

    def companions(self, members: Iterable[MemberId]) -> set[MemberId]:
        """Everybody in the cases of `members`, themselves as well."""
        return {other for case_id in self.cases_of(members) for other in self._members[case_id]}

    def kept(self, members: Iterable[MemberId], frozen: set[CaseId]) -> list[KeptCase]:
        """The cases of `members` as the plan wants to know them, in id order."""
        found = sorted(self.cases_of(members))
        return [KeptCase(case_id, frozenset(self._members[case_id]), case_id in frozen) for case_id in found]

    def move(self, member: MemberId, case_id: CaseId | None) -> None:
        """Puts the member into the case, and out of the one it was in; None takes it out."""
        was = self._case_of.pop(member, None)
        if was is not None:
            self._members[was].discard(member)
            if not self._members[was]:
                del self._members[was]
        if case_id is not None:
            self._case_of[member] = case_id
            self._members.setdefault(case_id, set()).add(member)

    def forget(self, members: Iterable[MemberId], is_there: Callable[[MemberId], bool]) -> None:
        """Drops the cases of `members`, who left the board, but those of which somebody else is still there."""
        for case_id in self.cases_of(members):
            if any(is_there(member) for member in self._members[case_id]):
                continue
            for member in self._members.pop(case_id):
                del self._case_of[member]
