"""Presence policies as a form: which numbers there are, what they may be, and what findings say about other numbers.

The node has the last word (`edge.rules.policy`); a test holds the bounds here against its own. The form only catches
what would be refused there anyway, field by field, before a version is made.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from central.store import stays
from central.store.database import Database
from contract.clock import Clock
from contract.taxonomy import Seen

SHIPPED = Path(__file__).parents[2] / "configs" / "edge" / "policies.yaml"
WEIGHED = timedelta(days=7)
MOST_WEIGHED = 50_000
WEEK_S, DAY_S = 7 * 86_400.0, 86_400.0
GATHER = ("best", "union")


@dataclass(frozen=True, slots=True)
class Knob:
    """One number of a policy. `may_be_empty`: then it is null; `otherwise` holds where the policy doesn't say."""

    name: str
    least: float
    most: float
    otherwise: float | None = None
    is_needed: bool = False
    may_be_zero: bool = True
    may_be_empty: bool = False


KNOBS = (
    Knob("present_after_s", 0, WEEK_S, is_needed=True, may_be_zero=False),
    Knob("gone_after_s", 0, WEEK_S, is_needed=True, may_be_zero=False),
    Knob("confirm_score", 0, 1, is_needed=True),
    Knob("share", 0, 1, is_needed=True, may_be_zero=False),
    Knob("look_every_s", 0, WEEK_S, is_needed=True, may_be_zero=False),
    Knob("gate", 0.01, 1, may_be_empty=True),
    Knob("least_belief", 0, 1, otherwise=0.0),
    Knob("cool_down_s", 0, DAY_S, otherwise=0.0),
    Knob("attention_s", 0, 120, otherwise=0.0),
    Knob("update_every_s", 0, WEEK_S, otherwise=60.0, may_be_zero=False),
    Knob("base_height_m", 0, 10, otherwise=0.0, may_be_empty=True),
    Knob("half_depth_m", 0, 10, otherwise=0.0),
)
RANGES = {
    "height": Knob("height_m", 0, 30, may_be_zero=False, may_be_empty=True),
    "shape": Knob("shape", 0, 50, may_be_zero=False, may_be_empty=True),
}
"""Pairs of a least and a most: the form's fields are ``height_low`` and ``height_high``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field: it is missing or no number, outside its bounds, or the wrong way round."""

    field: str
    word: str
    least: float = 0.0
    most: float = 0.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """Findings of one kind in the last days: how many there were, and how many of them other numbers would drop.

    Both are at most what really would be: nobody knows here what a node saw and never reported.
    """

    days: int
    findings: int
    too_short: int
    too_weak: int
    dropped: int


class Findings:
    """What was found before, to weigh other numbers by. Any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def weigh(self, cameras: Collection[str], seen: Seen, present_after_s: float, confirm: float) -> Weighed:
        """What the last days' findings of the cameras say about other numbers."""
        with self._database.read() as connection:
            found = stays.since(connection, cameras, self._clock.now() - WEIGHED, MOST_WEIGHED)
        own = [stay for stay in found if stay.seen is seen]
        short = [stay.stayed_s < present_after_s for stay in own]
        weak = [stay.peak < confirm for stay in own]
        dropped = sum(a or b for a, b in zip(short, weak, strict=True))
        return Weighed(WEIGHED.days, len(own), sum(short), sum(weak), dropped)


def shipped() -> dict[str, Any]:
    """The policies that nodes are delivered with; empty where the file is not there."""
    return dict(yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))) if SHIPPED.is_file() else {}


def typed_of(policies: Mapping[str, Any]) -> dict[str, str]:
    """Policies as the form's fields: ``smoke.gate`` → ``0.08``; a kind that is reported has ``smoke.is_on``."""
    fields: dict[str, str] = {}
    presence = policies.get("presence")
    for seen, policy in presence.items() if isinstance(presence, dict) else ():
        fields[f"{seen}.is_on"] = "yes"
        fields[f"{seen}.gather"] = str(policy.get("gather", "best"))
        for knob in KNOBS:
            value = policy.get(knob.name, knob.otherwise)
            fields[f"{seen}.{knob.name}"] = "" if value is None else f"{value:g}"
        for name, knob in RANGES.items():
            low, high = policy.get(knob.name) or ("", "")
            fields |= {f"{seen}.{name}_low": f"{low}", f"{seen}.{name}_high": f"{high}"}
    return fields


def read_policies(typed: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The form's fields as policies, and what is wrong with them."""
    problems: list[Problem] = []
    presence: dict[str, Any] = {}
    for seen in Seen:
        if typed.get(f"{seen}.is_on"):
            presence[str(seen)] = _policy(str(seen), typed, problems)
    if not presence:
        problems.append(Problem("", "policy.none"))
    return {"presence": presence}, problems


def _policy(seen: str, typed: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    policy: dict[str, Any] = {}
    for knob in KNOBS:
        value = _number(f"{seen}.{knob.name}", typed.get(f"{seen}.{knob.name}", ""), knob, problems)
        if value is not None or knob.may_be_empty:
            policy[knob.name] = value
    gather = typed.get(f"{seen}.gather", "best")
    policy["gather"] = gather if gather in GATHER else "best"
    for name, knob in RANGES.items():
        ends = [typed.get(f"{seen}.{name}_{end}", "").strip() for end in ("low", "high")]
        if not any(ends):
            continue
        low, high = (
            _number(f"{seen}.{name}_{end}", text, knob, problems)
            for end, text in zip(("low", "high"), ends, strict=True)
        )
        if low is None or high is None or low > high:
            problems.append(Problem(f"{seen}.{name}_low", "policy.order"))
        policy[knob.name] = [low, high]
    return policy


def _number(field: str, text: str, knob: Knob, problems: list[Problem]) -> float | None:
    if not text.strip():
        if knob.is_needed:
            problems.append(Problem(field, "policy.missing"))
        return None if knob.may_be_empty or knob.is_needed else knob.otherwise
    try:
        value = float(text)
    except ValueError:
        problems.append(Problem(field, "policy.no_number"))
        return None
    is_within = isfinite(value) and knob.least <= value <= knob.most and (knob.may_be_zero or value > 0)
    if not is_within:
        problems.append(Problem(field, "policy.range", knob.least, knob.most))
        return None
    return value
