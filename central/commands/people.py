"""`people …`: accounts at the command line, for the first one and for when nobody can sign in any more."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from central.domain.accounts import Person
from central.services.hashing import Hasher
from central.services.people import By, PeopleDesk, Rights, UnknownPerson, read_roles
from central.settings import load_settings
from central.store.database import Database
from contract.clock import SystemClock, format_rfc3339
from contract.errors import UsageError

_cli = typer.Typer(help="Accounts: who may sign in, what they may do, and where.", no_args_is_help=True)
ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
NameArgument = Annotated[str, typer.Argument(help="The account's name; capital letters don't matter.")]
RolesOption = Annotated[
    str,
    typer.Option(
        "--roles",
        help="Some of reviewer, acceptance_operator, shift_leader, dispatcher, handling_unit, inspector, supervisor, "
        "leader, admin; with commas.",
    ),
]
DistrictOption = Annotated[
    str, typer.Option("--district", help="Area code, or the beginning of one, that all their cases lie in.")
]
DepartmentOption = Annotated[
    str,
    typer.Option("--department", help="Whose cases a handling unit handles, as the register of responsibility has it."),
]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Take the password from the first line of standard input.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
BY = By("command line")


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    cli.add_typer(_cli, name="people")


@_cli.command("add")
def add(
    name: NameArgument,
    roles: RolesOption,
    district: DistrictOption = "",
    department: DepartmentOption = "",
    password_stdin: StdinOption = False,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Makes an account. They choose a password of their own when they first sign in.

    Example:  python -m central people add 王五 --roles reviewer --district 370303
    """
    desk, database = _open(config, database_url)
    rights = Rights(read_roles(roles.split(",")), district, department)
    person = desk.add(name, _password(password_stdin), rights, BY)
    database.close()
    typer.echo(f"{person.name}: {_shown_rights(person)}")


@_cli.command("list")
def list_people(config: ConfigOption = None, database_url: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Every account, disabled ones too."""
    desk, database = _open(config, database_url)
    everybody = desk.everybody()
    database.close()
    if as_json:
        typer.echo(json.dumps([_as_json(person) for person in everybody], ensure_ascii=False))
        return
    table = Table("name", "roles", "district", "signed in", "", box=None)
    for person in everybody:
        seen = "never" if person.seen_at is None else f"{person.seen_at:%Y-%m-%d %H:%M} UTC"
        note = "disabled" if person.disabled_at else "must choose a password" if person.must_change else ""
        table.add_row(person.name, ", ".join(sorted(person.roles)), person.district or "everywhere", seen, note)
    Console().print(table)


@_cli.command("roles")
def set_roles(
    name: NameArgument,
    roles: RolesOption,
    district: Annotated[
        str | None, typer.Option("--district", help="As it is, unless given; an empty text for everywhere.")
    ] = None,
    department: Annotated[
        str | None, typer.Option("--department", help="As it is, unless given; an empty text for every department.")
    ] = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Gives somebody other roles, and another district if one is given."""
    desk, database = _open(config, database_url)
    present = _found(desk, name)
    rights = Rights(
        read_roles(roles.split(",")),
        present.district if district is None else district,
        present.department if department is None else department,
    )
    person = desk.set_rights(name, rights, BY)
    database.close()
    typer.echo(f"{person.name}: {_shown_rights(person)}")


@_cli.command("reset-password")
def reset_password(
    name: NameArgument,
    password_stdin: StdinOption = False,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Gives somebody a new password, good for choosing their own. All their sessions end."""
    desk, database = _open(config, database_url)
    person = _found(desk, name)
    ended = desk.set_password(person.name, _password(password_stdin), BY)
    database.close()
    typer.echo(f"{person.name}: new password; {ended} sessions ended")


@_cli.command("disable")
def disable(
    name: NameArgument,
    again: Annotated[bool, typer.Option("--undo", help="Open the account again.")] = False,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
) -> None:
    """Shuts an account and ends its sessions at once. It is never deleted: the history names it."""
    desk, database = _open(config, database_url)
    _found(desk, name)
    person = desk.set_disabled(name, BY, is_disabled=not again)
    database.close()
    typer.echo(f"{person.name}: {'open' if again else 'disabled'}")


def _open(config: Path | None, database_url: str | None) -> tuple[PeopleDesk, Database]:
    settings = load_settings(config, {"database_url": database_url})
    database = Database(settings.database_url)
    database.create()
    return PeopleDesk(database, Hasher(), SystemClock()), database


def _found(desk: PeopleDesk, name: str) -> Person:
    try:
        return desk.person(name)
    except UnknownPerson as error:
        raise UsageError(f"nobody is called {name!r}; `people list` tells the names") from error


def _password(from_stdin: bool) -> str:
    """Never from an argument: those stand in the process list and in the shell's history."""
    if from_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise UsageError("--password-stdin: the first line is empty")
        return line
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask for the password on; use --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _shown_rights(person: Person) -> str:
    whose = f", of {person.department}" if person.department else ""
    return f"{', '.join(sorted(person.roles))} in {person.district or 'every district'}{whose}"


def _as_json(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "roles": sorted(person.roles),
        "district": person.district,
        "department": person.department,
        "must_change_password": person.must_change,
        "made_at": format_rfc3339(person.made_at),
        "made_by": person.made_by,
        "signed_in_at": None if person.seen_at is None else format_rfc3339(person.seen_at),
        "disabled_at": None if person.disabled_at is None else format_rfc3339(person.disabled_at),
    }
