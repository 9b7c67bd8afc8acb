"""What an event costs the database when much was said of its incident before."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event as sql_event

from contract.taxonomy import Seen
from tests.central.builders import T0, Street, minutes
from tests.central.parts import Parts

STANDS = 40


@contextmanager
def statements_of(parts: Parts) -> Iterator[list[str]]:
    """What is sent to the database inside."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        sent.append(statement)

    sql_event.listen(parts.database.engine, "before_cursor_execute", note)
    yield sent
    sql_event.remove(parts.database.engine, "before_cursor_execute", note)


def test_an_event_asks_no_more_of_the_database_however_long_its_thing_has_stood(parts: Parts) -> None:
    street, sent = Street(), []
    for number in range(1, STANDS + 1):
        event = street.event("a", Seen.STALL, (0, 0), revision=number, last=T0 + minutes(number))
        parts.link.push_event(event)
        while parts.intake.step():
            pass
        with statements_of(parts) as asked:
            parts.association.step()
        sent.append(asked)
    assert len(sent[-1]) == len(sent[-2]) == len(sent[STANDS // 2])
    assert not [one for one in sent[-1] if one.lstrip().startswith("SELECT") and "FROM revisions" in one]
    assert [one for one in sent[0] if one.lstrip().startswith("SELECT") and "FROM revisions" in one]
