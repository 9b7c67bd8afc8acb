"""Marked points at which a test may end the process: a product run passes `no_fault`, which does nothing."""

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """Where power may fail; each name says what has just been done."""

    DECIDED = "decided"
    """An event is about to be written."""
    BUILT = "built"
    """It stands in an open transaction."""
    WRITTEN = "written"
    """It is committed; nobody has been told."""
    PUBLISHED = "published"
    """It was handed to the broker's client."""
    RECEIPTED = "receipted"
    """Central's receipt was heard and not yet acted upon."""
    DELETING = "deleting"
    """The receipted rows are deleted in an open transaction."""
    SETTLED = "settled"
    """The receipt's rows are gone."""


Faults = Callable[[Point], None]


def no_fault(_point: Point) -> None:
    """What a product run does at a marked point."""
