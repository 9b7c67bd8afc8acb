"""Which pickled checkpoints may be loaded: loading one runs whatever code its author put in.

A ``.pt`` is known when its sha256 stands in one of

- ``SHA256SUMS`` beside it or in a folder above (``<hash>  <path from that folder>``);
- ``manifest.json`` beside it, or any manifest of the zoo, as the weights that the model was made from;
- ``checkpoints.json`` of the training run that wrote it;
- the hashes that the caller vouches for.
"""

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from contract.errors import UsageError
from datasets.whole_file import sha256_of, write_whole_json

SUMS_FILE = "SHA256SUMS"
RECORD_FILE = "checkpoints.json"
LEVELS_ABOVE = 4
"""A list further up than this is somebody else's."""

ZOO = Path(__file__).resolve().parent / "zoo"
_HASH = re.compile(r"[0-9a-f]{64}")


def require_known(path: Path, vouched: Collection[str] = (), zoo: Path = ZOO) -> str:
    """The file's sha256, if somebody answers for it.

    Args:
        path: a ``.pt`` file.
        vouched: sha256 given by the caller, lower case.
        zoo: model folders whose manifests count.

    Raises:
        UsageError: no such file, nobody knows its hash, or the list beside it says another one.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such weights file")
    found = sha256_of(path)
    if found in vouched:
        return found
    listed = dict(_listed(path))
    if found in listed or found in _of_manifests(path, zoo) or found in _of_runs(path):
        return found
    for other, file in listed.items():
        raise UsageError(f"{path}: sha256 is {found}, {file} says {other}; damaged or changed: fetch it again")
    raise UsageError(
        f"{path}: a pickled checkpoint can run code when it is loaded, and nobody vouches for sha256 {found}; "
        f"if you trust where it comes from, add it to {path.parent / SUMS_FILE} or pass --trust {found}"
    )


def as_hashes(values: Collection[str]) -> frozenset[str]:
    """What ``--trust`` was given.

    Raises:
        UsageError: not a sha256.
    """
    for value in values:
        if not _HASH.fullmatch(value.lower()):
            raise UsageError(f"--trust {value}: not a sha256 (64 hexadecimal digits)")
    return frozenset(value.lower() for value in values)


def remember(run_dir: Path, path: Path, found: str) -> None:
    """Notes in the run's record that this run wrote `path`; the hash before it stays, for a kill between two writes."""
    record = _record(run_dir / RECORD_FILE)
    name = path.relative_to(run_dir).as_posix()
    record[name] = [*record.get(name, ())[-1:], found]
    write_whole_json(run_dir / RECORD_FILE, record)


def _listed(path: Path) -> Iterator[tuple[str, Path]]:
    """Hashes that a list gives for exactly this file, with the list."""
    resolved = path.resolve()
    for folder in _above(resolved):
        sums = folder / SUMS_FILE
        if not sums.is_file():
            continue
        for line in sums.read_text(encoding="utf-8", errors="replace").splitlines():
            listed, _, name = line.partition(" ")
            if _HASH.fullmatch(listed) and (folder / name.lstrip(" *")).resolve() == resolved:
                yield listed, sums


def _of_manifests(path: Path, zoo: Path) -> set[str]:
    manifests = [path.parent / "manifest.json", *zoo.glob("*/*/manifest.json")]
    found = set()
    for manifest in manifests:
        content = _json(manifest)
        provenance = content.get("provenance")
        if isinstance(provenance, dict):
            found.add(str(provenance.get("weights_sha256")))
    return found


def _of_runs(path: Path) -> set[str]:
    return {
        entry
        for folder in _above(path.resolve())
        for entries in _record(folder / RECORD_FILE).values()
        for entry in entries
    }


def _above(path: Path) -> tuple[Path, ...]:
    return tuple(path.parents)[:LEVELS_ABOVE]


def _record(path: Path) -> dict[str, list[str]]:
    return {
        name: [str(entry) for entry in entries] for name, entries in _json(path).items() if isinstance(entries, list)
    }


def _json(path: Path) -> dict[str, object]:
    """The file's object; empty where there is none to be had: then it vouches for nothing."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
