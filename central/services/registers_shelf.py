"""Reports of imports, kept for a while so that they can be read page by page and taken along as a file of bad rows.

In memory and for who made them: a report lost with its process is made anew by checking the file again.
"""

import csv
import io
import secrets
from collections import OrderedDict, defaultdict
from threading import Lock

from central.services.registers_columns import match
from central.services.registers_findings import Finding, Language
from central.services.registers_orders import Report
from central.services.registers_rows import ROWS
from central.services.registers_writing import harmless

MOST_FINDINGS = 60_000
"""In all reports together, some 30 MB. The newest one stays whatever its size: a file has at most 500,000 rows."""
MOST_REPORTS = 20
ADDED = {"zh": ("行号", "问题", "改法"), "en": ("row", "problem", "remedy")}


class ReportShelf:
    """Any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, Report]] = OrderedDict()
        self._lock = Lock()

    def keep(self, report: Report, who: str) -> str:
        """The name under which `who` finds it again."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[name] = who, report
            while len(self._kept) > 1 and self._is_full():
                self._kept.popitem(last=False)
        return name

    def find(self, name: str, who: str) -> Report | None:
        """None where it is gone, or somebody else's."""
        with self._lock:
            owner, report = self._kept.get(name, ("", None))
        return report if owner == who else None

    def _is_full(self) -> bool:
        findings = sum(len(report.findings) for _, report in self._kept.values())
        return len(self._kept) > MOST_REPORTS or findings > MOST_FINDINGS


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
