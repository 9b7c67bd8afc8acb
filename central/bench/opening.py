"""Cases that stand before a measurement begins, made by the inbox and association themselves.

One by one over a connection they would take PostgreSQL longer than the measurement. A scratch file takes them instead,
and its rows are copied in bulk: the same rows, whichever database is measured.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from central.bench.measuring import ORIGIN, BenchPlan
from central.bench.standing import StandingMint
from central.catalogue import load_catalogue, make_law
from central.rulebook import at_site, load_rules
from central.services.admission import Admission
from central.services.association import Association, Bench
from central.services.surveying import Survey
from central.site import load_site
from central.store import rows
from central.store.database import Database
from contract.ids import NodeId
from contract.topics import Topics


@dataclass(frozen=True, slots=True)
class _Sent:
    topic: str
    payload: bytes


def open_cases(plan: BenchPlan, database: Database, mints: Sequence[StandingMint]) -> None:
    """Every mint's standing things become cases, and cameras' errors are learnt.

    A room that has run for a day has learnt, and its database knows how its tables are filled; the service would do the
    one, PostgreSQL the other within the first minutes of the measurement.
    """
    if database.url.get_backend_name() == "sqlite" or not _is_empty(database):
        open_one_by_one(plan, database, mints)
    else:
        with tempfile.TemporaryDirectory(prefix="xunjie-bench-cases-") as folder:
            scratch = Database(f"sqlite:///{Path(folder) / 'cases.db'}")
            scratch.create()
            open_one_by_one(plan, scratch, mints)
            _copy(scratch, database, plan.tick)
            scratch.close()
    _settle_down(database)


def open_one_by_one(plan: BenchPlan, database: Database, mints: Sequence[StandingMint]) -> None:
    """Straight into `database`."""
    site = load_site(None)
    law, rules = make_law(load_catalogue(None), site), at_site(load_rules(None), site)
    association = Association(database, Bench(rules, law, ORIGIN), plan.clock, lambda: None)
    admission = Admission(database, Topics(), plan.clock)
    for number, mint in enumerate(mints, 1):
        topic = Topics().event_live(NodeId(mint.node_id))
        admission.take([_Sent(topic, mint.payload(seq)) for seq in range(1, mint.pool + 1)])
        while association.step():
            plan.tick("cases to watch", (number - 0.5) / len(mints))
    plan.tick("what cameras teach", 0.0)
    Survey(database, rules, plan.clock, most_here=mints[0].pool * len(mints)).run()
    while association.step():
        plan.tick("what was learnt", 1.0)
    association.release()


def _copy(source: Database, target: Database, tick: Callable[[str, float], None]) -> None:
    with source.read() as reading, target.write() as connection:
        tables = rows.tables_in(connection)
        for number, table in enumerate(tables):
            columns = [column.name for column in table.columns]
            for _ in rows.load(connection, table, columns, rows.lines_of(reading, table)):
                tick("cases into the database", number / len(tables))
        rows.go_on_numbering(connection, tables)


def _is_empty(database: Database) -> bool:
    with database.read() as connection:
        return not _filled(connection)


def _settle_down(database: Database) -> None:
    """What PostgreSQL does by itself a minute after so many rows came."""
    if database.url.get_backend_name() == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {', '.join(_filled(connection))}")


def _filled(connection: Connection) -> list[str]:
    return [table.name for table in rows.tables_in(connection) if rows.count(connection, table)]
