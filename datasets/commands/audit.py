"""`python -m datasets audit`."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from datasets.audit.values import Audit
from datasets.commands.telling import AsJson, console, errors_told, progress_bar

FAULTS_TOLD = 20


def audit(
    folders: Annotated[list[Path], typer.Argument(help="Sources: images/, labels/, source.json.")],
    out: Annotated[Path, typer.Option(help="Folder for index.html and findings.json.")] = Path("runs/audit"),
    lock: Annotated[
        Path | None, typer.Option(help="Judge leaks by this lock's halves; split.json's where it is silent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Audit sources: near-duplicates across halves and sources, boxes, labels, class balance, unreadable files.

    Exit code 0: nothing to mend (there may be remarks). 1: faults to mend. 2: there is nothing that could be audited.
    The page holds shrunk pictures: keep it where the pictures themselves may be.
    """
    from datasets.audit.page import PAGE_FILE, write_page
    from datasets.audit.run import audit as run_audit
    from datasets.split_lock import read_lock
    from datasets.whole_file import write_whole_text

    with errors_told():
        held = read_lock(lock) if lock is not None else None
        with progress_bar() as progress:
            looking = progress.add_task("look", total=None)
            found = run_audit(
                folders,
                held,
                on_count=lambda count: progress.update(looking, total=count),
                on_picture=lambda: progress.advance(looking),
            )
            drawing = progress.add_task("draw", total=None)
            write_page(
                found,
                out,
                on_count=lambda count: progress.update(drawing, total=count),
                on_sheet=lambda: progress.advance(drawing),
            )
        text = json.dumps(_facts(found), indent=1, ensure_ascii=False)
        write_whole_text(out / "findings.json", text + "\n")
    if as_json:
        print(text)
    else:
        _tell(found, out / PAGE_FILE)
    raise typer.Exit(1 if found.faults else 0)


def _facts(found: Audit) -> dict[str, object]:
    return {
        "sources": [folder.name for folder in found.folders],
        "pictures": sum(len(folder.pictures) for folder in found.folders),
        "faults": found.faults,
        "remarks": found.remarks,
        "by_kind": Counter(finding.kind for finding in found.findings),
        "findings": [
            {"kind": finding.kind, "fault": finding.is_fault, "message": finding.message} for finding in found.findings
        ],
    }


def _tell(found: Audit, page: Path) -> None:
    faults = [finding for finding in found.findings if finding.is_fault]
    for finding in faults[:FAULTS_TOLD]:
        console.print(f"[red]fault[/red] {escape(f'{finding.kind}: {finding.message}')}", soft_wrap=True)
    if len(faults) > FAULTS_TOLD:
        console.print(f"[red]fault[/red] and {len(faults) - FAULTS_TOLD} more")
    kinds = Counter(finding.kind for finding in found.findings if not finding.is_fault)
    remarks = ", ".join(f"{kind} {count}" for kind, count in kinds.items()) or "none"
    console.print(f"{len(faults)} faults; remarks: {remarks}; look at {page}")
