"""`python -m central assess`: figures of an area, department, post or person in a period, from the command line."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from central.commands.database import opened
from central.domain.assessment.periods import Period, parse_period, span
from central.domain.assessment.scopes import Scope
from central.scorebook import load_scorebook
from central.services.assessment import SPLITS, Question
from central.services.assessment_export import ExportFormat, export
from central.services.assessment_parts import Assessment, Ground, assessment_of
from central.services.assessment_views import AssessmentView, FigureView
from central.services.registers import RegisterBook
from central.settings import CentralSettings, load_settings
from central.site import load_site
from contract.clock import SystemClock
from contract.errors import UsageError


def add_to(cli: typer.Typer) -> None:
    """Registers the command."""
    cli.command("assess")(assess)


def assess(
    area: Annotated[str, typer.Option("--area", help="Area code: 4 city, 6 district, 9, 12, 15; empty: all.")] = "",
    first: Annotated[str | None, typer.Option("--from", help="First local day, as 2026-01-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last local day, included.")] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="Instead: 2026-07-01, 2026-W27, 2026-07, 2026-Q3 or 2026.")
    ] = None,
    department: Annotated[str | None, typer.Option(help="Only this department's.")] = None,
    post: Annotated[str | None, typer.Option(help="Only this post's, as shift_leader.")] = None,
    person: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this violation, as open_bbq.")] = None,
    source: Annotated[str | None, typer.Option(help="Only from this source, as video_ai.")] = None,
    camera: Annotated[str | None, typer.Option(help="Only what this camera saw first.")] = None,
    by: Annotated[str | None, typer.Option(help=f"Split by {', '.join(SPLITS)}.")] = None,
    cases: Annotated[str | None, typer.Option("--cases", help="List the cases of this set, as due_to_handle.")] = None,
    recompute: Annotated[bool, typer.Option(help="Today's figures though the period is frozen.")] = False,
    freeze: Annotated[bool, typer.Option("--freeze", help="Freeze the period, for all areas and people.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Derive everything counted anew first.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only read the figures' file, and say what is wrong.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write a file: .xlsx, .csv or .json.")] = None,
    figures: Annotated[Path | None, typer.Option("--figures", help="Another figures file.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """The figures of assessment (考评) of any area, department, post and person, with what each is made of.

    Days are the site's local days. What is not due yet doesn't count; a figure without cases has no value and says so.
    A frozen period shows what was published; --recompute shows what it would be today.

    \b
    central assess --area 370303 --from 2026-07-01 --to 2026-07-31 --json
    central assess --area 370303 --period 2026-Q3 --by street --out q3.xlsx
    central assess --period 2026-07 --cases closed_in_time
    """
    settings = load_settings(config, {"database_url": database_url, "assessment": figures})
    if check:
        _tell_book(settings, as_json)
        return
    if out is not None and (out.suffix.lstrip(".") not in set(ExportFormat) or not out.parent.is_dir()):
        raise UsageError(f"--out {out}: name a file that ends in .xlsx, .csv or .json in a folder that exists")
    scope = Scope(area, kind, source, department, post, person, camera)
    question = Question(scope, _period(period, first, last), by)
    with _made(settings) as parts:
        if rebuild:
            parts.counting.start_over()
        with _bar() as watch:
            parts.counting.catch_up(watch)
        if freeze:
            number = parts.freezing.freeze(question.period, "operator")
            Console(stderr=True).print(f"{question.period}: {number} sheets frozen")
        if cases is not None:
            _list_cases(parts, cases, question, as_json)
            return
        view = parts.freezing.show(question, recompute=recompute)
    if out is not None:
        out.write_bytes(export(view, ExportFormat(out.suffix.lstrip("."))))
    if as_json:
        typer.echo(view.model_dump_json())
    elif out is None:
        _print(view)


@contextmanager
def _made(settings: CentralSettings) -> Iterator[Assessment]:
    site = load_site(settings.site)
    origin = site.to_origin()
    registers = RegisterBook(origin)
    with opened(settings.database_url) as database:
        database.must_exist()
        database.create()
        ground = Ground(registers.current, origin, ZoneInfo(site.timezone))
        yield assessment_of(database, load_scorebook(settings.assessment), ground, SystemClock())


def _period(text: str | None, first: str | None, last: str | None) -> Period:
    try:
        if text is not None and first is None and last is None:
            return parse_period(text)
        if text is None and first is not None and last is not None:
            return span(_day(first, "--from"), _day(last, "--to"))
    except ValueError as error:
        raise UsageError(str(error)) from error
    raise UsageError("give either --period, as 2026-07, or --from and --to, as 2026-07-01")


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: write a day as 2026-07-01") from error


def _tell_book(settings: CentralSettings, as_json: bool) -> None:
    book = load_scorebook(settings.assessment).to_book()
    facts = {"version": book.version, "sets": len(book.sets), "figures": len(book.figures)}
    typer.echo(json.dumps(facts) if as_json else "\n".join(f"{key}: {value}" for key, value in facts.items()))


def _list_cases(parts: Assessment, key: str, question: Question, as_json: bool) -> None:
    cursor: str | None = ""
    while cursor is not None:
        page = parts.desk.cases(key, question, cursor, 1000)
        for case in page.cases:
            typer.echo(case.model_dump_json() if as_json else case.case_id)
        cursor = page.next


def _print(view: AssessmentView) -> None:
    console = Console()
    title = f"{view.scope.area or 'everywhere'} · {view.period.text} ({view.period.first} – {view.period.last})"
    table = Table("", "figure", "value", "of", "95 %", title=title)
    for figure in view.figures:
        table.add_row(figure.name.zh, figure.name.en, _value(figure), _made_of(figure), _interval(figure))
    console.print(table)
    if view.frozen is not None:
        console.print(f"frozen {view.frozen.taken_at:%Y-%m-%d %H:%M} UTC; today {len(view.frozen.differences)} differ")
    if view.rows:
        _print_rows(view, console)


def _print_rows(view: AssessmentView, console: Console) -> None:
    shown = [figure.key for figure in view.figures if figure.value is not None][:6]
    table = Table(view.by or "", *[figure.name.en for figure in view.figures if figure.key in shown])
    for row in view.rows:
        values = [_value(figure) for figure in row.figures if figure.key in shown]
        table.add_row(f"{row.key} {row.name.zh if row.name else ''}".strip() or "–", *values)
    console.print(table)


def _value(figure: FigureView) -> str:
    if figure.value is None:
        return "–" if figure.finding is None else figure.finding.sentence.en
    return f"{figure.value:,.2f} %" if figure.unit == "percent" else f"{figure.value:,.3f} {figure.unit}"


def _made_of(figure: FigureView) -> str:
    if figure.denominator is None or figure.denominator.number is None:
        return figure.formula
    top = "" if figure.numerator is None or figure.numerator.number is None else f"{figure.numerator.number:,.10g} / "
    return f"{top}{figure.denominator.number:,.10g} {figure.denominator.name.en}"


def _interval(figure: FigureView) -> str:
    return "" if figure.interval is None else f"{figure.interval[0]:.2f} – {figure.interval[1]:.2f}"


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("counting what is new"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
