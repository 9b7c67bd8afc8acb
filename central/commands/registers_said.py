"""What `central registers` reads from its arguments and says about imports."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from central.services.registers_findings import Finding, Language
from central.services.registers_import import Progress as Told
from central.services.registers_orders import Report
from contract.errors import UsageError

SHOWN = 30
"""Findings of each level that a person reads before scrolling away; --json and --report have all."""


@contextmanager
def bar() -> Iterator[Told]:
    """A progress bar on stderr; nothing where nobody watches."""
    columns = (TextColumn("rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("rows", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def tell(reports: Sequence[Report], language: Language) -> None:
    """Says what imports did, or would do."""
    for report in reports:
        for level in ("error", "warning"):
            found = [finding for finding in report.findings if finding.level == level]
            for finding in found[:SHOWN]:
                typer.echo(line(finding, language))
            if len(found) > SHOWN:
                counts = Counter(finding.code for finding in found[SHOWN:])
                typer.echo(f"… {sum(counts.values())} more: {', '.join(f'{k} {n}' for k, n in counts.most_common())}")
        if report.version is not None:
            done = f"version {report.version}"
        elif report.is_dry_run:
            done = "dry run, nothing imported"
        else:
            done = "nothing imported; --only-good takes the good rows" if report.is_refused else "nothing to change"
        typer.echo(
            f"{report.register.value}: {report.rows} rows, {report.bad_rows} wrong; {report.added} new, "
            f"{report.changed} changed, {report.removed} taken out, {report.unchanged} as they were: {done}"
        )


def line(finding: Finding, language: Language) -> str:
    """One finding, tab by tab."""
    where = f"{finding.row}" if finding.row else "–"
    said = f"{finding.problem(language)}; {finding.remedy(language)}"
    return f"{finding.level}\t{where}\t{finding.key}\t{finding.field}\t{finding.code}\t{said}"


def language_of(text: str) -> Language:
    """Raises:
    UsageError: neither zh nor en.
    """
    if text == "zh":
        return "zh"
    if text == "en":
        return "en"
    raise UsageError(f"--language: {text!r} is neither zh nor en")


def day_of(text: str, option: str) -> date:
    """Raises:
    UsageError: no day; the message names the option.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is no day; write it as 2026-07-01") from error


def content_of(path: Path) -> bytes:
    """Raises:
    UsageError: the file can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); check the path") from error


def write_whole(path: Path, content: bytes) -> None:
    """Raises:
    UsageError: the file can't be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror}); check the folder") from error
