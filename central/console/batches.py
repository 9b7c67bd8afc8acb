"""What a live list tells its consoles in one batch: rows drawn anew, rows that left, counts, nodes. One thread's."""

import json
from collections.abc import Callable, Set
from dataclasses import dataclass, field

from central.console.filters import FeedFilter, Reach
from central.console.words import Language
from central.services.reading import Reader
from central.services.views import CaseSummary
from central.services.windows import Window

ROWS = 40
LAWFUL_ROWS = 10
"""Rows that a console shows, in its two columns."""
COUNT_EVERY_S = 1.0
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


@dataclass(frozen=True, slots=True)
class Told:
    """What the change log told since the last look: cases that changed, and cases that were only seen again."""

    changed: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Batch:
    """One message. `is_whole`: the rows are the whole list, what else a console shows has left it."""

    rows: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    counts: dict[int, int] | None = None
    nodes: str | None = None
    is_whole: bool = False

    @property
    def says_something(self) -> bool:
        return bool(self.rows or self.gone or self.counts or self.nodes)

    def message(self, change_id: int) -> bytes:
        """As a server-sent event whose id a console resumes from."""
        said = {
            "rows": self.rows,
            "gone": self.gone,
            "counts": self.counts,
            "nodes": self.nodes,
            "whole": self.is_whole,
        }
        text = json.dumps({name: value for name, value in said.items() if value}, ensure_ascii=False)
        return f"id: {change_id}\nevent: rows\ndata: {text}\n\n".encode()


class Looks:
    """One look at the cases for all lists: each is read once, and drawn once in each language."""

    def __init__(self, reader: Reader, draw: Draw) -> None:
        self._reader, self._draw = reader, draw
        self._known: dict[str, CaseSummary] = {}
        self._drawn: dict[tuple[Language, str], str] = {}

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
    counts: dict[int, int] | None = None
    counted_at_s: float = float("-inf")
    is_count_due: bool = True
    seen: set[str] = field(default_factory=set)
    """Rows that were only seen again, not told yet."""
    seen_told_at_s: float = float("-inf")

    @classmethod
    def opened(cls, reader: Reader, asked: Asked) -> "LiveList":
        live = Window(reader, asked.chosen.wanted(asked.reach), ROWS)
        return cls(asked, live, Window(reader, asked.chosen.lawful(asked.reach), LAWFUL_ROWS))

    def news(self, told: Told, looks: Looks, now_s: float, nodes: str | None = None) -> Batch:
        """What to tell after that happened."""
        gone: frozenset[str] = frozenset()
        shown: frozenset[str] = frozenset()
        if told.changed:
            cases = looks.few(told.changed)
            moved = [window.follow(told.changed, cases) for window in (self.live, self.lawful)]
            shown = moved[0].shown | moved[1].shown
            gone = (moved[0].gone | moved[1].gone) - {*self.live.rows, *self.lawful.rows}
            self.drawn = {case_id: self.drawn[case_id] for case_id in self.drawn.keys() - gone}
            self.is_count_due = True
        shown |= self._seen_again(told.seen, now_s)
        looks.learn(shown)
        rows = self._drawn_anew(sorted(shown), looks, now_s)
        return Batch(rows, tuple(sorted(gone)), self._counted(now_s), nodes)

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
            counts=self.live.counts(),
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

    def _counted(self, now_s: float) -> dict[int, int] | None:
        """The counts if they changed; asked for at most once a second."""
        if not self.is_count_due or now_s - self.counted_at_s < COUNT_EVERY_S:
            return None
        before, self.counts = self.counts, self.live.counts()
        self.is_count_due, self.counted_at_s = False, now_s
        return None if self.counts == before else self.counts
