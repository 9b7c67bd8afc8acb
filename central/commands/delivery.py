"""`python -m central deliveries | reconcile | simulate-platform`: how delivery stands, and a platform to try it on."""

import json
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from central.dispatching import known_target
from central.domain.delivery import DeliveryState
from central.ingest.address import parse_address
from central.offline import dispatching_of
from central.services.delivery_reconciling import Reconciliation
from central.services.delivery_signature import key_of
from central.services.delivery_views import DeliveryReader
from central.settings import CentralSettings, load_settings
from central.simulation.city_platform import Fault, Moods, Platform, PlatformServer
from central.simulation.platform_peer import PlatformPeer
from central.simulation.platform_records import Records
from central.store.database import Database
from central.targets import load_targets
from contract.clock import SystemClock
from contract.errors import PermanentError, UsageError

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
TargetsOption = Annotated[Path | None, typer.Option("--targets", help="The targets file, see configs/central/.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
DeliveryArgument = Annotated[int, typer.Argument(help="From `deliveries list`.")]


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    group = typer.Typer(
        help="What other systems are told of cases: what waits, what was refused, and another try.",
        no_args_is_help=True,
    )
    group.command("targets")(list_targets)
    group.command("list")(list_deliveries)
    group.command("show")(show_delivery)
    group.command("replay")(replay_delivery)
    cli.add_typer(group, name="deliveries")
    cli.command("reconcile")(reconcile)
    cli.command("simulate-platform")(simulate_platform)


def list_targets(config: ConfigOption = None, database_url: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Every target: what waits there, since when, what it refused, and whether its breaker is open."""
    found = _reader(load_settings(config, {"database_url": database_url})).targets()
    if as_json:
        typer.echo(json.dumps([view.model_dump(mode="json") for view in found], ensure_ascii=False))
        return
    table = Table("target", "in use", "waiting", "in doubt", "refused", "oldest", "breaker", "compared")
    for view in found:
        waiting = sum(view.counts.get(state, 0) for state in ("waiting", "sending", "handed_over"))
        breaker = f"open until {view.open_until:%H:%M:%S}Z" if view.open_until else f"{view.failures_in_a_row} failures"
        table.add_row(
            view.name,
            "yes" if view.is_active else "no",
            str(waiting),
            str(view.counts.get("uncertain", 0)),
            str(view.counts.get("dead", 0)),
            f"{view.oldest_waiting:%Y-%m-%d %H:%M}Z" if view.oldest_waiting else "",
            breaker,
            f"{view.reconciled_at:%Y-%m-%d %H:%M}Z" if view.reconciled_at else "never",
        )
    Console().print(table)


def list_deliveries(
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    state: Annotated[list[DeliveryState] | None, typer.Option(help="dead unless given; may be repeated.")] = None,
    target: Annotated[str | None, typer.Option(help="Of one target only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """The newest deliveries that a person must look at: refused, or given up after days."""
    reader = _reader(load_settings(config, {"database_url": database_url}))
    found = reader.listed(state or [DeliveryState.DEAD], target, limit)
    if as_json:
        typer.echo(json.dumps([view.model_dump(mode="json") for view in found], ensure_ascii=False))
        return
    for view in found:
        made = f"{view.made_at:%Y-%m-%d %H:%M:%S}Z"
        typer.echo(
            f"{view.id}\t{made}\t{view.target}\t{view.case_id} r{view.revision}\t{view.state}"
            f"\t{view.attempts}x\t{view.problem}"
        )


def show_delivery(
    delivery_id: DeliveryArgument,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """One delivery with what it says of the case."""
    row = _reader(load_settings(config, {"database_url": database_url})).show(delivery_id)
    facts: dict[str, object] = {
        "id": row.row_id,
        "case": row.case_id,
        "target": row.target,
        "revision": row.revision,
        "state": row.state,
        "attempts": row.attempts,
        "made_at": row.made_at.isoformat(),
        "problem": row.problem,
        "sheet": row.sheet.model_dump(mode="json"),
    }
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for key, value in facts.items():
        typer.echo(f"{key}: {value}")


def replay_delivery(
    delivery_id: DeliveryArgument, config: ConfigOption = None, database_url: DatabaseOption = None
) -> None:
    """Lets a refused delivery be tried again, after what it complained about was put right.

    Example: central deliveries replay 17
    """
    _reader(load_settings(config, {"database_url": database_url})).replay(delivery_id)
    typer.echo(f"delivery {delivery_id} waits to be sent")


def reconcile(
    target: Annotated[str, typer.Argument(help="A target of the targets file.")],
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    targets: TargetsOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Queue anew what is missing, old or never was sent.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compares what a target holds with what it told us it has; the service does the same every night.

    \b
    missing    it said that it has the case, and has it no longer
    extra      it has a record of ours that we never told it of
    different  it has an older revision, another id or another state
    double     it has several records of one case
    untold     its rule wants the case, and it was never queued (a new target, a changed rule)

    Exit code 1 if anything differs. Nothing is ever taken away at the target.

    Example: central reconcile city --repair
    """
    settings = load_settings(config, {"database_url": database_url, "targets": targets})
    report = _compare(settings, target, repair)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        _print(report)
    if not report.is_clean and not repair:
        raise PermanentError(f"{target} and central differ; --repair queues anew what can be put right")


def simulate_platform(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    file: Annotated[Path, typer.Option(help="Its records; they outlive the process.")] = Path("var/platform.db"),
    fault: Annotated[
        list[str] | None, typer.Option(help="NAME=SHARE of writes, e.g. fail_500=0.1; repeatable.")
    ] = None,
    knows_repeats: Annotated[bool, typer.Option(help="Heed Idempotency-Key; many platforms don't.")] = False,
    hook_secret: Annotated[str, typer.Option(envvar="XUNJIE_SECRET_HOOK", help="What webhooks are signed with.")] = "",
    mqtt_url: Annotated[str | None, typer.Option(help="Also take cases from a broker and answer there.")] = None,
) -> None:
    """A municipal platform to try delivery on: takes cases, loses its mind in all the ways that platforms do.

    Faults: fail_500 busy_429 down_503 refuse_422 refuse_in_200 drop slow accept_then_hang accept_then_500
    accept_then_drop accept_then_garbage accept_then_die accept_late. Runs until it is interrupted.

    Example: central simulate-platform --port 9090 --fault accept_then_hang=0.2 --fault fail_500=0.1
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    clock, records = SystemClock(), Records(file)
    platform = Platform(records, clock, Moods(mix=_mix(fault or [])), knows_repeats)
    platform.hook_key = key_of(hook_secret) if hook_secret else b""
    server = PlatformServer(port, platform)
    peer = None
    if mqtt_url is not None:
        peer = PlatformPeer(parse_address(mqtt_url), records, clock)
        peer.start()
        platform.moved = peer.tell
    typer.echo(json.dumps({"platform": f"http://127.0.0.1:{server.server_address[1]}/api/"}))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        threading.Thread(target=server.shutdown).start()
    finally:
        if peer is not None:
            peer.stop()
        records.close()


def _mix(faults: list[str]) -> dict[Fault, float]:
    found = {}
    for text in faults:
        name, _, share = text.partition("=")
        try:
            found[Fault(name)] = float(share)
        except ValueError as error:
            raise UsageError(f"--fault {text}: write it as NAME=SHARE; names: {', '.join(Fault)}") from error
    return found


def _reader(settings: CentralSettings) -> DeliveryReader:
    database = Database(settings.database_url)
    database.create()
    return DeliveryReader(database, SystemClock())


def _compare(settings: CentralSettings, name: str, repair: bool) -> Reconciliation:
    if settings.targets is None:
        raise UsageError("reconcile: name the targets file with --targets, or as `targets` in --config")
    wanted = load_targets(settings.targets)
    target = known_target(wanted, name)
    database = Database(settings.database_url)
    database.create()
    only = wanted.model_copy(update={"targets": (target,)})
    report = dispatching_of(settings, only, database, "reconcile").reconciler(target).run(repair)
    database.close()
    return report


def _print(report: Reconciliation) -> None:
    typer.echo(f"{report.target}: {report.compared} compared, {report.under_way} on their way")
    if not report.can_list:
        typer.echo("it can't be asked for all that it has; only what was never queued was looked for")
    for kind, number in report.counts.items():
        typer.echo(f"{kind}: {number}")
        for one in getattr(report, kind)[:20]:
            typer.echo(f"  {one.case_id or '?'}\t{one.external_id or ''}\t{one.ours}\t{one.theirs}".rstrip())
    if report.repaired:
        typer.echo(f"queued anew: {report.repaired}")
