"""The workflow file, the deadlines file and the law → what the city says about its cases' time."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from central.catalogue import load_catalogue, make_law
from central.domain.deadlines import WARNINGS, Stage
from central.domain.law import Law
from central.domain.stageclock import FlowRules, Level
from central.domain.workflow_words import Audience
from central.services.timekeeping import Timekeeper
from central.site import load_site
from central.timelimits import TimeLimits, load_time_limits
from contract.configfile import Settings, load_yaml
from contract.taxonomy import Violation

PACKAGED = Path(__file__).parents[1] / "configs" / "central" / "workflow.yaml"
Audiences = Annotated[tuple[Audience, ...], Field(min_length=1, max_length=10)]


class WarningBlock(Settings):
    """Who is told when `share` of the limit has run."""

    share: float
    to: Audiences

    @field_validator("share")
    @classmethod
    def _is_one_of_ours(cls, value: float) -> float:
        if value not in WARNINGS:
            raise ValueError(f"is one of {', '.join(map(str, WARNINGS))}")
        return value


class UnclaimedBlock(Settings):
    """Who is told when nobody has claimed a case so long."""

    stage: Stage
    after_min: Annotated[float, Field(gt=0, le=100_000)]
    to: Audiences


class WorkflowSettings(Settings):
    """One field per key of configs/central/workflow.yaml."""

    profile: str = "example_city_2026"
    warnings: tuple[WarningBlock, ...] = ()
    unclaimed: tuple[UnclaimedBlock, ...] = ()
    auto_close: frozenset[Violation] = frozenset()

    def to_rules(self, limits: TimeLimits, law: Law) -> FlowRules:
        """With the profile's limits, and the law's grace times after a reminder and looks after handling.

        Raises:
            UsageError: there is no such profile.
        """
        levels: dict[Stage, list[Level]] = {}
        for entry in sorted(self.unclaimed, key=lambda entry: entry.after_min):
            level = Level(timedelta(minutes=entry.after_min), entry.to)
            levels.setdefault(entry.stage, []).append(level)
        return FlowRules(
            profile=limits.profile(self.profile),
            warnings={entry.share: entry.to for entry in self.warnings},
            unclaimed={stage: tuple(found) for stage, found in levels.items()},
            recheck={kind: rule.recheck for kind, rule in law.violations.items() if rule.recheck is not None},
            auto_close=self.auto_close,
            names={kind: rule.names for kind, rule in law.violations.items()},
            grace={kind: rule.remind_first for kind, rule in law.violations.items() if rule.remind_first is not None},
        )


def load_workflow(path: Path | None = None) -> WorkflowSettings:
    """The settings in the file at `path`; without one, the packaged ones.

    Raises:
        UsageError: the file is wrong.
    """
    return load_yaml(path or PACKAGED, WorkflowSettings)


def make_keeper(settings: WorkflowSettings, limits: TimeLimits, law: Law) -> Timekeeper:
    """The clocks of cases under these files.

    Raises:
        UsageError: they don't fit together.
    """
    calendar = limits.work_calendar(str(law.timezone))
    return Timekeeper(settings.to_rules(limits, law), lambda: calendar)


@cache
def packaged_keeper() -> Timekeeper:
    """The clocks of the packaged files, at no particular site: for tools and tests."""
    return make_keeper(load_workflow(), load_time_limits(), make_law(load_catalogue(), load_site(None)))
