"""Counting items: of a scope in a window, whole or split, their durations, and the cases behind a set."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, String, cast, func, literal, or_, select

from central.domain.assessment.figures import SetRule, Tally
from central.domain.assessment.items import Mark, Moment
from central.domain.assessment.scopes import DIMENSIONS, Scope, Window
from central.store.assessment import DAYS, ITEMS, SUMMED

Durations = Mapping[tuple[Moment, Mark], Mapping[int, int]]
_LAST = "Z" * 15


def tally(connection: Connection, scope: Scope, window: Window) -> Tally:
    """Items of `scope` in the window, by moment and marks."""
    counts: dict[tuple[Moment, Mark], int] = {}
    for row in connection.execute(_counting(scope, window)):
        key = Moment(row.moment), Mark(row.marks)
        counts[key] = counts.get(key, 0) + int(row.number)
    return Tally(counts)


@dataclass(frozen=True, slots=True)
class Split:
    """A split's values with their counts, and the durations of those that have any."""

    tallies: Mapping[str, Tally]
    took: Mapping[str, Durations]


def split_by(
    connection: Connection, scope: Scope, window: Window, moments: Iterable[Moment], by: str, length: int = 0
) -> Split:
    """Counts, and durations of `moments`, for each value of a column; read in one go where no daily sums can tell."""
    if _has_sums(scope, by, length):
        tallies = tallies_by(connection, scope, window, by, length)
        return Split(tallies, durations(connection, scope, window, moments, by, length))
    key = _key(by, length)
    is_timed = ITEMS.c.moment.in_(sorted(moments)) & ITEMS.c.took_s.is_not(None)
    all_s = func.aggregate_strings(cast(ITEMS.c.took_s, String), ",").filter(is_timed)
    columns = (key.label("key"), ITEMS.c.moment, ITEMS.c.marks, func.count().label("number"), all_s.label("all_s"))
    query = select(*columns).where(*_within(scope, window)).group_by(key, ITEMS.c.moment, ITEMS.c.marks)
    counts: dict[str, dict[tuple[Moment, Mark], int]] = {}
    took: dict[str, dict[tuple[Moment, Mark], Mapping[int, int]]] = {}
    for row in connection.execute(query):
        place = Moment(row.moment), Mark(row.marks)
        counts.setdefault(row.key, {})[place] = int(row.number)
        if row.all_s:
            took.setdefault(row.key, {})[place] = _counted(row.all_s)
    return Split({value: Tally(counted) for value, counted in sorted(counts.items())}, took)


def tallies_by(connection: Connection, scope: Scope, window: Window, by: str, length: int = 0) -> dict[str, Tally]:
    """The same for each value of a column; for ``area_code`` each of its first `length` places."""
    key = _key(by, length)
    found: dict[str, dict[tuple[Moment, Mark], int]] = {}
    if _has_sums(scope, by, length):
        queries = _split_by_street(scope, window, length)
    else:
        columns = (key.label("key"), ITEMS.c.moment, ITEMS.c.marks, func.count().label("number"))
        queries = [select(*columns).where(*_within(scope, window)).group_by(key, ITEMS.c.moment, ITEMS.c.marks)]
    for query in queries:
        for row in connection.execute(query):
            own, place = found.setdefault(row.key, {}), (Moment(row.moment), Mark(row.marks))
            own[place] = own.get(place, 0) + int(row.number)
    return {value: Tally(counts) for value, counts in sorted(found.items())}


def durations(
    connection: Connection, scope: Scope, window: Window, moments: Iterable[Moment], by: str = "", length: int = 0
) -> Mapping[str, Durations]:
    """Of these moments' items, for each value of `by` ("" for all together): seconds → how many took so long.

    The database strings the seconds together: in a year's split nearly every item has a duration of its own, and as
    many rows would take longer to fetch than to count.
    """
    key = _key(by, length)
    all_s = func.aggregate_strings(cast(ITEMS.c.took_s, String), ",")
    query = (
        select(key.label("key"), ITEMS.c.moment, ITEMS.c.marks, all_s.label("all_s"))
        .where(*_within(scope, window), ITEMS.c.moment.in_(sorted(moments)), ITEMS.c.took_s.is_not(None))
        .group_by(*([key] if by else []), ITEMS.c.moment, ITEMS.c.marks)
    )
    found: dict[str, dict[tuple[Moment, Mark], dict[int, int]]] = {}
    for row in connection.execute(query):
        place = Moment(row.moment), Mark(row.marks)
        found.setdefault(row.key, {})[place] = _counted(row.all_s)
    return found


def together(parts: Iterable[Durations]) -> Durations:
    """The durations of several parts as those of the whole."""
    found: dict[tuple[Moment, Mark], Counter[int]] = {}
    for part in parts:
        for place, counts in part.items():
            found.setdefault(place, Counter()).update(counts)
    return found


def cases_in(
    connection: Connection, rule: SetRule, scope: Scope, window: Window, after: str, limit: int
) -> list[tuple[str, int]]:
    """Case and how many of its items are in the set, by case id after `after`."""
    query = (
        select(ITEMS.c.case_id, func.count().label("number"))
        .where(*_within(scope, window), *_marked(rule), ITEMS.c.case_id > after)
        .group_by(ITEMS.c.case_id)
        .order_by(ITEMS.c.case_id)
        .limit(limit)
    )
    return [(row.case_id, int(row.number)) for row in connection.execute(query)]


def counts_by_street_and_kind(
    connection: Connection, rule: SetRule, scope: Scope, window: Window, length: int
) -> dict[tuple[str, str], int]:
    """How many items of the set each street (the code's first `length` places) and kind have; both known."""
    street = func.substr(ITEMS.c.area_code, 1, length)
    query = (
        select(street.label("street"), ITEMS.c.kind, func.count().label("number"))
        .where(*_within(scope, window), *_marked(rule), ITEMS.c.kind != "", func.length(ITEMS.c.area_code) >= length)
        .group_by(street, ITEMS.c.kind)
    )
    return {(row.street, row.kind): int(row.number) for row in connection.execute(query)}


def changed_since(connection: Connection, scope: Scope, window: Window, since: datetime, limit: int) -> list[str]:
    """Cases whose items in the window were written after `since`: why a frozen figure and today's differ."""
    query = select(ITEMS.c.case_id).where(*_within(scope, window), ITEMS.c.changed_at > since)
    return list(connection.execute(query.distinct().order_by(ITEMS.c.case_id).limit(limit)).scalars())


def subjects(connection: Connection, window: Window, by: str, length: int = 0) -> list[str]:
    """The values of a column that have items in the window."""
    key = _key(by, length)
    found = connection.execute(select(key).where(*_within(Scope(), window)).distinct()).scalars()
    return sorted(value for value in found if value)


def _has_sums(scope: Scope, by: str, length: int) -> bool:
    """Whether the daily sums tell a split."""
    return by == "area_code" and length in SUMMED and scope.is_area_alone and len(scope.area) in SUMMED


def _counted(all_s: str) -> dict[int, int]:
    return {int(seconds): number for seconds, number in Counter(all_s.split(",")).items()}


def _marked(rule: SetRule) -> tuple[ColumnElement[bool], ...]:
    return (
        ITEMS.c.moment == rule.moment,
        ITEMS.c.marks.bitwise_and(int(rule.has)) == int(rule.has),
        ITEMS.c.marks.bitwise_and(int(rule.lacks)) == 0,
    )


def _key(by: str, length: int) -> ColumnElement[str]:
    if by == "area_code":
        return func.substr(ITEMS.c.area_code, 1, length)
    return ITEMS.c[by] if by else literal("")


def _counting(scope: Scope, window: Window) -> Select[Any] | CompoundSelect[Any]:
    """From the sums where they can tell, plus today's items, of which some are not due yet."""
    if not (scope.is_area_alone and len(scope.area) in SUMMED):
        columns = (ITEMS.c.moment, ITEMS.c.marks, func.count().label("number"))
        return select(*columns).where(*_within(scope, window)).group_by(ITEMS.c.moment, ITEMS.c.marks)
    past = _past(window)
    summed = select(DAYS.c.moment, DAYS.c.marks, func.sum(DAYS.c.number).label("number")).where(
        DAYS.c.area == scope.area, *past
    )
    columns = (ITEMS.c.moment, ITEMS.c.marks, func.count().label("number"))
    fresh = select(*columns).where(*_within(scope, window), ITEMS.c.day == window.today)
    return summed.group_by(DAYS.c.moment, DAYS.c.marks).union_all(fresh.group_by(ITEMS.c.moment, ITEMS.c.marks))


def _split_by_street(scope: Scope, window: Window, length: int) -> list[Select[Any]]:
    summed = (
        select(DAYS.c.area.label("key"), DAYS.c.moment, DAYS.c.marks, func.sum(DAYS.c.number).label("number"))
        .where(func.length(DAYS.c.area) == length, func.substr(DAYS.c.area, 1, len(scope.area)) == scope.area)
        .where(*_past(window))
        .group_by(DAYS.c.area, DAYS.c.moment, DAYS.c.marks)
    )
    key = func.substr(ITEMS.c.area_code, 1, length)
    fresh = (
        select(key.label("key"), ITEMS.c.moment, ITEMS.c.marks, func.count().label("number"))
        .where(*_within(scope, window), ITEMS.c.day == window.today)
        .group_by(key, ITEMS.c.moment, ITEMS.c.marks)
    )
    return [summed, fresh]


def _past(window: Window) -> tuple[ColumnElement[bool], ...]:
    return DAYS.c.day >= window.first, DAYS.c.day <= window.last, DAYS.c.day < window.today


def _within(scope: Scope, window: Window) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [ITEMS.c.day >= window.first, ITEMS.c.day <= min(window.last, window.today)]
    if window.last >= window.today:
        found.append(or_(ITEMS.c.due_at.is_(None), ITEMS.c.due_at <= window.now))
    if scope.area:  # codes are digits and capital letters: any order of text puts these between
        found.append(ITEMS.c.area_code.between(scope.area, (scope.area + _LAST)[:15]))
    for name in DIMENSIONS:
        value = getattr(scope, name)
        if value is not None:
            found.append(ITEMS.c[name] == value)
    return found
