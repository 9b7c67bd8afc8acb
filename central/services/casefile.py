"""What lies around one case: earlier and other cases at its place, and who was told of it. Writes nothing."""

from collections.abc import Sequence
from datetime import datetime

from central.domain.people import Operator
from central.services.delivery_views import CaseDeliveries, DeliveryReader
from central.services.reading import Reader
from central.services.views import CaseSummary
from central.store import case_lists, case_queries, photos
from central.store.database import Database
from central.store.photos import Photo
from contract.clock import Clock

REACH_M = 25.0
"""The same pavement: a street stall comes back within a house front or two. More shows the neighbours' cases."""
MOST = 12


class CaseFiles:
    """Any thread."""

    def __init__(self, database: Database, reader: Reader, clock: Clock) -> None:
        self._database, self._reader, self._clock = database, reader, clock
        self._deliveries = DeliveryReader(database, clock)

    def now(self) -> datetime:
        return self._clock.now()

    def around(self, case_id: str, who: Operator) -> list[CaseSummary]:
        """The newest cases at the case's place that `who` may see; none for a case without a place."""
        with self._database.read() as connection:
            case = case_queries.find(connection, case_id)
            found = [] if case is None else case_lists.near(connection, case, REACH_M, MOST)
        seen = [one.case_id for one in found if (one.area_code or "").startswith(who.district)]
        return self._reader.summaries(seen)

    def photographs(self, case_id: str) -> Sequence[Photo]:
        """What people in the street took of the case, oldest first."""
        with self._database.read() as connection:
            return photos.of_case(connection, case_id)

    def told(self, case_id: str) -> CaseDeliveries:
        """Who was told of the case, and what they said."""
        return self._deliveries.of_case(case_id)
