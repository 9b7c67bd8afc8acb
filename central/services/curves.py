"""How a period's days went: a curve a set, for the figures' page."""

from dataclasses import dataclass
from datetime import date, timedelta

from central.services.assessment import AssessmentDesk, Question
from central.services.assessment_counting import watched_days
from central.services.records import Sentence
from central.store.assessment_daily import counts_by_day
from central.store.database import Database

SHOWN = ("reviewed", "confirmed", "rejected", "filed", "closed")
"""Sets of the book that are drawn, as far as the city's book has them."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One set's number on each day of `Curves.days`; None: on that day nothing was watched and nothing happened."""

    key: str
    name: Sentence
    numbers: tuple[int | None, ...]

    @property
    def total(self) -> int:
        return sum(number or 0 for number in self.numbers)


@dataclass(frozen=True, slots=True)
class Curves:
    """Local days up to today, and a curve for each set."""

    days: tuple[date, ...]
    curves: tuple[Curve, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no day has a number."""
        return all(number is None for curve in self.curves for number in curve.numbers)


def curves(database: Database, desk: AssessmentDesk, question: Question) -> Curves:
    """Of the question's scope and period."""
    rules = [desk.book.sets[key] for key in SHOWN if key in desk.book.sets]
    window = desk.window(question.period)
    with database.read() as connection:
        found = counts_by_day(connection, rules, question.scope, window)
        told = set().union(*found.values()) | watched_days(connection, window, desk.timezone)
    number = (min(window.last, window.today) - window.first).days + 1
    days = tuple(window.first + timedelta(days=day) for day in range(max(number, 0)))
    return Curves(
        days,
        tuple(
            Curve(
                rule.key,
                Sentence(zh=rule.names.zh, en=rule.names.en),
                tuple(found[rule.key].get(day, 0) if day in told else None for day in days),
            )
            for rule in rules
        ),
    )
