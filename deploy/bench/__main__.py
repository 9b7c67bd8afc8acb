"""``make bench``: measures what the project promises and writes it down as JSON, with the machine and the versions.

    python -m deploy.bench [--only perception,detect,console,latency,fresh-demo] [--out runs/bench.json]

Nothing here passes or fails: figures are for reading, side by side, on a machine that is doing nothing else.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.bench.machine import describe_machine
from deploy.supervise import ROOT

Figures = dict[str, object]


def _perception() -> Figures:
    from deploy.bench.perception import measure_perception

    return measure_perception()


def _detect() -> Figures:
    from deploy.bench.detect import measure_detectors

    return measure_detectors()


def _console() -> Figures:
    from deploy.bench.console import measure_console

    return measure_console()


def _fresh_demo() -> Figures:
    from deploy.bench.fresh_demo import measure_fresh_demo

    return measure_fresh_demo()


SECTIONS: dict[str, Callable[[], Figures]] = {
    "perception": _perception,
    "detect": _detect,
    "console": _console,
    "fresh-demo": _fresh_demo,
}
"""Imported where they run: each section needs other libraries, and one must not load another's threads."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"comma-separated: {', '.join(SECTIONS)}")
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "bench.json")
    arguments = parser.parse_args()
    names = [name.strip() for name in arguments.only.split(",")]
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        parser.error(f"--only: no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    report: Figures = {"machine": describe_machine()}
    for name in names:
        sys.stderr.write(f"measuring {name} …\n")
        report[name] = SECTIONS[name]()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    arguments.out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
