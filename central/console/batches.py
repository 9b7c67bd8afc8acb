"""What a live list tells its consoles in one batch: rows drawn anew, rows that left, counts, nodes. One thread's."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field

from central.console.filters import COUNTED, STATES_OF, FeedFilter, Reach
from central.console.words import Language
from central.domain.storms import Storm
from central.domain.workflow import CaseState
from central.services.reading import Reader
from central.services.storms import Fold
from central.services.views import CaseSummary
from central.services.windows import Window

ROWS = 40
LAWFUL_ROWS = 10
"""Rows that a console shows, in its two columns."""
COUNT_EVERY_S = 1.0
COUNTS_A_LOOK = 1
"""Counting ten thousand cases takes longer than all else of a look; there are some ten looks a second."""
SEEN_EVERY_S = 1.0
"""What was only seen again is told no more often than this, so that news has the line to itself."""
STILL_SEEN_EVERY_S = 10.0
"""A row of which only the time of its last look moved is drawn anew no more often than this."""
_ONLY_SEEN_AGAIN = {"last_seen_at", "dwell_s"}
MOST_LOOKED_AT = 100
"""Changed cases that are read one by one to see which lists they matter to; after more of them all lists look again."""
Draw = Callable[[Language, CaseSummary], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list shows. Everybody who asks for the same shares it."""

    chosen: FeedFilter
    reach: Reach
    language: Language


Storms = dict[str, dict[str, object]]
"""First case of a storm in the list → how many it stands for, how many of them ask, and where all of them stand."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases the whole list holds of each severity, and how many the lists beside it hold."""

    by_severity: dict[int, int]
    by_part: dict[str, int]

    @classmethod
    def of(cls, tally: Mapping[tuple[CaseState, int], int], chosen: FeedFilter) -> "Counts":
        by_severity: Counter[int] = Counter()
        by_part: Counter[str] = Counter()
        for (state, severity), count in tally.items():
            if state in chosen.states:
                by_severity[severity] += count
            by_part.update({part: count for part in COUNTED if state in STATES_OF[part]})
        return cls(dict(by_severity), dict(by_part))


def storms_said(folds: Iterable[Fold]) -> Storms:
    """As pages and batches tell them."""
    return {fold.first: {"count": fold.count, "asking": fold.asking, "storm": fold.storm.address} for fold in folds}


@dataclass(frozen=True, slots=True)
class Told:
    """What the change log told since the last look: cases that changed, and cases that were only seen again."""

    changed: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()

    def __or__(self, later: "Told") -> "Told":
        return Told(self.changed | later.changed, self.seen | later.seen)


@dataclass(frozen=True, slots=True)
class Batch:
    """One message. `is_whole`: the rows are the whole list, what else a console shows has left it."""

    rows: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    counts: Counts | None = None
    storms: Storms | None = None
    nodes: str | None = None
    is_whole: bool = False

    @property
    def says_something(self) -> bool:
        return bool(self.rows or self.gone or self.counts or self.nodes) or self.storms is not None

    def message(self, change_id: int) -> bytes:
        """As a server-sent event whose id a console resumes from."""
        said: dict[str, object] = {
            "rows": self.rows,
            "gone": self.gone,
            "nodes": self.nodes,
            "whole": self.is_whole,
        }
        said = {name: value for name, value in said.items() if value}
        if self.counts is not None:  # none at all is news as well
            said |= {"counts": self.counts.by_severity, "parts": self.counts.by_part}
        if self.storms is not None:
            said["storms"] = self.storms
        text = json.dumps(said, ensure_ascii=False)
        return f"id: {change_id}\nevent: rows\ndata: {text}\n\n".encode()


class Looks:
    """One look at the cases for all lists: each is read once, and drawn once in each language. Counting takes longer
    than everything else, so each look counts a few lists only: the others' rows need not wait for it."""

    def __init__(self, reader: Reader, draw: Draw, storms: tuple[Storm, ...] = ()) -> None:
        self._reader, self._draw, self.storms = reader, draw, storms
        self._known: dict[str, CaseSummary] = {}
        self._drawn: dict[tuple[Language, str], str] = {}
        self._counts_left = COUNTS_A_LOOK

    def may_count(self) -> bool:
        """Whether this look has time to count one more list."""
        self._counts_left -= 1
        return self._counts_left >= 0

    def learn(self, case_ids: Set[str]) -> None:
        found = self._reader.summaries(sorted(case_ids - self._known.keys()))
        self._known |= {case.id: case for case in found}

    def case(self, case_id: str) -> CaseSummary:
        return self._known[case_id]

    def few(self, case_ids: Set[str]) -> list[CaseSummary] | None:
        """Those of the cases that there are; None where they are too many to be read one by one."""
        if len(case_ids) > MOST_LOOKED_AT:
            return None
        self.learn(case_ids)
        return [self._known[case_id] for case_id in case_ids if case_id in self._known]

    def row(self, language: Language, case_id: str) -> str:
        key = language, case_id
        if key not in self._drawn:
            self._drawn[key] = self._draw(language, self._known[case_id])
        return self._drawn[key]


@dataclass(slots=True)
class _Drawn:
    essence: int
    at_s: float


@dataclass(slots=True)
class LiveList:
    """One list and what its consoles have been told."""

    asked: Asked
    live: Window
    lawful: Window
    drawn: dict[str, _Drawn] = field(default_factory=dict)
    counts: Counts | None = None
    storms: Storms = field(default_factory=dict)
    counted_at_s: float = float("-inf")
    is_count_due: bool = True
    seen: set[str] = field(default_factory=set)
    """Rows that were only seen again, not told yet."""
    seen_told_at_s: float = float("-inf")

    @classmethod
    def opened(cls, reader: Reader, asked: Asked, storms: tuple[Storm, ...] = ()) -> "LiveList":
        live = Window(reader, asked.chosen.wanted(asked.reach), ROWS, storms)
        lawful = Window(reader, asked.chosen.lawful(asked.reach), LAWFUL_ROWS)
        return cls(asked, live, lawful, storms=storms_said(live.folds))

    def news(self, told: Told, looks: Looks, now_s: float, nodes: str | None = None) -> Batch:
        """What to tell after that happened."""
        gone: frozenset[str] = frozenset()
        shown: frozenset[str] = frozenset()
        if told.changed or looks.storms != self.live.storms:
            cases = looks.few(told.changed)
            moved = [self.live.follow(told.changed, cases, looks.storms), self.lawful.follow(told.changed, cases)]
            shown = moved[0].shown | moved[1].shown
            gone = (moved[0].gone | moved[1].gone) - {*self.live.rows, *self.lawful.rows}
            self.drawn = {case_id: self.drawn[case_id] for case_id in self.drawn.keys() - gone}
            self.is_count_due = True
        shown |= self._seen_again(told.seen, now_s)
        looks.learn(shown)
        rows = self._drawn_anew(sorted(shown), looks, now_s)
        return Batch(rows, tuple(sorted(gone)), self._counted(looks, now_s), self._folded(), nodes)

    def _folded(self) -> Storms | None:
        """The storms if they are others now."""
        before, self.storms = self.storms, storms_said(self.live.folds)
        return None if self.storms == before else self.storms

    def _seen_again(self, seen: Set[str], now_s: float) -> frozenset[str]:
        """The rows that were seen again, together once in a while."""
        rows = {*self.live.rows, *self.lawful.rows}
        self.seen = (self.seen | seen) & rows
        if now_s - self.seen_told_at_s < SEEN_EVERY_S:
            return frozenset()
        due, self.seen, self.seen_told_at_s = frozenset(self.seen), set(), now_s
        return due

    def whole(self, looks: Looks) -> Batch:
        """Everything, for who comes anew."""
        order = (*self.live.rows, *self.lawful.rows)
        looks.learn(set(order))
        return Batch(
            tuple(looks.row(self.asked.language, case_id) for case_id in order),
            counts=self._count(),
            storms=storms_said(self.live.folds),
            is_whole=True,
        )

    def _drawn_anew(self, shown: list[str], looks: Looks, now_s: float) -> tuple[str, ...]:
        rows = []
        for case_id in shown:
            essence = hash(looks.case(case_id).model_dump_json(exclude=_ONLY_SEEN_AGAIN))
            before = self.drawn.get(case_id)
            if before and before.essence == essence and now_s - before.at_s < STILL_SEEN_EVERY_S:
                continue
            self.drawn[case_id] = _Drawn(essence, now_s)
            rows.append(looks.row(self.asked.language, case_id))
        return tuple(rows)

    def _count(self) -> Counts:
        return Counts.of(self.live.tally(), self.asked.chosen)

    @property
    def count_due_at_s(self) -> float:
        """When the list may be counted anew; never, where nothing changed since."""
        return self.counted_at_s + COUNT_EVERY_S if self.is_count_due else float("inf")

    def _counted(self, looks: Looks, now_s: float) -> Counts | None:
        """The counts if they changed; asked for at most once a second."""
        if now_s < self.count_due_at_s or not looks.may_count():
            return None
        before, self.counts = self.counts, self._count()
        self.is_count_due, self.counted_at_s = False, now_s
        return None if self.counts == before else self.counts
