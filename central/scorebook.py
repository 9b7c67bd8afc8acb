"""The assessment file → the book of sets and figures."""

import hashlib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from central.domain.assessment.figures import Book, Figure, Measure, Rate, Ratio, Rule, SetRule, Share, Statistic, Unit
from central.domain.assessment.figures import Taken as TakenRule
from central.domain.assessment.formula import BadFormula, Formula, in_turn, parse
from central.domain.assessment.items import MARKS_BY_NAME, NONE, Mark, Moment
from central.domain.assessment.periods import PeriodKind
from central.domain.registers.names import Names
from contract.configfile import Settings, load_yaml

PACKAGED = Path(__file__).parents[1] / "configs" / "central" / "assessment.yaml"
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_NEEDS: dict[frozenset[str], str] = {
    frozenset({"numerator", "denominator"}): "ratio",
    frozenset({"numerator", "per"}): "rate",
    frozenset({"part", "whole"}): "share",
    frozenset({"of", "statistic"}): "taken",
    frozenset({"formula"}): "formula",
}


class NamesBlock(Settings):
    """A name in Chinese and English."""

    zh: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=100)]

    def to_names(self) -> Names:
        return Names(self.zh, self.en)


class SetBlock(Settings):
    """One set: a moment and what must, or must not, be true."""

    moment: Moment
    where: tuple[str, ...] = ()
    name: NamesBlock

    @model_validator(mode="after")
    def _knows_its_marks(self) -> Self:
        for text in self.where:
            if text.removeprefix("not ") not in MARKS_BY_NAME:
                raise ValueError(f"where: no mark {text!r}; there are: {', '.join(MARKS_BY_NAME)}")
        return self

    def to_rule(self, key: str) -> SetRule:
        has, lacks = NONE, NONE
        for text in self.where:
            if text.startswith("not "):
                lacks |= MARKS_BY_NAME[text.removeprefix("not ")]
            else:
                has |= MARKS_BY_NAME[text]
        return SetRule(key, self.name.to_names(), self.moment, Mark(has), Mark(lacks))


class FigureBlock(Settings):
    """One figure, of one of the five forms."""

    name: NamesBlock
    unit: Unit = Unit.PERCENT
    numerator: str | None = None
    denominator: str | None = None
    per: Measure | None = None
    part: Measure | None = None
    whole: Measure | None = None
    of: str | None = None
    statistic: Statistic | None = None
    formula: str | None = None
    source: Annotated[str, Field(max_length=200)] = ""

    @property
    def form(self) -> str | None:
        """Which of the five; None where the fields make none."""
        given = {name for names in _NEEDS for name in names if getattr(self, name) is not None}
        return _NEEDS.get(frozenset(given))

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if self.form is None:
            forms = "; ".join(" and ".join(sorted(names)) for names in _NEEDS)
            raise ValueError(f"a figure has exactly one of: {forms}")
        return self


class FreezeBlock(Settings):
    """When figures are frozen."""

    after_days: Annotated[int, Field(ge=0, le=60)] = 1
    kinds: tuple[PeriodKind, ...] = (
        PeriodKind.DAY,
        PeriodKind.WEEK,
        PeriodKind.MONTH,
        PeriodKind.QUARTER,
        PeriodKind.YEAR,
    )


class AssessmentSettings(Settings):
    """The whole file."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    sets: Annotated[dict[Key, SetBlock], Field(min_length=1, max_length=200)]
    figures: Annotated[dict[Key, FigureBlock], Field(min_length=1, max_length=200)]
    freeze: FreezeBlock = FreezeBlock()
    public_smallest: Annotated[int, Field(ge=1, le=100)] = 5

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        double = sorted((set(self.sets) & set(self.figures)) | ((set(self.sets) | set(self.figures)) & set(Measure)))
        if double:
            raise ValueError(f"{', '.join(double)}: a set, a figure and a measure can't share a name")
        rules = {key: block.to_rule(key) for key, block in self.sets.items()}
        formulas = {key: rule for key, rule in self._rules(rules).items() if isinstance(rule, Formula)}
        try:
            in_turn(formulas)
        except BadFormula as error:
            raise ValueError(f"figures: {error}") from error
        return self

    def to_book(self) -> Book:
        """Sets and figures; the version carries a digest, so that two definitions never share one."""
        rules = {key: block.to_rule(key) for key, block in self.sets.items()}
        made = self._rules(rules)
        figures = {
            key: Figure(key, block.name.to_names(), block.unit, made[key], block.source)
            for key, block in self.figures.items()
        }
        digest = hashlib.sha256(self.model_dump_json(include={"sets", "figures"}).encode()).hexdigest()[:12]
        return Book(f"{self.version}+{digest}", rules, figures)

    def _rules(self, sets: dict[str, SetRule]) -> dict[str, Rule]:
        names = frozenset(self.sets) | frozenset(self.figures) | frozenset(Measure)
        found: dict[str, Rule] = {}
        for key, block in self.figures.items():
            try:
                found[key] = _rule(block, sets, names)
            except ValueError as error:
                raise ValueError(f"figures.{key}.{error}") from error
        return found


def load_scorebook(path: Path | None = None) -> AssessmentSettings:
    """The figures in the file at `path`; without one, the packaged ones.

    Raises:
        UsageError: the file is wrong; the message names the field.
    """
    return load_yaml(path or PACKAGED, AssessmentSettings)


def _rule(block: FigureBlock, sets: dict[str, SetRule], names: frozenset[str]) -> Rule:
    for field in ("numerator", "denominator", "of"):
        value = getattr(block, field)
        if value is not None and value not in sets:
            raise ValueError(f"{field}: no set {value!r}; there are: {', '.join(sets)}")
    match block.form:
        case "ratio":
            numerator, denominator = sets[str(block.numerator)], sets[str(block.denominator)]
            if not numerator.is_part_of(denominator):
                raise ValueError(
                    f"numerator: {numerator.key} is no part of {denominator.key}; a share needs the same moment and at "
                    "least the same marks"
                )
            return Ratio(numerator.key, denominator.key)
        case "rate" if block.per is not None:
            return Rate(str(block.numerator), block.per)
        case "share" if block.part is not None and block.whole is not None:
            return Share(block.part, block.whole)
        case "taken" if block.statistic is not None:
            return TakenRule(str(block.of), block.statistic)
    try:
        return parse(str(block.formula), names)
    except BadFormula as error:
        raise ValueError(f"formula: {error}") from error
