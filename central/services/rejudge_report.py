"""What a re-judgement would change, or has changed: counts, and the first cases by name."""

from collections import Counter
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from central.domain.workflow import CaseState
from central.services.records import Sentence
from contract.taxonomy import Violation


class Effect(StrEnum):
    """What becomes of one case. One that is finished is never among them."""

    SAME = "same"
    RAISED = "raised"
    """It goes to a person now."""
    CLEARED = "cleared"
    """It no longer does: nobody has looked at it yet."""
    CHANGED = "changed"
    """It is judged otherwise, and waits, or doesn't, as before."""
    MARKED = "marked"
    """A person has spoken, or the platform has it: it stays, with a note."""


class Told(BaseModel):
    """One judgement in a few words."""

    model_config = ConfigDict(frozen=True)

    verdict: str
    kind: Violation | None
    sentence: Sentence


class ChangedCase(BaseModel):
    """One case that would be judged otherwise; `state_after` is its state then."""

    model_config = ConfigDict(frozen=True)

    case_id: str
    effect: Effect
    state: CaseState
    state_after: CaseState
    before: Told
    after: Told


class RejudgeReport(BaseModel):
    """The whole. `kinds` counts ``before → after`` by kind, or verdict where there is none; `cases` are the first.

    `finished` are the cases that are over: nobody judges them again.
    """

    model_config = ConfigDict(frozen=True)

    is_applied: bool
    law_version: str
    judged: int
    incidents: int
    finished: int
    effects: dict[Effect, int]
    kinds: dict[str, int]
    cases: Annotated[tuple[ChangedCase, ...], Field(max_length=1000)]
    seconds: float


class Tally:
    """Adds up what happens to the cases. Not thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._effects: Counter[Effect] = Counter(dict.fromkeys(Effect, 0))
        self._kinds: Counter[str] = Counter()
        self._cases: list[ChangedCase] = []
        self._incidents = 0

    def add_same(self, incidents: int) -> None:
        self._effects[Effect.SAME] += 1
        self._incidents += incidents

    def add(self, changed: ChangedCase, incidents: int) -> None:
        self._effects[changed.effect] += 1
        self._incidents += incidents
        self._kinds[f"{_word(changed.before)} → {_word(changed.after)}"] += 1
        if len(self._cases) < self._most:
            self._cases.append(changed)

    def report(self, law_version: str, finished: int, seconds: float, is_applied: bool) -> RejudgeReport:
        return RejudgeReport(
            is_applied=is_applied,
            law_version=law_version,
            judged=self._effects.total(),
            incidents=self._incidents,
            finished=finished,
            effects=dict(self._effects),
            kinds=dict(self._kinds.most_common()),
            cases=tuple(self._cases),
            seconds=round(seconds, 3),
        )


def _word(told: Told) -> str:
    return told.verdict if told.kind is None else f"{told.verdict} {told.kind}"
