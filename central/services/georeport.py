"""Takes reports of citizens and hotlines in, and says what became of them.

A report with a place becomes a sighting of its own in the inbox, in the transaction that stores it: association joins
it with what cameras saw, in whatever order both come. One with an address alone becomes a case for a person.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.domain.byhand import SEEN_BY_KIND, Tale
from central.domain.districts import REST, District
from central.domain.georeport import (
    BadReport,
    FollowedRequest,
    Report,
    Service,
    StoredRequest,
    Wanted,
    services,
)
from central.domain.georeport_reading import read_report
from central.domain.law import Law
from central.domain.people import Operator
from central.domain.workflow import Role
from central.domain.workflow_words import Source
from central.services.byhand import HandDesk
from central.services.georeport_sighting import sighting
from central.services.noticing import Surroundings
from central.services.whereabouts import Whereabouts
from central.store import inbox, service_requests
from central.store.database import Database
from contract.clock import Clock
from contract.events import (
    GroundPoint,
)
from contract.ids import uuid7
from contract.plane import contains
from contract.taxonomy import GROUP_BY_SEEN

REPEATS_WITHIN = timedelta(minutes=10)
"""The same words from the same key within this time are one request: a client that got no answer tries again. Longer,
and a second barbecue at the same corner is swallowed."""
KEYED_WITHIN = timedelta(days=7)
"""The same for who names a key of their own (`Idempotency-Key`)."""


class TooMany(Exception):
    """The key has sent more than it may; `after_s` says when to come again."""

    def __init__(self, after_s: int) -> None:
        super().__init__(f"too many requests; come again in {after_s} s")
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Client:
    """Who may report. `source` is what their cases are said to come from; `repr` hides the key."""

    name: str
    key: str = field(repr=False)
    source: Source = Source.CITIZEN
    per_minute: int = 60
    per_day: int = 5000


@dataclass(frozen=True, slots=True)
class ReportParts:
    """What the desk is made of. `sigma_m`: how far a telephone's position is wrong, one standard deviation per axis."""

    database: Database
    law: Callable[[], Law]
    around: Surroundings
    hands: HandDesk
    clock: Clock
    on_taken: Callable[[], None] = lambda: None
    sigma_m: float = 8.0


class ReportDesk:
    """Any thread."""

    def __init__(self, parts: ReportParts) -> None:
        self._parts = parts

    def now(self) -> datetime:
        return self._parts.clock.now()

    def law(self) -> Law:
        return self._parts.law()

    def services(self) -> tuple[Service, ...]:
        return services(self._parts.law(), self.now())

    def take(self, said: dict[str, str], client: Client, own_key: str = "") -> str:
        """Stores the report; gives its id, the earlier one for a repetition.

        Args:
            said: the parameters; what names people in them is not looked at.
            client: who sends it.
            own_key: the client's name for this request, if it has one.

        Raises:
            BadReport: a parameter is wrong.
            TooMany: the client must wait.
            TransientError: the database is away; nothing was stored.
        """
        parts, now = self._parts, self.now()
        report = read_report(said, parts.law(), now)
        self._require_near(report)
        digest = _digest(client, report, own_key)
        with parts.database.write() as connection:
            known = service_requests.same(connection, digest, now - (KEYED_WITHIN if own_key else REPEATS_WITHIN))
            if known is not None:
                return known
            _require_pace(connection, client, now)
            request_id = uuid7(now)
            made = None if report.lat is not None else self._by_hand(connection, report, client, now)
            stored = _stored(request_id, client, report, now, digest, made)
            service_requests.add(connection, stored)
            if report.lat is not None and report.lon is not None:
                variance = parts.sigma_m**2
                ground = GroundPoint(lat=report.lat, lon=report.lon, ee_m2=variance, en_m2=0.0, nn_m2=variance)
                inbox.put(connection, sighting(stored, ground, self._district(connection, stored, ground)))
        parts.on_taken()
        return request_id

    def listed(self, wanted: Wanted) -> list[FollowedRequest]:
        with self._parts.database.read() as connection:
            return service_requests.listed(connection, wanted)

    def of_case(self, case_id: str) -> list[FollowedRequest]:
        with self._parts.database.read() as connection:
            return service_requests.of_case(connection, case_id)

    def _require_near(self, report: Report) -> None:
        around = self._parts.around
        if report.lat is None or report.lon is None or around.origin is None:
            return
        at = around.origin.to_local(report.lat, report.lon)
        is_near = max(abs(at.east_m), abs(at.north_m)) <= FARTHEST_M
        if around.bounds:
            is_near = contains(around.bounds, at.east_m, at.north_m)
        if not is_near:
            raise BadReport(
                "lat, long: lie outside the area that answers here; give WGS-84 degrees (no GCJ-02), lat is north"
            )

    def _by_hand(self, connection: Connection, report: Report, client: Client, now: datetime) -> str:
        tale = Tale(report.kind, client.source, now, None, report.address, report.description, is_reviewed=False)
        who = Operator(client.name, frozenset({Role.PLATFORM}))
        return self._parts.hands.open_in(connection, tale, who).case_id

    def _district(self, connection: Connection, stored: StoredRequest, ground: GroundPoint) -> District:
        """Whose cameras look there: their case and this report shall be one."""
        around = self._parts.around
        if around.origin is None:
            return REST
        where = Whereabouts(around.districts, around.outlines, lambda: self._parts.law().registers.cameras)
        group = GROUP_BY_SEEN[SEEN_BY_KIND[stored.kind]]
        return where.at(connection, around.origin.to_local(ground.lat, ground.lon), group, stored.requested_at)


FARTHEST_M = 200_000.0
"""From the site's origin, where the site file draws no outline: what is farther was surely swapped or mistyped."""


def _stored(
    request_id: str, client: Client, report: Report, now: datetime, digest: str, made: str | None
) -> StoredRequest:
    return StoredRequest(
        request_id=request_id,
        key_name=client.name,
        source=client.source,
        kind=report.kind,
        code=report.code,
        requested_at=now,
        lat=report.lat,
        lon=report.lon,
        address=report.address,
        description=report.description,
        media_url=report.media_url,
        digest=digest,
        made_case=made,
    )


def _digest(client: Client, report: Report, own_key: str) -> str:
    said = ("key", own_key) if own_key else ("said", repr(report))
    return hashlib.sha256("\x1f".join((client.name, *said)).encode("utf-8", "replace")).hexdigest()


def _require_pace(connection: Connection, client: Client, now: datetime) -> None:
    for most, span in ((client.per_minute, timedelta(minutes=1)), (client.per_day, timedelta(days=1))):
        if service_requests.count_since(connection, client.name, now - span) >= most:
            raise TooMany(int(span.total_seconds()) if most == client.per_minute else 3600)
