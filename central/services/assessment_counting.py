"""Keeps counted items in step with the cases: what the history has told since the last time is derived anew."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.domain.assessment.deriving import items_of
from central.domain.assessment.exposure import live_stretches, midnight, seconds_a_day
from central.domain.assessment.items import Item
from central.domain.assessment.scopes import Window
from central.store import assessment, assessment_frozen, assessment_sources
from central.store.assessment import Progress
from central.store.database import Database
from contract.clock import Clock

HISTORY_ROWS = 20_000
"""Rows of the history worked off in one transaction: 3,000 cases, about a second. More holds other writers up."""
UNFINISHED = "-"
"""Stands for the time zone while everything is derived anew and the sums are not there yet."""


def nobody_watches(_done: int, _of: int) -> None:
    """For callers without a progress bar."""


class Counting:
    """Called by a worker and before figures are asked for; any number of callers, one of them wins a batch."""

    def __init__(self, database: Database, timezone: ZoneInfo, clock: Clock) -> None:
        self._database = database
        self._timezone = timezone
        self._clock = clock

    def step(self) -> int:
        """Works off one batch; gives how many cases were looked at, 0 when all is done.

        Raises:
            TransientError: the database refused; nothing of the batch was written.
        """
        with self._database.read() as connection:
            reached = assessment.progress(connection)
            is_anew = reached.timezone != self._timezone.key
            start = reached.history_id if reached.timezone in {self._timezone.key, UNFINISHED} else 0
            newest = assessment_sources.newest_history(connection)
            until = min(newest, start + HISTORY_ROWS)
            wanted = assessment_sources.told_of(connection, start, until)
            if not is_anew and until == newest:
                wanted = sorted({*wanted, *assessment_sources.due_otherwise(connection)})
            items = self._items(connection, wanted)
        if until == reached.history_id and not wanted and not is_anew:
            return self._keep_cameras()
        is_last = until == newest
        with self._database.write() as connection:
            if assessment.progress(connection) != reached:
                return 1  # somebody else was quicker: look again
            if is_anew and start == 0:
                assessment.clear(connection)
            written = assessment.replace(connection, items, self._clock.now(), with_sums=not is_anew)
            if is_anew and is_last:
                assessment.sum_up(connection)
            zone = UNFINISHED if is_anew and not is_last else self._timezone.key
            assessment.keep_progress(connection, Progress(until, zone, reached.cameras_until))
        is_idle = until == reached.history_id and not written and not is_anew
        return 0 if is_idle else max(1, len(wanted))

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """Nothing to put right: the next step starts from what is committed."""

    def catch_up(self, watch: Callable[[int, int], None] = nobody_watches) -> int:
        """Works off everything; gives how many cases. `watch` is told rows of the history: done, and in all."""
        total = 0
        while done := self.step():
            total += done
            with self._database.read() as connection:
                watch(assessment.progress(connection).history_id, assessment_sources.newest_history(connection))
        return total

    def start_over(self) -> None:
        """Lets the next steps derive everything anew; frozen figures and camera hours stay."""
        with self._database.write() as connection:
            reached = assessment.progress(connection)
            assessment.keep_progress(connection, Progress(0, "", reached.cameras_until))

    def is_finished(self, connection: Connection) -> bool:
        """Whether figures can be asked for: not while everything is derived for the first time, or anew."""
        return assessment.progress(connection).timezone == self._timezone.key

    def _items(self, connection: Connection, case_ids: Iterable[str]) -> dict[str, tuple[Item, ...]]:
        found: dict[str, tuple[Item, ...]] = dict.fromkeys(case_ids, ())
        for case in assessment_sources.cases_with_stages(connection, found):
            found[case.case_id] = items_of(case, self._timezone)
        return found

    def _keep_cameras(self) -> int:
        """Writes down how long cameras delivered on the days that are over; the fleet's history ends somewhere."""
        now = self._clock.now()
        yesterday = now.astimezone(self._timezone).date() - timedelta(days=1)
        with self._database.read() as connection:
            reached = assessment.progress(connection)
            if reached.cameras_until is not None and reached.cameras_until >= yesterday:
                return 0
            first = None if reached.cameras_until is None else reached.cameras_until + timedelta(days=1)
            days = camera_days(
                connection, self._timezone, first, midnight(yesterday + timedelta(days=1), self._timezone)
            )
        with self._database.write() as connection:
            if assessment.progress(connection) != reached:
                return 1
            assessment_frozen.keep_camera_days(connection, days)
            kept = Progress(reached.history_id, reached.timezone, yesterday)
            assessment.keep_progress(connection, kept)
        return 0


def watched_days(connection: Connection, window: Window, timezone: ZoneInfo) -> set[date]:
    """The window's local days on which any camera delivered: nothing found on another says nothing."""
    kept_until = assessment.progress(connection).cameras_until
    found = assessment_frozen.watched_days(connection, window.first, window.last)
    first = window.first if kept_until is None else max(window.first, kept_until + timedelta(days=1))
    until = min(window.now, midnight(window.last + timedelta(days=1), timezone))
    if first <= until.astimezone(timezone).date():
        found |= {day for (day, _), live_s in camera_days(connection, timezone, first, until).items() if live_s}
    return found


def camera_days(
    connection: Connection, timezone: ZoneInfo, first: date | None, until: datetime
) -> dict[tuple[date, str], int]:
    """(Local day, camera) → seconds live, from the day `first` (as far back as is known) until `until`."""
    since = None if first is None else midnight(first, timezone)
    changes = assessment_frozen.standing_changes(connection, since, until)
    days = seconds_a_day(live_stretches(changes, until), timezone)
    return {key: seconds for key, seconds in days.items() if first is None or key[0] >= first}
