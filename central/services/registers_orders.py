"""What an import is asked for, what it reports, and what it has read so far."""

from dataclasses import dataclass, field
from typing import Any

from central.domain.registers.frames import Frame
from central.services.registers_base import Register, Row
from central.services.registers_checks import Numbered
from central.services.registers_files import RawRow
from central.services.registers_findings import Finding

MOST_BAD = 10_000
"""A file with more wrong rows is wrong as a whole: its pattern shows in these."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported, and how.

    only_good: leave rows with errors out instead of refusing the file.
    replace: rows of the register that the file lacks are taken out; none while a row of the file is wrong.
    district: the beginning of the area codes that the person may change; "" for all.
    zone: the file holds Gauss-Krüger metres of this three-degree zone (see `registers_projected`); None: degrees.
    """

    register: Register
    name: str
    content: bytes
    who: str
    why: str
    frame: Frame = Frame.CGCS2000
    is_dry_run: bool = False
    only_good: bool = False
    replace: bool = False
    district: str = ""
    zone: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do. `version` None: nothing was written."""

    register: Register
    source: str
    rows: int
    bad_rows: int
    added: int
    changed: int
    removed: int
    unchanged: int
    findings: tuple[Finding, ...]
    is_dry_run: bool
    version: int | None = None
    headings: tuple[str, ...] = ()
    bad: tuple[RawRow, ...] = ()
    """The rows with errors as they stood in the file, at most `MOST_BAD` of them."""

    @property
    def errors(self) -> int:
        return sum(finding.level == "error" for finding in self.findings)

    @property
    def is_refused(self) -> bool:
        """Whether rows were wrong, so that nothing was written although it was asked for."""
        return self.version is None and not self.is_dry_run and self.errors > 0


@dataclass(slots=True)
class Reading:
    """Rows of a file that could be read, by key; `facts` as they are stored, once they have been asked for."""

    rows: dict[str, Numbered] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    count: int = 0


def area_of(row: Row) -> str:
    """The area code that says whose a row is; "" where it has none."""
    for name in ("area_code", "code", "target"):
        value = getattr(row, name, None)
        if isinstance(value, str) and value:
            return value
    return ""
