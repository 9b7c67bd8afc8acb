"""Cases that stand before a measurement begins: association opens one, the others are written in bulk like it.

The things of the mints stand alone, so each is a case of one sighting that says of itself what the first one said. A
test compares the rows with those that association would have made one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from central.bench.measuring import ORIGIN, BenchPlan
from central.bench.standing import StandingMint
from central.catalogue import load_catalogue, make_law
from central.domain.reconcile import case_id_of
from central.domain.rules import AssociationRules
from central.domain.sightings import observations_of
from central.domain.values import Observation
from central.rulebook import at_site, load_rules
from central.services.admission import Admission
from central.services.association import Association
from central.services.observing import to_revision
from central.services.records import LinkRecord, MembershipRecord
from central.services.surveying import Survey
from central.services.workingset import Bench
from central.site import load_site
from central.store import case_queries, cases, changes, inbox, observations, progress, rows, sightings
from central.store.cases import HistoryEntry, Projection
from central.store.database import Database
from contract.events import Event
from contract.ids import NodeId
from contract.topics import Topics

BENCH_SITE = Path(__file__).resolve().parents[2] / "configs" / "site" / "bench.yaml"
"""What stands is lawful at no hour: elsewhere nobody is shown stalls from eleven at night to six."""
_ALL = 100_000


@dataclass(frozen=True, slots=True)
class _Sent:
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Model:
    """The case that association opened: its row, the link of its only member, what was written of it."""

    row: Projection
    link: LinkRecord
    entries: Sequence[HistoryEntry]


def open_cases(plan: BenchPlan, database: Database, mints: Sequence[StandingMint]) -> None:
    """Every mint's standing things become cases of `BENCH_SITE`, and cameras' errors are learnt.

    A room that has run for a day has learnt, and its database knows how its tables are filled; the service would do the
    one, PostgreSQL the other within the first minutes of the measurement.
    """
    bench, admission = bench_of_site(), Admission(database, Topics(), plan.clock)
    association = Association(database, bench, plan.clock, lambda: None)
    admission.take(sent(mints[0], range(1, 2)))
    association.step()
    model = _model_of(database, mints[0])
    for number, mint in enumerate(mints):
        admission.take(sent(mint, range(2 if number == 0 else 1, mint.pool + 1)))
        _open_like(database, model, bench.rules, plan.clock.now())
        plan.tick("cases to watch", (number + 1) / len(mints))
    Survey(database, bench.rules, plan.clock, most_here=len(mints) * mints[0].pool).run()
    association.release()
    if database.url.get_backend_name() == "postgresql":
        _settle_down(database)


def bench_of_site() -> Bench:
    """What the associator decides by at `BENCH_SITE`."""
    site = load_site(BENCH_SITE)
    return Bench(at_site(load_rules(None), site), make_law(load_catalogue(None), site), ORIGIN)


def sent(mint: StandingMint, seqs: range) -> list[_Sent]:
    """Messages as intake takes them from the broker."""
    return [_Sent(Topics().event_live(NodeId(mint.node_id)), mint.payload(seq)) for seq in seqs]


def _model_of(database: Database, mint: StandingMint) -> _Model:
    incident_id = Event.model_validate_json(mint.payload(1)).data.incident_id
    with database.read() as connection:
        (case_id,) = case_queries.cases_of(connection, [incident_id])
        row = case_queries.find_all(connection, [case_id])[case_id]
        (member,) = case_queries.memberships(connection, case_id)
        return _Model(row, LinkRecord.model_validate_json(member.link), case_queries.history(connection, case_id))


def _open_like(database: Database, model: _Model, rules: AssociationRules, now: datetime) -> None:
    """A case for everything that waits in the inbox."""
    with database.write() as connection:
        waiting = inbox.waiting(connection, _ALL)
        told = [to_revision(Event.model_validate_json(entry.payload).data, ORIGIN) for entry in waiting]
        parts = [part for revision in told for part in observations_of([revision], rules)]
        found = [_like(model, part, now) for part in parts]
        sightings.add_revisions(connection, told)
        observations.replace_parts(connection, parts, {part.incident_id for part in parts})
        cases.open_case(connection, *(one.row for one in found))
        for one, part in zip(found, parts, strict=True):
            cases.join(connection, one.row.case_id, part.incident_id, now, one.link.model_dump_json())
        cases.append(connection, *(entry for one in found for entry in one.entries))
        progress.mark_taken(connection, [entry.row_id for entry in waiting], now)
        changes.record_all(connection, {"case": [one.row.case_id for one in found]}, now)


def _like(model: _Model, sighting: Observation, now: datetime) -> _Model:
    """What the model would be if it were of this sighting."""
    case_id, place = case_id_of(sighting), sighting.position
    at_m = None if place is None else (place.point.east_m, place.point.north_m)
    link = model.link.model_copy(update={"place_m": at_m and tuple(round(value, 2) for value in at_m)})
    east_m, north_m = at_m or (None, None)
    entries = [replace(entry, case_id=case_id, at=now, facts=_facts(entry, sighting, link)) for entry in model.entries]
    return _Model(replace(model.row, case_id=case_id, east_m=east_m, north_m=north_m), link, entries)


def _facts(entry: HistoryEntry, sighting: Observation, link: LinkRecord) -> str:
    if entry.what != "opened":
        return entry.facts
    opened = MembershipRecord.model_validate_json(entry.facts)
    who = {"incident_id": sighting.incident_id, "node_id": sighting.node_id, "camera_id": sighting.camera_id}
    return opened.model_copy(update={**who, "link": link}).model_dump_json()


def _settle_down(database: Database) -> None:
    """Sweeps and counts the filled tables, as PostgreSQL does by itself a minute after so many rows came."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        filled = [table.name for table in rows.tables_in(connection) if rows.count(connection, table)]
        connection.exec_driver_sql(f"VACUUM (ANALYZE) {', '.join(filled)}")
