"""Reports of imports, kept for some days so that they can be read page by page and taken along as a file of bad rows.

They lie on disk, for who made them: a service that starts anew in the middle of an import loses none. What is
restricted of a row is left out of them.
"""

import csv
import io
import re
import secrets
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

import structlog

from central.services.registers_columns import match
from central.services.registers_files import RawRow
from central.services.registers_findings import Finding, Language
from central.services.registers_orders import Report
from central.services.registers_paper import BadPaper, Head, read_head, read_report, write_report
from central.services.registers_rows import ROWS
from central.services.registers_writing import harmless
from contract.clock import Clock

KEPT_FOR = timedelta(days=3)
"""An import is finished on the day or after a weekend; rows of people's registers lie about no longer than that."""
MOST_OF_ONE = 10
"""Reports that a person has; the oldest gives way, so that nobody takes the room of others."""
MOST_BYTES = 200 * 1024 * 1024
"""Of all reports; one of a file with 500,000 wrong rows takes some 10 MB. The newest stays whatever its size."""
AT_HAND = 2
"""Reports that are in memory as well: a page of a large one needs a second to be read from disk."""
ADDED = {"zh": ("行号", "问题", "改法"), "en": ("row", "problem", "remedy")}
_NAME = re.compile(r"[A-Za-z0-9_-]{22}")
_SUFFIX = ".report.gz"
LOG = structlog.get_logger("central.registers")


@dataclass(frozen=True, slots=True)
class _Lying:
    """A report on disk."""

    name: str
    path: Path
    head: Head
    size_bytes: int


class ReportShelf:
    """Any thread, and any process that has the folder."""

    def __init__(self, folder: Path | None, clock: Clock, room_bytes: int = MOST_BYTES) -> None:
        """Without a folder the last few are in memory alone."""
        self._folder, self._clock, self._room_bytes = folder, clock, room_bytes
        self._at_hand: OrderedDict[str, tuple[str, datetime, Report]] = OrderedDict()
        self._lock = Lock()

    def keep(self, report: Report, who: str) -> str:
        """The name under which `who` finds it again. A disk that refuses costs only what a new start would lose."""
        name, now, open_report = secrets.token_urlsafe(16), self._clock.now(), _without_restricted(report)
        with self._lock:
            self._hold(name, who, now, open_report)
            if self._folder is None:
                return name
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_report(self._folder / f"{name}{_SUFFIX}", open_report, who, now)
                self._tidy(name)
            except OSError as error:
                LOG.warning("a report of an import could not be kept on disk", reason=str(error))
        return name

    def find(self, name: str, who: str) -> Report | None:
        """None where it is gone, or somebody else's."""
        if _NAME.fullmatch(name) is None:
            return None
        with self._lock:
            if name not in self._at_hand:
                if self._folder is None:
                    return None
                try:
                    head, report = read_report(self._folder / f"{name}{_SUFFIX}")
                except (OSError, BadPaper):
                    return None
                self._hold(name, head.who, head.made_at, report)
            owner, made_at, report = self._at_hand[name]
        is_theirs = owner == who and self._clock.now() - made_at < KEPT_FOR
        return report if is_theirs else None

    def latest(self, register: str, who: str) -> list[tuple[str, Head]]:
        """What `who` has of the register, the newest first, by name."""
        since = self._clock.now() - KEPT_FOR
        own = [one for one in self._lying() if (one.head.who, one.head.register) == (who, register)]
        return [(one.name, one.head) for one in own if one.head.made_at > since]

    def tidy(self) -> int:
        """Takes away what has been kept long enough: how many reports. For a worker."""
        with self._lock:
            return self._tidy()

    def _hold(self, name: str, who: str, made_at: datetime, report: Report) -> None:
        self._at_hand[name] = who, made_at, report
        while len(self._at_hand) > AT_HAND:
            self._at_hand.popitem(last=False)

    def _tidy(self, newest: str = "") -> int:
        since, of_one, size_bytes, removed = self._clock.now() - KEPT_FOR, defaultdict[str, int](int), 0, 0
        for one in self._lying():
            of_one[one.head.who] += 1
            size_bytes += one.size_bytes
            is_too_much = of_one[one.head.who] > MOST_OF_ONE or size_bytes > self._room_bytes
            if one.name != newest and (is_too_much or one.head.made_at <= since):
                one.path.unlink(missing_ok=True)
                self._at_hand.pop(one.name, None)
                removed += 1
        return removed

    def _lying(self) -> list[_Lying]:
        """Every report on disk, the newest first; what is no report is left alone."""
        found = []
        for path in [] if self._folder is None else self._folder.glob(f"*{_SUFFIX}"):
            try:
                head, size_bytes = read_head(path), path.stat().st_size
            except (OSError, BadPaper):
                continue
            found.append(_Lying(path.name.removesuffix(_SUFFIX), path, head, size_bytes))
        return sorted(found, key=lambda one: one.head.made_at, reverse=True)


def _without_restricted(report: Report) -> Report:
    kept = set(_open_headings(report))
    rows = (RawRow(row.number, {name: cell for name, cell in row.cells.items() if name in kept}) for row in report.bad)
    findings = tuple(
        one
        if one.field in kept or one.field not in report.headings
        else replace(one, facts={**one.facts, "value": "…"})
        for one in report.findings
    )
    return replace(report, bad=tuple(rows), findings=findings)


def write_bad_rows(report: Report, language: Language) -> bytes:
    """The rows with errors as CSV: as they stood in the file, and what is wrong with each; nothing restricted."""
    headings = _open_headings(report)
    wrong: dict[int, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.level == "error":
            wrong[finding.row].append(finding)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([harmless(cell) for cell in (*headings, *ADDED[language])])
    for row in report.bad:
        cells = ["" if row.cells.get(heading) is None else row.cells[heading] for heading in headings]
        own = wrong[row.number]
        problems = "; ".join(f"{one.field}: {one.problem(language)}" for one in own)
        remedies = "; ".join(dict.fromkeys(one.remedy(language) for one in own))
        writer.writerow([harmless(cell) for cell in (*cells, row.number, problems, remedies)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _open_headings(report: Report) -> list[str]:
    model = ROWS[report.register]
    fields = match(model, report.headings).field_by_heading
    return [heading for heading in report.headings if fields.get(heading) not in model.RESTRICTED]
