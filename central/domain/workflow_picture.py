"""The table as others read it: as JSON, and as a Mermaid state diagram. Drawn from the table, so it can't go stale."""

from collections import defaultdict

from pydantic import BaseModel, ConfigDict

from central.domain.deadlines import Stage
from central.domain.workflow import FINAL, FIRST_STATE, STAGE_BY_STATE, TABLE, Step
from central.domain.workflow_words import Action, CaseState, Guard, Need, Role

STAYING = frozenset({Action.EXTEND, Action.CHECKED, Action.SUPERVISE, Action.APPEAL, Action.COMMENT})
"""Steps that leave the state as it is: a picture with all of them shows nothing."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StepView(_View):
    """One entry of the table."""

    state: CaseState
    action: Action
    to: CaseState
    roles: tuple[Role, ...]
    needs: tuple[Need, ...]
    guards: tuple[Guard, ...]


class StateView(_View):
    """A state: the stage whose timer runs in it, and whether anybody still waits for something."""

    state: CaseState
    stage: Stage | None
    is_final: bool


class TableView(_View):
    """The whole table."""

    first: CaseState
    states: tuple[StateView, ...]
    steps: tuple[StepView, ...]


def table_view() -> TableView:
    """The table, in its own order."""
    return TableView(
        first=FIRST_STATE,
        states=tuple(
            StateView(state=state, stage=STAGE_BY_STATE.get(state), is_final=state in FINAL) for state in CaseState
        ),
        steps=tuple(_step(state, action, step) for (state, action), step in TABLE.items()),
    )


def step_view(state: CaseState, action: Action) -> StepView:
    """One entry of the table.

    Raises:
        KeyError: it has none.
    """
    return _step(state, action, TABLE[state, action])


def arrows() -> dict[tuple[CaseState, CaseState], list[Action]]:
    """From state to state: the actions that lead there; those that leave a state as it is are left out."""
    found: dict[tuple[CaseState, CaseState], list[Action]] = defaultdict(list)
    for (state, action), step in TABLE.items():
        if action not in STAYING:
            found[state, step.to].append(action)
    return dict(found)


def mermaid() -> str:
    """A Mermaid ``stateDiagram-v2``."""
    lines = ["stateDiagram-v2", f"    [*] --> {FIRST_STATE}"]
    lines += [f"    {start} --> {end}: {', '.join(actions)}" for (start, end), actions in arrows().items()]
    lines += [f"    {state} --> [*]" for state in CaseState if state in FINAL]
    return "\n".join(lines) + "\n"


def _step(state: CaseState, action: Action, step: Step) -> StepView:
    return StepView(
        state=state,
        action=action,
        to=step.to,
        roles=tuple(role for role in Role if role in step.roles),
        needs=tuple(sorted(step.needs)),
        guards=tuple(sorted(step.guards)),
    )
