"""The violations file → what each violation is called, coded and allowed; joined with a site it is the law."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from central.domain.hours import parse_hours
from central.domain.law import Code, Law, Severity, ViolationRule
from central.site import HoursLines, NamesBlock, SiteSettings
from contract.configfile import Settings, load_yaml
from contract.taxonomy import Violation

PACKAGED = Path(__file__).parents[1] / "configs" / "central" / "violations.yaml"


class ViolationBlock(Settings):
    """One violation (DOMAIN §2, §7b)."""

    name: NamesBlock
    codes: dict[str, str | None]
    severity: Severity
    legal_dwell_s: Annotated[float, Field(ge=0, le=30 * 86400)]
    hours: HoursLines = ("always",)
    remind_first_s: Annotated[float, Field(ge=0)] | None = None

    @field_validator("severity", mode="before")
    @classmethod
    def _is_named(cls, value: object) -> object:
        names = {entry.name.lower(): entry for entry in Severity}
        if value not in names:
            raise ValueError(f"is one of {', '.join(names)}")
        return names[str(value)]

    @field_validator("hours")
    @classmethod
    def _are_readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        parse_hours(value)
        return value


class Catalogue(Settings):
    """The whole violations file; every violation is in it."""

    version: str
    violations: dict[Violation, ViolationBlock]

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        missing = sorted(set(Violation) - set(self.violations))
        if missing:
            raise ValueError(f"violations: {', '.join(missing)} is missing")
        return self


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue at `path`; without one, the packaged one.

    Raises:
        UsageError: the file is wrong.
    """
    return load_yaml(path or PACKAGED, Catalogue)


def make_law(catalogue: Catalogue, site: SiteSettings) -> Law:
    """The catalogue with the site's zones and its own dwells and hours."""
    return Law(
        zones=site.to_zones(),
        violations={kind: _rule(kind, block, site) for kind, block in catalogue.violations.items()},
        timezone=ZoneInfo(site.timezone),
        version=catalogue.version,
    )


def _rule(kind: Violation, block: ViolationBlock, site: SiteSettings) -> ViolationRule:
    remind_first = None if block.remind_first_s is None else timedelta(seconds=block.remind_first_s)
    return ViolationRule(
        kind=kind,
        names=block.name.to_names(),
        codes=tuple(Code(standard, code) for standard, code in block.codes.items() if code),
        severity=block.severity,
        legal_dwell=timedelta(seconds=site.legal_dwell_s.get(kind, block.legal_dwell_s)),
        hours=parse_hours(site.counting_hours.get(kind, block.hours)),
        remind_first=remind_first,
    )
