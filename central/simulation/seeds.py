"""Many seeds of one world: ours and the simple rules on the same events, means with intervals over seeds."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from central.domain.rules import AssociationRules
from central.services.offlinelines import lines_of
from central.services.replaying import Ledger, associate
from central.simulation.baselines import BASELINES
from central.simulation.grading import grade
from central.simulation.metrics import Interval, Score, interval
from central.simulation.report import decided_by, undivided
from central.simulation.simulate import Simulation, simulate
from central.simulation.world import ORIGIN, WORLDS
from contract.clock import Clock

LOCATED = "… counted over sightings with a ground point"
OURS = "track first, covariance gate, cannot-link, registration"


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """What to simulate."""

    world: str
    seeds: range
    districts: int
    hours: float


@dataclass(frozen=True, slots=True)
class SeedRow:
    """One rule in one world. `alarms`: calibration alarms a seed; `events_per_s`: association alone, this process."""

    world: str
    rule: str
    precision: Interval
    recall: Interval
    f1: Interval
    cases_per_incident: Interval
    mixed: Interval
    alarms: float
    events_per_s: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    scores: Mapping[str, Score]
    alarms: int
    events: int
    seconds: float


def judge_seeds(
    plan: SeedPlan, rules: AssociationRules, clock: Clock, on_seed: Callable[[], None] = lambda: None
) -> list[SeedRow]:
    """One row per rule, ours first."""
    outcomes = []
    for seed in plan.seeds:
        outcomes.append(_outcome(simulate(seed, plan.districts, plan.hours, WORLDS[plan.world]), rules, clock))
        on_seed()
    by_rule: dict[str, list[Score]] = defaultdict(list)
    for outcome in outcomes:
        for rule, found in outcome.scores.items():
            by_rule[rule].append(found)
    speed = sum(outcome.events for outcome in outcomes) / max(1e-9, sum(outcome.seconds for outcome in outcomes))
    alarms = sum(outcome.alarms for outcome in outcomes) / len(outcomes)
    return [
        _row(plan.world, rule, found, alarms if rule == OURS else 0.0, speed if rule == OURS else 0.0)
        for rule, found in by_rule.items()
    ]


def _outcome(simulated: Simulation, rules: AssociationRules, clock: Clock) -> _Outcome:
    overlaps = frozenset(frozenset(pair) for pair in simulated.city.overlaps)
    ledger = Ledger()
    for event in simulated.events:
        ledger.take(event, rules.late)
    revisions = ledger.revisions(ORIGIN)
    started = clock.monotonic()
    done = associate(revisions, rules.model_copy(update={"overlaps": overlaps}))
    seconds = clock.monotonic() - started
    ours = decided_by(lines_of(done.placed))
    located = frozenset(event.data.incident_id for event in simulated.events if event.data.ground is not None)
    scores = {OURS: grade(ours, simulated.truth), LOCATED: grade(ours, simulated.truth, located)}
    for name, policy in BASELINES.items():
        scores[name] = grade(undivided(policy(simulated.events, ORIGIN)), simulated.truth)
    return _Outcome(scores, len(done.alarms), len(simulated.events), seconds)


def _row(world: str, rule: str, scores: list[Score], alarms: float, speed: float) -> SeedRow:
    return SeedRow(
        world,
        rule,
        precision=interval([found.precision for found in scores]),
        recall=interval([found.recall for found in scores]),
        f1=interval([found.f1 for found in scores]),
        cases_per_incident=interval([found.cases_per_incident for found in scores]),
        mixed=interval([found.mixed for found in scores]),
        alarms=alarms,
        events_per_s=speed,
    )
