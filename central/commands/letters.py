"""`python -m central dead-letters`: what could not be taken, why, and another try."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from central.ingest.address import parse_address
from central.offline import dispatching_of
from central.services.delivery_hearing import ReplyDesk
from central.services.letters import LetterDesk
from central.services.views import DeadLetterPage
from central.settings import load_settings
from central.site import load_site
from central.store.database import Database
from central.targets import load_targets
from contract.clock import SystemClock
from contract.errors import PermanentError, UsageError

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
MqttOption = Annotated[
    str | None, typer.Option("--mqtt-url", help="Only for its topic prefix: mqtt://host:port/prefix.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    group = typer.Typer(
        help="Messages that could not be taken, events that association set aside (topic inbox/N), and platforms' "
        "replies that can't be read (topic reply/TARGET).",
        no_args_is_help=True,
    )
    group.command("list")(list_letters)
    group.command("show")(show_letter)
    group.command("replay")(replay_letters)
    cli.add_typer(group, name="dead-letters")


def list_letters(
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """The newest dead letters with their reasons."""
    found = _desk(config, database_url).newest(limit)
    if as_json:
        typer.echo(DeadLetterPage(items=found).model_dump_json(indent=2))
        return
    for letter in found:
        came = f"{letter.received_at:%Y-%m-%d %H:%M:%S}Z"
        again = "replayed" if letter.replayed_at else f"{letter.times}x"
        size = f"{letter.size_bytes} B"
        typer.echo(f"{letter.id}\t{came}\t{letter.topic}\t{size}\t{again}\t{letter.outcome}\t{letter.reason}")


def show_letter(
    letter_id: Annotated[int, typer.Argument(help="From `dead-letters list`.")],
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """One dead letter with the beginning of its content."""
    facts = _desk(config, database_url).show(letter_id).model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for key, value in facts.items():
            typer.echo(f"{key}: {value}")


def replay_letters(
    letter_id: Annotated[int | None, typer.Argument(help="From `dead-letters list`; or --all with --reason.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that --reason names and nobody has replayed yet.")] = False,
    reason: Annotated[
        str | None, typer.Option(help="An outcome as `list` shows it (impossible_time), or words of the reason.")
    ] = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    mqtt_url: MqttOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reads dead letters again, as after an upgrade or once a clock is right; `serve` takes them up within seconds.

    What is known already is left as it is, so a replay can be repeated. Letters that are still refused stay; the exit
    code is then 1.

    Examples: central dead-letters replay 17 · central dead-letters replay --all --reason impossible_time
    """
    prefix = parse_address(load_settings(config, {"mqtt_url": mqtt_url}).mqtt_url).prefix
    if every == (letter_id is not None) or every != (reason is not None):
        raise UsageError("dead-letters replay: give either the number of one letter, or --all with --reason WORDS")
    desk = _desk(config, database_url)
    if letter_id is not None:
        facts: dict[str, object] = {"id": letter_id, "outcome": desk.replay(letter_id, prefix)}
        typer.echo(json.dumps(facts) if as_json else "\n".join(f"{key}: {value}" for key, value in facts.items()))
        return
    done = desk.replay_all(str(reason), prefix)
    counts = Counter(one.outcome for one in done)
    typer.echo(json.dumps(counts) if as_json else "\n".join(f"{key}: {value}" for key, value in sorted(counts.items())))
    for one in done:
        if one.reason is not None:
            typer.echo(f"dead letter {one.letter_id}: {one.reason}", err=True)
    if counts["refused"]:
        raise PermanentError(f"{counts['refused']} of {len(done)} letters are still refused (named above)")


def _desk(config: Path | None, database_url: str | None) -> LetterDesk:
    settings = load_settings(config, {"database_url": database_url})
    database = Database(settings.database_url)
    database.create()

    def replies() -> ReplyDesk | None:
        if settings.targets is None:
            return None
        return dispatching_of(settings, load_targets(settings.targets), database, "letters").replies

    return LetterDesk(database, SystemClock(), load_site(settings.site).to_surroundings(), replies)
