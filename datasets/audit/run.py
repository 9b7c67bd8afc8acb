"""Audits sources: reads what can be read, keeps every fault, and asks each check in turn."""

from collections.abc import Callable, Sequence
from pathlib import Path

from contract.errors import UsageError
from datasets.audit.alike import alike_findings
from datasets.audit.boxes import box_findings, class_findings
from datasets.audit.values import Audit, Finding, Kind, Seen
from datasets.clashes import clashes
from datasets.faults import Fault
from datasets.folder import LabelledFolder, LabelledPicture, read_folder
from datasets.looks import look_at
from datasets.picture import picture_size
from datasets.split_lock import Half, SplitLock


def audit(
    roots: Sequence[Path],
    lock: SplitLock | None,
    on_count: Callable[[int], None],
    on_picture: Callable[[], None],
) -> Audit:
    """The findings in the folders at `roots`, across them too.

    Args:
        roots: sources in the folder form.
        lock: tells the halves of the pictures it knows; split.json tells those of others.
        on_count: told once how many pictures there are.
        on_picture: called for every picture looked at.

    Raises:
        UsageError: a folder that leaves nothing to audit: no source.json, no pictures.
    """
    faults: list[Fault] = []
    folders = tuple(read_folder(root, faults) for root in roots)
    findings = [Finding(Kind.LABEL, str(fault)) for fault in faults]
    findings += [Finding(Kind.CLASH, text) for text in clashes(folders)]
    on_count(sum(len(folder.pictures) for folder in folders))
    pictures: list[Seen] = []
    for folder in folders:
        for picture in folder.pictures:
            try:
                pictures.append(_look(folder, picture, lock))
            except UsageError as error:
                findings.append(Finding(Kind.UNREADABLE, str(error)))
            on_picture()
    for seen in pictures:
        findings += box_findings(seen)
    findings += alike_findings(pictures)
    findings += class_findings(folders)
    order = list(Kind)
    findings.sort(key=lambda finding: (order.index(finding.kind), -finding.weight, finding.message))
    return Audit(folders, tuple(roots), tuple(findings))


def _look(folder: LabelledFolder, picture: LabelledPicture, lock: SplitLock | None) -> Seen:
    look = look_at(picture.path)
    return Seen(folder.name, picture, picture_size(picture.path), look, _half(folder, picture, lock))


def _half(folder: LabelledFolder, picture: LabelledPicture, lock: SplitLock | None) -> Half | None:
    place = lock.find(folder.name, picture.path.stem) if lock is not None else None
    return place.half if place is not None else picture.split
