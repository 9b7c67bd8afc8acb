"""Which events go first. What happens now comes before what happened while a line was down."""

from enum import IntEnum


class Lane(IntEnum):
    """In the order of precedence."""

    LIVE = 0
    BACKFILL = 1
