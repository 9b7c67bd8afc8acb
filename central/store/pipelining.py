"""PostgreSQL's pipeline, for transactions of many small statements: what nobody waits for travels with what comes next.

A step of association is some twenty statements, half of which only write. Each used to go to the server and back; in a
pipeline the server works on them while the step goes on, and an error of one shows at the next that is waited for, at
the latest at the commit. SQLite has no server: there it changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import ExecutionContext

UNAWAITED = {"is_unawaited": True}
"""Execution options of statements whose outcome (rows, row count) nobody looks at."""


def in_pieces(connection: Connection, rows: int) -> dict[str, int]:
    """Execution options of a long answer: read `rows` at a time; inside a pipeline, which can't, all at once."""
    return {} if connection.get_execution_options().get("pipeline") else {"yield_per": rows}


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Inside, only statements that are not `UNAWAITED` wait for the server; the commit must be inside too."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    with driver.pipeline() as pipeline:
        connection.execution_options(pipeline=pipeline)
        yield


def teach_pipelines(engine: Engine) -> None:
    """Has `engine` run statements so inside `pipelined`; SQLAlchemy itself knows nothing of pipelines."""

    @event.listens_for(engine, "do_execute")
    def _on_execute(cursor: Any, statement: Any, parameters: Any, context: ExecutionContext) -> bool:
        return _ran(context, lambda: cursor.execute(statement, parameters))

    @event.listens_for(engine, "do_executemany")
    def _on_many(cursor: Any, statement: Any, parameters: Any, context: ExecutionContext) -> bool:
        return _ran(context, lambda: cursor.executemany(statement, parameters))


def _ran(context: ExecutionContext, send: Callable[[], object]) -> bool:
    """Whether the statement was run here, in a pipeline. Sending reads what has come meanwhile: it can fail, too."""
    pipeline: Any = context.execution_options.get("pipeline")
    if pipeline is None:
        return False
    try:
        send()
        if not context.execution_options.get("is_unawaited"):
            pipeline.sync()
    except psycopg.Error:
        with suppress(psycopg.errors.PipelineAborted):
            pipeline.sync()  # what was queued behind the error is answered now, so that a rollback finds a clear line
        raise
    return True
