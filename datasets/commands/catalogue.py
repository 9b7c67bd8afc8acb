"""`python -m datasets catalogue`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from datasets.catalogue import DEFAULT_CATALOGUE, Catalogue, Entry
from datasets.commands.telling import AsJson, console, errors_told


def catalogue(
    name: Annotated[str | None, typer.Argument(help="One source: everything known of it.")] = None,
    file: Annotated[Path, typer.Option(help="The catalogue.")] = DEFAULT_CATALOGUE,
    as_json: AsJson = False,
) -> None:
    """List sources that can't be shipped: licence, what they label, how to obtain and how to import them."""
    from datasets.catalogue import entry_named, read_catalogue

    with errors_told():
        held = read_catalogue(file)
        chosen = held.entries if name is None else (entry_named(held, name),)
    if as_json:
        print(json.dumps([entry.model_dump() for entry in chosen], indent=1, ensure_ascii=False))
    elif name is None:
        console.print(_table(held))
    else:
        _tell(chosen[0])


def _table(held: Catalogue) -> Table:
    table = Table("name", "what", "licence", "import", title="python -m datasets catalogue NAME tells more")
    for entry in held.entries:
        table.add_row(entry.name, escape(entry.title), escape(entry.licence), "yes" if entry.import_command else "no")
    return table


def _tell(entry: Entry) -> None:
    console.print(f"[bold]{escape(entry.title)}[/bold]")
    facts = (
        ("by", entry.by),
        ("licence", entry.licence),
        ("labels", f"{entry.kind}: {', '.join(entry.labels)}"),
        ("exhaustive for", ", ".join(entry.exhaustive_for) or "nothing"),
        ("", entry.exhaustive_note),
        ("obtain", entry.obtain),
        ("prepare", entry.prepare),
        ("import", entry.import_command or "not possible as it is"),
        ("note", entry.note),
    )
    grid = Table.grid(padding=(0, 2))
    for word, text in facts:
        grid.add_row(f"[dim]{word}[/dim]", escape(text))
    console.print(grid)
