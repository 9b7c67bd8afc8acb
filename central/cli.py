"""The command line. Exit 0 done, 1 failed, 2 wrong usage or configuration; a wrong input is one line, no traceback."""

import json
import os
import secrets
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from central.api.access import Tokens
from central.app import Central
from central.catalogue import load_catalogue, make_law
from central.commands import (
    assess,
    association,
    association_store,
    audit,
    backup,
    bench,
    database,
    deadline,
    deadlines,
    delivery,
    demo,
    fleet,
    judge,
    letters,
    originals,
    package,
    people,
    registers,
    rejudge,
    retention,
    workflow,
)
from central.ingest.address import parse_address
from central.logs import configure_logs
from central.serving import Server, bind, end_cleanly
from central.settings import LogFormat, Role, load_secrets, load_settings
from central.site import load_site
from central.store.database import Database
from contract.clock import SystemClock
from contract.errors import PermanentError, TransientError, UsageError

cli = typer.Typer(
    name="central",
    add_completion=False,
    help="The control room's service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
assess.add_to(cli)
association.add_to(cli)
association_store.add_to(cli)
backup.add_to(cli)
audit.add_to(cli)
bench.add_to(cli)
database.add_to(cli)
letters.add_to(cli)
retention.add_to(cli)
workflow.add_to(cli)
deadline.add_to(cli)
demo.add_to(cli)
deadlines.add_to(cli)
delivery.add_to(cli)
judge.add_to(cli)
fleet.add_to(cli)
originals.add_to(cli)
package.add_to(cli)
people.add_to(cli)
registers.add_to(cli)
rejudge.add_to(cli)

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
MqttOption = Annotated[
    str | None,
    typer.Option("--mqtt-url", help="mqtt://host:port/prefix, user:pass@ before the host; mqtts:// for TLS."),
]
SiteOption = Annotated[Path | None, typer.Option("--site", help="Zones, hours and overlaps, see configs/site/.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


@cli.command()
def serve(
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    mqtt_url: MqttOption = None,
    site: SiteOption = None,
    evidence_dir: Annotated[Path | None, typer.Option("--evidence-dir", help="Folder for pictures.")] = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Console and API; 0 takes a free one.")] = None,
    log_format: Annotated[LogFormat | None, typer.Option("--log-format", help="On stderr.")] = None,
    roles: Annotated[
        str | None,
        typer.Option(
            "--roles", help="Some of ingest,associate,api,dispatch; all by default. See the installer's guide."
        ),
    ] = None,
    districts: Annotated[
        str | None, typer.Option("--districts", help="Of the site file's, those that this process associates; all.")
    ] = None,
    worker: Annotated[str | None, typer.Option("--worker", help="This process's name to the broker.")] = None,
    ingest_group: Annotated[
        str | None, typer.Option("--ingest-group", help="Share the events with the other ingesters of this group.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Takes events, joins them into cases, judges them and shows them live.

    Secrets come from the environment: XUNJIE_OPERATOR_TOKEN and XUNJIE_NODE_TOKEN. One that is unset is made up and
    printed at start. While nobody has an account, one is made and printed too: `people add` makes the others.
    """
    flags = {
        "database_url": database_url,
        "mqtt_url": mqtt_url,
        "site": site,
        "evidence_dir": evidence_dir,
        "host": host,
        "port": port,
        "log_format": log_format,
        "roles": roles,
        "districts": districts,
        "worker": worker,
        "ingest_group": ingest_group,
    }
    settings = load_settings(config, flags)
    configure_logs(settings.log_format)
    given = load_secrets(os.environ)
    tokens = Tokens(given.operator_token or secrets.token_urlsafe(18), given.node_token or secrets.token_urlsafe(18))
    sock = bind(settings.host, settings.port)
    central = Central(settings, tokens, SystemClock())
    shown_host = f"[{settings.host}]" if ":" in settings.host else settings.host
    report = {"console": f"http://{shown_host}:{sock.getsockname()[1]}/"}
    if given.operator_token is None:
        report["token"] = tokens.operator
    if given.node_token is None:
        report["node-token"] = tokens.node
    first = central.people.make_first_admin() if Role.API in settings.roles else None
    if first is not None:  # told once; whoever missed it uses `people reset-password`
        report |= {"first-account": first.name, "first-password": first.password}
    _report(report, as_json)
    end_cleanly()
    Server(central.http, central.feed.close).run(sockets=[sock])


@cli.command("check-config")
def check_config(
    config: ConfigOption = None,
    site: SiteOption = None,
    violations: Annotated[Path | None, typer.Option("--violations", help="Instead of the packaged file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Reads all configuration, starts nothing, and says what it found."""
    settings = load_settings(config, {"site": site, "violations": violations})
    load_secrets(os.environ)
    Database(settings.database_url).close()
    loaded = load_site(settings.site)
    law = make_law(load_catalogue(settings.violations), loaded)
    _report(
        {
            "broker": str(parse_address(settings.mqtt_url)),
            "site": loaded.name.en,
            "zones": len(law.zones),
            "violations": len(law.violations),
            "demo": loaded.demo,
        },
        as_json,
    )


def main() -> None:
    """Runs the command line; turns our errors into a line on stderr and an exit code."""
    try:
        cli()
    except UsageError as error:
        sys.exit(_complain(error, 2))
    except (TransientError, PermanentError) as error:
        sys.exit(_complain(error, 1))


def _report(facts: dict[str, object] | dict[str, str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for key, value in facts.items():
            typer.echo(f"{key}: {value.value if isinstance(value, Enum) else value}")
    sys.stdout.flush()


def _complain(error: Exception, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code
