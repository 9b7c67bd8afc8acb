"""`python -m datasets split`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from contract.errors import UsageError
from datasets.commands.telling import AsJson, console, errors_told, progress_bar
from datasets.split_lock import SplitLock
from datasets.split_plan import SplitPlan


def split(
    lock: Annotated[Path, typer.Option(help="The lock to extend, or to make. Commit it: it holds no pictures.")],
    folders: Annotated[list[Path] | None, typer.Argument(help="Sources, where there is no plan.")] = None,
    plan: Annotated[Path | None, typer.Option(help="A plan, as configs/datasets/split.yaml.")] = None,
    val_share: Annotated[float, typer.Option(help="With FOLDERS: share of scenes to hold out.")] = 0.2,
    folds: Annotated[int, typer.Option(min=2, max=20, help="With FOLDERS: folds by scene.")] = 5,
    relock: Annotated[
        bool, typer.Option("--relock", help="Forget the old lock. Numbers are then new numbers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Split sources by scene, so that no scene is both learnt from and judged on, and lock the result.

    A scene is what scenes.json says, what names tell, and whatever looks alike, within a source or across sources.
    Pictures that are locked already keep their place; a replaced picture is an error. Where split.json is obeyed and
    leaks, train pictures of a val scene are withheld.
    """
    from datasets.split_lock import read_lock, write_lock
    from datasets.splitting import counts_of, make_lock

    with errors_told():
        chosen = _plan(plan, tuple(folders or ()), val_share, folds)
        old = read_lock(lock) if lock.exists() and not relock else None
        with progress_bar() as progress:
            task = progress.add_task("look", total=None)
            report = make_lock(
                chosen,
                old,
                on_count=lambda count: progress.update(task, total=count),
                on_picture=lambda: progress.advance(task),
            )
        write_lock(lock, report.lock)
    if as_json:
        halves = {source: dict(counts_of(report.lock, source)) for source in report.lock.by_source}
        facts = {
            "lock": str(lock),
            "scenes": report.scenes,
            "alike_pairs": report.alike_pairs,
            "alike_across_sources": report.alike_across_sources,
            "newly_locked": report.newly_locked,
            "sources": halves,
        }
        print(json.dumps(facts))
    else:
        console.print(_table(report.lock))
        console.print(
            f"{lock}: {report.newly_locked} pictures newly locked, {report.scenes} scenes; {report.alike_pairs} pairs "
            f"look alike, {report.alike_across_sources} of them across sources"
        )


def _plan(plan: Path | None, folders: tuple[Path, ...], val_share: float, folds: int) -> SplitPlan:
    from datasets.split_plan import plan_for_folders, read_split_plan

    if (plan is None) == (not folders):
        raise UsageError("give either --plan or one or more folders")
    return read_split_plan(plan) if plan is not None else plan_for_folders(folders, val_share, folds)


def _table(lock: SplitLock) -> Table:
    from datasets.splitting import counts_of

    table = Table("source", "train", "val", "withheld", "scenes", title="the lock")
    for source, pictures in lock.by_source.items():
        counts = counts_of(lock, source)
        scenes = len({picture.scene for picture in pictures.values()})
        table.add_row(source, *(str(counts[half]) for half in ("train", "val", "withheld")), str(scenes))
    return table
