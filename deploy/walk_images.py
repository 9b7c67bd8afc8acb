"""``make walk-images``: walks both Dockerfiles' steps where no engine and no registry can be reached, and proves them.

Each step is said as it is done; what can't be walked here is named as *not walked*. A walk is no build: it shows that
the steps fit together, the requirements install and the right files are there, not what the base image brings.
Exit 0 when all that could be walked works, 1 when not.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.dockerfile import DockerfileError, parse_dockerfile
from deploy.image_proofs import Trial, prove_central, prove_edge, prove_together
from deploy.image_walk import ROOT, Image, Report, Walk, WalkError

BASE = re.compile(r"python:(\d+\.\d+)-")


@dataclass(frozen=True, slots=True)
class Size:
    """What a walked image adds to its base; MB are 10^6 bytes on disk."""

    image: str
    venv_mb: float
    app_mb: float
    walk_s: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="report as JSON on standard output")
    as_json: bool = parser.parse_args().json
    report = Report()
    sizes: list[Size] = []
    problem = None
    # The folder is made readable for the image's user; nothing in it is secret.
    with tempfile.TemporaryDirectory(prefix="xunjie-walk-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            _walk_both(folder, report, sizes)
        except (WalkError, DockerfileError) as error:
            problem = str(error)
    if as_json:
        facts = {"problem": problem, "sizes": [*map(asdict, sizes)], "steps": [*map(asdict, report.steps)]}
        print(json.dumps(facts, ensure_ascii=False, indent=2))
    elif problem is None:
        _print_table(sizes, report)
    if problem is not None:
        print(f"error: {problem}", file=sys.stderr)
    return 0 if problem is None else 1


def _walk_both(folder: Path, report: Report, sizes: list[Size]) -> None:
    trials = {}
    for role in ("edge", "central"):
        started_s = time.monotonic()
        walk = Walk(role, folder, _base_python(role), report)
        image = walk.run()
        walk_s = time.monotonic() - started_s
        sizes.append(Size(role, _size_mb(image.inside("/venv")), _size_mb(image.inside("/app")), round(walk_s, 1)))
        trials[role] = Trial(role, image, _folder_of_user(folder / f"cwd-{role}", image))
        report.not_walked(role, "system libraries of the base image: this machine's stand in")
    prove_edge(trials["edge"], report)
    prove_central(trials["central"], report)
    prove_together(trials["edge"], trials["central"], folder, report)


def _base_python(role: str) -> Path:
    """A Python on this machine to stand in for the base image's: the same minor version, usable by everybody.

    Raises:
        WalkError: there is none.
    """
    name = f"Dockerfile.{role}"
    base = parse_dockerfile((ROOT / name).read_text(encoding="utf-8"), name)[0].base
    found = BASE.match(base)
    if found is None:
        raise WalkError(f"{name}: FROM {base}: this walk knows python:X.Y-… only")
    wanted = found.group(1)
    for path in _pythons(wanted):
        if _is_usable(path, wanted):
            return path
    raise WalkError(f"{name}: no Python {wanted} with venv here that every user may run; install python{wanted}-venv")


def _pythons(version: str) -> Iterator[Path]:
    yield Path(sys.base_prefix) / "bin" / f"python{version}"
    for folder in ("/usr/local/bin", "/usr/bin"):
        yield Path(folder) / f"python{version}"


def _is_usable(path: Path, version: str) -> bool:
    """Whether nobody in particular could start it: a root's own Python often lies in a closed folder."""
    program = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    user = 65534 if os.geteuid() == 0 else None
    try:
        said = subprocess.run(
            [path, "-c", program], cwd="/", user=user, group=user, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.stdout.strip() == version


def _folder_of_user(folder: Path, image: Image) -> Path:
    folder.mkdir()
    if os.geteuid() == 0 and image.user is not None:
        os.chown(folder, image.user, image.user)
    return folder


def _size_mb(folder: Path) -> float:
    total = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return round(total / 1e6, 1)


def _print_table(sizes: list[Size], report: Report) -> None:
    print(f"\n{'image':8} {'packages':>12} {'ours':>10} {'walked in':>10}")
    for size in sizes:
        print(f"{size.image:8} {size.venv_mb:>9.1f} MB {size.app_mb:>7.1f} MB {size.walk_s:>8.1f} s")
    skipped = sum(step.outcome == "not walked" for step in report.steps)
    print(
        f"{len(report.steps) - skipped} steps walked, {skipped} not walked (named above); sizes without the base image"
    )


if __name__ == "__main__":
    raise SystemExit(main())
