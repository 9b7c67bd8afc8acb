"""Judging known cases again after a register or the law has changed: first a preview, then, if asked for, history.

What is finished stays as it is. Where a person has spoken, or the platform has received the case, only a mark is added.
Everything else follows the new judgement by the workflow's own steps. Doing it twice changes nothing more.

A case changes only where its own law, at the same moment and beside the same others, said something else: what became
of it for other reasons (it outstayed its zone's hours, a camera went blind) is no change of law.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from central.domain.judge import judge_scene
from central.domain.judgement.around import Around
from central.domain.judgement.scene import Scene, neighbour_of, scene_of
from central.domain.judgement.stretch import Stretch
from central.domain.judgement.verdicts import Judgement
from central.domain.law import Law
from central.domain.silence import Silence
from central.domain.values import CaseSnapshot
from central.domain.workflow import REVIEWED, Action, CaseState, Role, take
from central.services.lawbook import LawBook
from central.services.outgoing import enqueue_all
from central.services.records import JudgementRecord, judgement_record
from central.services.rejudge_report import ChangedCase, Effect, RejudgeReport, Tally, Told
from central.services.rulings import FOR_PEOPLE, action_of, entry_of, gist, gist_of, projected, ruled
from central.services.silencing import silenced
from central.services.staging import begin_reviews
from central.store import case_queries, cases, changes, rejudging, silences, stages
from central.store.cases import HistoryEntry, Projection
from central.store.database import Database
from contract.clock import Clock

AT_ONCE = 500
"""Cases in one transaction of `apply`. Association waits for it: longer makes events late, shorter makes it slow."""
MOST_NAMED = 500
"""Cases that a report names; all are counted."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A case that is judged otherwise now."""

    old: Projection
    previous: JudgementRecord
    scene: Scene
    record: JudgementRecord
    verdict: Judgement
    is_frozen: bool


class Rejudger:
    """Any thread, one re-judgement at a time per object. `on_change` is told after every commit."""

    def __init__(
        self, database: Database, laws: LawBook, clock: Clock, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._database, self._laws, self._clock, self._on_change = database, laws, clock, on_change

    def preview(self, stretch: Stretch, on_done: Callable[[int, int], None] = lambda *_: None) -> RejudgeReport:
        """What the law as it stands would make of the stretch's cases. Writes nothing.

        `on_done` is told how many of how many cases are done.
        """
        began = self._clock.monotonic()
        tally = Tally(MOST_NAMED)
        with self._database.read() as connection:
            bench = self._bench(connection, stretch)
            wanted = rejudging.open_cases(connection, stretch)
            for number, page in enumerate(rejudging.pages(wanted, AT_ONCE)):
                bench.judge(connection, page, tally)
                on_done(min(len(wanted), (number + 1) * AT_ONCE), len(wanted))
            finished = rejudging.count_final(connection, stretch)
        return tally.report(bench.law.version, finished, self._clock.monotonic() - began, is_applied=False)

    def apply(
        self, stretch: Stretch, actor: str, on_done: Callable[[int, int], None] = lambda *_: None
    ) -> RejudgeReport:
        """Carries it out, some cases a transaction; `actor` asked for it.

        A stop half-way leaves every case either as it was or whole; doing it again does the rest.
        """
        began = self._clock.monotonic()
        tally = Tally(MOST_NAMED)
        with self._database.read() as connection:
            bench = self._bench(connection, stretch)
            wanted = rejudging.open_cases(connection, stretch)
            finished = rejudging.count_final(connection, stretch)
        for number, page in enumerate(rejudging.pages(wanted, AT_ONCE)):
            with self._database.write() as connection:
                is_news = self._write(connection, bench.judge(connection, page, tally), bench.law, actor)
            if is_news:
                self._on_change()
            on_done(min(len(wanted), (number + 1) * AT_ONCE), len(wanted))
        return tally.report(bench.law.version, finished, self._clock.monotonic() - began, is_applied=True)

    def _bench(self, connection: Connection, stretch: Stretch) -> "_Bench":
        law = self._laws.current(connection)
        around = Around(rejudging.standing(connection, stretch))
        if law.registers.frontages:
            for page in rejudging.pages(rejudging.signage_cases(connection, stretch), AT_ONCE):
                for case in case_queries.snapshots(connection, page):
                    around.put(neighbour_of(case, law))
        return _Bench(self._laws, law, around)

    def _write(self, connection: Connection, found: Sequence[_Found], law: Law, actor: str) -> bool:
        """Rows, histories, stages and what others are to be told of the cases that are judged otherwise."""
        now = self._clock.now()
        if not found:
            return False
        hush = silences.active(connection, now)
        by = f"law/{law.version} {actor}"[:64]
        entries = [_mark(one, by, now) for one in found if one.is_frozen]
        followed = [_follow(one, law, hush, by, now) for one in found if not one.is_frozen]
        entries += [entry for row, own in followed for entry in own]
        rows = [row for row, _ in followed]
        cases.append(connection, *entries)
        cases.project(connection, *rows)
        before = {one.old.case_id: one.old.state for one in found}
        waiting = CaseState.PENDING_REVIEW
        begin_reviews(connection, [row for row in rows if row.state is waiting is not before[row.case_id]], now)
        _end_reviews(connection, [row for row in rows if row.state is not waiting is before[row.case_id]], now)
        touched = {one.old.case_id for one in found}
        changes.record(connection, "case", touched, now)
        enqueue_all(connection, touched, now)
        return True


class _Bench:
    """Judges pages of cases under one law, with what stood around them."""

    def __init__(self, laws: LawBook, law: Law, around: Around) -> None:
        self._laws, self.law, self._around = laws, law, around
        self._earlier: dict[str, Law | None] = {}

    def judge(self, connection: Connection, case_ids: Sequence[str], tally: Tally) -> list[_Found]:
        """Those of the cases that are judged otherwise; all are counted."""
        rows = case_queries.find_all(connection, case_ids)
        found: list[_Found] = []
        for case in case_queries.snapshots(connection, case_ids):
            one = self._changed(connection, rows[case.case_id], case)
            if one is None:
                tally.add_same(len(case.members))
            else:
                found.append(one)
        frozen = [one.old.case_id for one in found if one.is_frozen]
        marks = rejudging.newest_marks(connection, frozen) if frozen else {}
        news = [one for one in found if not _is_marked(one, marks.get(one.old.case_id))]
        for one in found:
            if one in news:
                tally.add(_told(one), len(one.scene.case.members))
            else:
                tally.add_same(len(one.scene.case.members))
        return news

    def _changed(self, connection: Connection, old: Projection, case: CaseSnapshot) -> _Found | None:
        """The case with its new judgement; None where the law makes no difference to it."""
        previous = JudgementRecord.model_validate_json(old.judgement) if old.judgement else None
        if previous is not None and previous.law_version == self.law.version:
            return None
        scene, verdict = self._judged(case, previous)
        if previous is not None:
            now_said = gist_of(verdict)
            if now_said == gist(previous):
                return None
            earlier = self._law_of(connection, previous.law_version)
            if earlier is not None and gist_of(judge_scene(_under(scene, earlier), earlier)) == now_said:
                return None
        record = judgement_record(verdict, self.law, scene.dwell.total_seconds(), scene.at)
        return _Found(old, previous or record, scene, record, verdict, case.is_frozen or old.state in REVIEWED)

    def _law_of(self, connection: Connection, version: str) -> Law | None:
        if version not in self._earlier:
            self._earlier[version] = self._laws.at_version(connection, version)
        return self._earlier[version]

    def _judged(self, case: CaseSnapshot, previous: JudgementRecord | None) -> tuple[Scene, Judgement]:
        """The case at the moment its judgement speaks of; at its last sighting where that moment is now nothing."""
        moment = previous.judged_at if previous else None
        scene, verdict = self._at(case, moment)
        if moment is None or moment >= case.last_seen_at or verdict.kind in FOR_PEOPLE:
            return scene, verdict
        return self._at(case, None)

    def _at(self, case: CaseSnapshot, moment: datetime | None) -> tuple[Scene, Judgement]:
        scene = scene_of(case, (), self.law, moment)
        near = self._around.near(scene, self.law)
        if near:
            scene = replace(scene, near=near)
        return scene, judge_scene(scene, self.law)


def _effect(one: _Found) -> Effect:
    if one.is_frozen:
        return Effect.MARKED
    is_waiting, will_wait = one.old.state is CaseState.PENDING_REVIEW, one.verdict.kind in FOR_PEOPLE
    if is_waiting == will_wait:
        return Effect.CHANGED
    return Effect.RAISED if will_wait else Effect.CLEARED


def _action(one: _Found) -> Action | None:
    if one.old.state is CaseState.PENDING_REVIEW:
        return None if one.verdict.kind in FOR_PEOPLE else Action.SUPPRESS
    return action_of(one.old.state, one.verdict)


def _state(one: _Found) -> CaseState:
    action = None if one.is_frozen else _action(one)
    return one.old.state if action is None else take(one.old.state, action, Role.JUDGE).to


def _follow(
    one: _Found, law: Law, hush: Sequence[Silence], by: str, now: datetime
) -> tuple[Projection, list[HistoryEntry]]:
    """The case's row as the new judgement has it, and its history; seen where and when all its sightings say.

    A silence keeps it from people as it would have done when it was first judged.
    """
    case = one.scene.case
    whole = one.scene if one.scene.at >= case.last_seen_at else scene_of(case, (), law)
    row = projected(one.old, whole, law)
    action = _action(one)
    notes: list[HistoryEntry] = []
    if action is Action.RAISE and hush:
        named = replace(row, kind=one.record.violation or one.record.suggested)
        marked, note = silenced(hush, named, case, now)
        if marked.silence_id is not None:
            row, action = replace(row, silence_id=marked.silence_id), None
            notes = [note] if note else []
    state = one.old.state if action is None else take(one.old.state, action, Role.JUDGE).to
    row = ruled(row, one.record, state)
    return row, [entry_of(one.old, row, action, by, now), *notes]


def _mark(one: _Found, by: str, now: datetime) -> HistoryEntry:
    """What the law would say now, beside what a person said; nothing else changes."""
    facts = one.record.model_dump_json()
    return HistoryEntry(one.old.case_id, now, "rejudged", Role.JUDGE, by, facts, one.scene.at)


def _end_reviews(connection: Connection, cleared: Iterable[Projection], now: datetime) -> None:
    """The cases wait for nobody any more."""
    for row in stages.open_of(connection, (case.case_id for case in cleared)).values():
        ended = replace(row, left_at=now, outcome=Action.SUPPRESS, person="law", post=Role.JUDGE, next_at=None)
        stages.put(connection, ended)


def _told(one: _Found) -> ChangedCase:
    return ChangedCase(
        case_id=one.old.case_id,
        effect=_effect(one),
        state=one.old.state,
        state_after=_state(one),
        before=_in_words(one.previous),
        after=_in_words(one.record),
    )


def _in_words(record: JudgementRecord) -> Told:
    return Told(verdict=record.verdict, kind=record.violation or record.suggested, sentence=record.sentence)


def _is_marked(one: _Found, mark: str | None) -> bool:
    """Whether the case's history says already what would be said."""
    return one.is_frozen and mark is not None and gist(JudgementRecord.model_validate_json(mark)) == gist(one.record)


def _under(scene: Scene, law: Law) -> Scene:
    """The same moment and the same others, with the zones of another law."""
    return replace(scene_of(scene.case, (), law, scene.at), near=scene.near)
