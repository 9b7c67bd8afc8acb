"""Whether a case or a picture lies where somebody may see it. `domain.people` decides; this looks up the place."""

import re

from central.domain.people import Operator, Place, Refusal, Right, denial
from central.store import case_queries
from central.store.database import Database
from contract.ids import UUID_PATTERN

_UUID = re.compile(UUID_PATTERN)


class Sight:
    """Any thread. Whoever answers for everywhere costs no question."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def require_case(self, who: Operator, right: Right, case_id: str) -> None:
        """Lets pass who has `right` where the case lies, and what is no case: that is for others to say.

        Raises:
            Refusal: it lies elsewhere, or nobody knows where.
        """
        if not who.district or _UUID.fullmatch(case_id) is None:
            return
        with self._database.read() as connection:
            case = case_queries.find(connection, case_id)
        said = None if case is None else denial(who, right, Place(case.area_code))
        if said is not None:
            raise said

    def sees(self, who: Operator, case_id: str) -> bool:
        """Whether they may read the case."""
        try:
            self.require_case(who, Right.READ, case_id)
        except Refusal:
            return False
        return True

    def require_picture(self, who: Operator, right: Right, sha256: str) -> None:
        """Lets pass who has `right` at one of the cases that the picture belongs to.

        Raises:
            Refusal: all of them lie elsewhere, or it belongs to none.
        """
        if not who.district:
            return
        with self._database.read() as connection:
            areas = case_queries.areas_of_picture(connection, sha256)
        if all(denial(who, right, Place(area)) is not None for area in areas):
            raise Refusal(f"the picture belongs to no case in {who.district}, which {who.name} answers for")
