"""The workflow file, the deadlines file and the law → what the city says about its cases' time."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from central.catalogue import load_catalogue, make_law
from central.domain.deadlines import WARNINGS, Profile, Stage
from central.domain.law import Law
from central.domain.registers.tables import ListedLimit
from central.domain.stageclock import FlowRules, Level
from central.domain.workflow_words import Audience
from central.domain.worktime import WorkCalendar
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


class LawfulRules:
    """What the files say, with what the law and its registers say now. Made anew when the law is another object."""

    def __init__(self, settings: WorkflowSettings, limits: TimeLimits, law: Callable[[], Law]) -> None:
        self._settings, self._limits, self._law = settings, limits, law
        self._base = limits.work_calendar(str(law().timezone))
        self._made = self._make(law())

    def rules(self) -> FlowRules:
        return self._newest()[1]

    def calendar(self) -> WorkCalendar:
        return self._newest()[2]

    def _newest(self) -> tuple[Law, FlowRules, WorkCalendar]:
        law = self._law()
        if self._made[0] is not law:
            self._made = self._make(law)
        return self._made

    def _make(self, law: Law) -> tuple[Law, FlowRules, WorkCalendar]:
        rules = self._settings.to_rules(self._limits, law)
        listed = law.registers.limits_of(self._settings.profile)
        worked, off = (frozenset(it.day for it in law.registers.days if it.is_worked is kind) for kind in (True, False))
        base = self._base
        calendar = replace(base, off=base.off - worked | off, on=base.on - off | worked)
        return law, replace(rules, profile=_with_limits(rules.profile, listed)), calendar


def make_keeper(settings: WorkflowSettings, limits: TimeLimits, law: Law | Callable[[], Law]) -> Timekeeper:
    """The clocks of cases under these files; days and limits that the registers list come on top of the files'.

    Raises:
        UsageError: they don't fit together.
    """
    made = LawfulRules(settings, limits, (lambda: law) if isinstance(law, Law) else law)
    return Timekeeper(made.rules, made.calendar)


@cache
def packaged_keeper() -> Timekeeper:
    """The clocks of the packaged files, at no particular site: for tools and tests."""
    law = make_law(load_catalogue(), load_site(None))
    return make_keeper(load_workflow(), load_time_limits(), law)


def _with_limits(profile: Profile, listed: Iterable[ListedLimit]) -> Profile:
    """The profile with the registers' limits in place of the file's."""
    stages, handle = dict(profile.stages), dict(profile.handle)
    for entry in listed:
        if entry.kind is not None and entry.stage is Stage.HANDLE:
            handle[entry.kind] = entry.limit
        elif entry.kind is None:
            stages[entry.stage] = entry.limit
    return replace(profile, stages=stages, handle=handle)
