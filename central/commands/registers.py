"""`python -m central registers`: import, export, look at and check the site's registers."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from central.catalogue import load_catalogue
from central.commands.registers_said import bar, content_of, day_of, language_of, line, tell, write_whole
from central.domain.people import Operator
from central.domain.registers.frames import Frame
from central.services.registers import RegisterBook
from central.services.registers_base import Register
from central.services.registers_desk import RegisterDesk, UnknownRow
from central.services.registers_files import FileFormat, format_of
from central.services.registers_orders import Order
from central.services.registers_projected import FIRST_ZONE, LAST_ZONE
from central.services.registers_views import change_view, coverage_view, finding_view, history_view, report_view
from central.settings import CentralSettings, load_settings
from central.site import load_site
from central.siteregisters import registers_of_files, site_rows
from central.store.database import Database
from central.timelimits import load_time_limits
from contract.clock import SystemClock
from contract.errors import UsageError

Kind = StrEnum("Kind", {"SITE": "site", **{register.name: register.value for register in Register}})  # type: ignore[misc]  # made of another enumeration
ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
FrameOption = Annotated[
    Frame, typer.Option("--coordinates", help="Frame of the file's coordinates; inside there is only CGCS2000.")
]
ZoneOption = Annotated[
    int | None,
    typer.Option("--zone", min=FIRST_ZONE, max=LAST_ZONE, help="The file holds Gauss-Krüger metres of this 3° zone."),
]
LanguageOption = Annotated[str, typer.Option("--language", help="Of findings and headings: zh or en.")]
RegisterArgument = Annotated[Register, typer.Argument(help="Which register.")]


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    group = typer.Typer(
        help="The site's registers: areas, cameras, zones, permits, shops, frontages, merchants, roads, duties "
        "(responsibility), holidays, limits, codes. Every change is a version; nothing is ever overwritten.",
        no_args_is_help=True,
    )
    group.command("import")(bring_in)
    group.command("export")(export)
    group.command("template")(template)
    group.command("list")(overview)
    group.command("show")(show)
    group.command("history")(history)
    group.command("remove")(remove)
    group.command("check")(check)
    group.command("coverage")(show_coverage)
    cli.add_typer(group, name="registers")


def bring_in(
    kind: Annotated[Kind, typer.Argument(help="Which register; `site` takes the zones and cameras of a site file.")],
    file: Annotated[Path, typer.Argument(help=".csv, .xlsx or .geojson; for `site` a .yaml site file.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and report only.")] = False,
    only_good: Annotated[
        bool, typer.Option("--only-good", help="Leave rows with errors out; import the rest.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="The file is the whole register: take out rows that it lacks.")
    ] = False,
    coordinates: FrameOption = Frame.CGCS2000,
    zone: ZoneOption = None,
    why: Annotated[str, typer.Option(help="For the history.")] = "",
    who: Annotated[str | None, typer.Option(help="For the history; your account name unless given.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the whole report there, as JSON.")] = None,
    language: LanguageOption = "zh",
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Report as JSON; of a site file a list, a report per register.")
    ] = False,
) -> None:
    """Imports a file into a register. With a single wrong row nothing is imported, unless you ask for the good ones.

    Columns go by Chinese or English headings (`registers template KIND` writes them). Exit 1 when rows were wrong.

    Examples: central registers import permits permits.xlsx --dry-run · central registers import zones zones.geojson
    --coordinates gcj02 --only-good · central registers import site configs/site/demo.yaml
    """
    content = content_of(file)
    reason, person = why or f"import of {file.name}", who or getuser()
    with _desk(config, database_url) as desk, bar() as progress:
        if kind.value == "site":
            found = [
                desk.put(Order(register, file.name, b"", person, reason, is_dry_run=dry_run), rows)
                for register, rows in site_rows(load_site(file)).items()
            ]
        else:
            order = Order(
                Register(kind.value),
                file.name,
                content,
                person,
                reason,
                coordinates,
                dry_run,
                only_good,
                replace,
                "",
                zone,
            )
            found = [desk.bring_in(order, progress)]
    if report is not None:
        write_whole(
            report, json.dumps([report_view(one, sys.maxsize).model_dump(mode="json") for one in found]).encode()
        )
    if as_json:
        views = [report_view(one).model_dump(mode="json") for one in found]
        typer.echo(json.dumps(views if kind.value == "site" else views[0], ensure_ascii=False))
    else:
        tell(found, language_of(language))
    if any(one.errors for one in found):
        raise typer.Exit(1)


def export(
    register: RegisterArgument,
    out: Annotated[Path, typer.Option("--out", help="The ending says the format: .csv, .xlsx, .geojson.")],
    coordinates: FrameOption = Frame.CGCS2000,
    version: Annotated[int | None, typer.Option(help="As it stood at that version; now unless given.")] = None,
    language: LanguageOption = "zh",
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Writes a register to a file that can be imported again. What is restricted is never exported."""
    kind = format_of(out.name)
    with _desk(config, database_url) as desk:
        write_whole(out, desk.export(register, kind, coordinates, language_of(language), version))
    typer.echo(f"{register.value}: {out}")


def template(
    register: RegisterArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="The ending says the format; without it CSV on stdout.")
    ] = None,
    language: LanguageOption = "zh",
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Writes an empty table with all headings; a workbook explains them on its second sheet."""
    kind = FileFormat.CSV if out is None else format_of(out.name)
    with _desk(config, database_url, must_exist=False) as desk:
        content = desk.template(register, kind, language_of(language))
    if out is None:
        typer.echo(content.decode("utf-8-sig"), nl=False)
    else:
        write_whole(out, content)


def overview(config: ConfigOption = None, database_url: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """How many rows each register has, and who changed it last."""
    with _desk(config, database_url) as desk:
        found = desk.overview()
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False))
        return
    for one in found:
        last = "–" if one.last is None else f"v{one.last.version} {one.last.at:%Y-%m-%d} {one.last.who}: {one.last.why}"
        typer.echo(f"{one.kind.value:<10} {one.rows:>7}  {last}")


def show(
    register: RegisterArgument,
    key: Annotated[str, typer.Argument(help="The row's number or code.")],
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """One row as it stands, as JSON."""
    with _desk(config, database_url) as desk, _missing():
        typer.echo(desk.row(register, key).model_dump_json(indent=2))


def history(
    register: RegisterArgument,
    key: Annotated[str | None, typer.Argument(help="One row's versions; without it the register's changes.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who changed what, when and why, newest first."""
    with _desk(config, database_url) as desk, _missing():
        if key is not None:
            for version in history_view(desk.history(register, key)):
                typer.echo(version.model_dump_json())
            return
        found = [change_view(change) for change in desk.changes(register, limit)]
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False))
        return
    for one in found:
        typer.echo(
            f"v{one.version} {one.at:%Y-%m-%d %H:%M}Z {one.who}: +{one.added} ~{one.changed} −{one.removed} "
            f"{one.why} {one.source}"
        )


def remove(
    register: RegisterArgument,
    key: Annotated[str, typer.Argument(help="The row's number or code.")],
    why: Annotated[str, typer.Option(help="For the history.")],
    who: Annotated[str | None, typer.Option(help="For the history; your account name unless given.")] = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Takes a row out from now on; its history stays."""
    with _desk(config, database_url) as desk, _missing():
        typer.echo(f"version: {desk.remove(register, key, Operator(who or getuser(), frozenset()), why)}")


def check(
    language: LanguageOption = "zh",
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is wrong with the registers as they stand: expired plaques and permits, overlaps, gaps, wrong places."""
    with _desk(config, database_url) as desk:
        found = list(desk.check())
    if as_json:
        lines = [{"kind": register.value, **finding_view(one).model_dump(mode="json")} for register, one in found]
        typer.echo(json.dumps(lines, ensure_ascii=False))
        return
    for register, one in found:
        typer.echo(f"{register.value}\t{line(one, language_of(language))}")


def show_coverage(
    area: Annotated[str, typer.Option(help="An area code; all unless given.")] = "",
    first: Annotated[str | None, typer.Option("--from", help="A local day; today unless given.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="A local day; six days later unless given.")] = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Grids and roads without an officer, hour by hour, and grids without a camera."""
    with _desk(config, database_url) as desk:
        begin = desk.today() if first is None else day_of(first, "--from")
        end = begin + timedelta(days=6) if last is None else day_of(last, "--to")
        if not begin <= end <= begin + timedelta(days=400):
            raise UsageError("--to: must not lie before --from, nor more than 400 days after it")
        found = coverage_view(desk.coverage(begin, end, area))
    if as_json:
        typer.echo(found.model_dump_json())
        return
    share = "–" if found.share is None else f"{found.share:.1%}"
    typer.echo(f"{found.first} – {found.last}: {found.grids} grids, {found.roads} roads, {share} of the hours covered")
    for gap in found.gaps:
        spans = "; ".join(f"{start:%m-%d %H:%M}–{end:%m-%d %H:%M}" for start, end in gap.spans[:3])
        more = f" …(+{len(gap.spans) - 3})" if len(gap.spans) > 3 else ""
        typer.echo(f"nobody\t{gap.target}\t{gap.name.zh}\t{gap.hours:g} h\t{spans}{more}")
    for code in found.without_camera:
        typer.echo(f"no camera\t{code}")


@contextmanager
def _desk(config: Path | None, database_url: str | None, *, must_exist: bool = True) -> Iterator[RegisterDesk]:
    settings = load_settings(config, {"database_url": database_url})
    database = Database(settings.database_url)
    try:
        if must_exist:
            database.create()
        yield make_desk(settings, database)
    finally:
        database.close()


def make_desk(settings: CentralSettings, database: Database) -> RegisterDesk:
    """The desk on the database and the configured files."""
    site = load_site(settings.site)
    files = registers_of_files(site, load_catalogue(settings.violations), load_time_limits())
    return RegisterDesk(database, RegisterBook(site.to_origin(), files), SystemClock(), site.timezone)


@contextmanager
def _missing() -> Iterator[None]:
    try:
        yield
    except UnknownRow as error:
        raise UsageError(str(error)) from error
