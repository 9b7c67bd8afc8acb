"""The violations file → what each violation is called, coded and allowed; joined with a site it is the law."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_serializer, field_validator, model_validator

from central.domain.law import Code, Law, NeededRegister, Needs, Recheck, Severity, ViolationRule, ZoneKind
from central.domain.registers.seasons import parse_seasonal_hours
from central.domain.registers.snapshot import Registers
from central.site import HoursLines, NamesBlock, SiteSettings
from contract.configfile import Settings, load_yaml
from contract.taxonomy import Seen, Violation

PACKAGED = Path(__file__).parents[1] / "configs" / "central" / "violations.yaml"

OF_THE_SITE = {"zones", "registers", "timezone", "legal_dwell_s", "counting_hours"}
"""What a site's file says that is law."""


class NeedsBlock(Settings):
    """What must be registered before something is this violation: a zone of one of `zones`, and all `registers`."""

    zones: tuple[ZoneKind, ...] = ()
    registers: tuple[NeededRegister, ...] = ()

    def to_needs(self) -> Needs:
        return Needs(frozenset(self.zones), frozenset(self.registers))


class RecheckBlock(Settings):
    """So many looks in a row without it, this far apart, and a handled scene counts as clear."""

    looks: Annotated[int, Field(ge=1, le=100)]
    every_s: Annotated[float, Field(gt=0, le=7 * 86400)]

    def to_recheck(self) -> Recheck:
        return Recheck(self.looks, timedelta(seconds=self.every_s))


class ViolationBlock(Settings):
    """One violation (DOMAIN §2, §7b)."""

    name: NamesBlock
    codes: dict[str, str | None]
    severity: Severity
    legal_dwell_s: Annotated[float, Field(ge=0, le=30 * 86400)]
    hours: HoursLines = ("always",)
    remind_first_s: Annotated[float, Field(ge=0)] | None = None
    legal_basis: NamesBlock | None = None
    needs: NeedsBlock = NeedsBlock()
    recheck: RecheckBlock | None = None

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
        parse_seasonal_hours(value)
        return value


class Catalogue(Settings):
    """The whole violations file; every violation is in it."""

    version: str
    legal_review: Annotated[str, Field(max_length=200)] = ""
    cooking_goods: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    needs_somebody: frozenset[Seen] = frozenset({Seen.CART, Seen.PARASOL, Seen.TABLE})
    left_alone: Violation | None = Violation.PILED_GOODS
    violations: dict[Violation, ViolationBlock]

    @field_validator("needs_somebody")
    @classmethod
    def _may_be_left_alone(cls, value: frozenset[Seen]) -> frozenset[Seen]:
        wrong = sorted(value - {Seen.CART, Seen.PARASOL, Seen.TABLE})
        if wrong:
            raise ValueError(f"may name cart, parasol and table, not {', '.join(wrong)}: those count by themselves")
        return value

    @field_serializer("needs_somebody")
    def _in_order(self, value: frozenset[Seen]) -> list[Seen]:
        return sorted(value)  # the law's digest is of this text

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


def make_law(catalogue: Catalogue, site: SiteSettings, registers: Registers | None = None) -> Law:
    """The catalogue with the site's dwells and hours, and `registers`; without them, those of the site's file.

    Its version is the catalogue's with a digest of all that was read: who edits a file makes another law.
    """
    own = site.model_dump_json(include=OF_THE_SITE, serialize_as_any=True)
    digest = sha256((catalogue.model_dump_json() + own).encode()).hexdigest()
    return Law(
        violations={kind: _rule(kind, block, site) for kind, block in catalogue.violations.items()},
        timezone=ZoneInfo(site.timezone),
        registers=site.to_registers() if registers is None else registers,
        version=f"{catalogue.version}-{digest[:8]}",
        cooking_goods=frozenset(catalogue.cooking_goods),
        legal_review=catalogue.legal_review,
        needs_somebody=catalogue.needs_somebody,
        left_alone=catalogue.left_alone,
    )


def _rule(kind: Violation, block: ViolationBlock, site: SiteSettings) -> ViolationRule:
    remind_first = None if block.remind_first_s is None else timedelta(seconds=block.remind_first_s)
    return ViolationRule(
        kind=kind,
        names=block.name.to_names(),
        codes=tuple(Code(standard, code) for standard, code in block.codes.items() if code),
        severity=block.severity,
        legal_dwell=timedelta(seconds=site.legal_dwell_s.get(kind, block.legal_dwell_s)),
        hours=parse_seasonal_hours(site.counting_hours.get(kind, block.hours)),
        remind_first=remind_first,
        legal_basis=block.legal_basis.to_names() if block.legal_basis else None,
        needs=block.needs.to_needs(),
        recheck=block.recheck.to_recheck() if block.recheck else None,
    )
