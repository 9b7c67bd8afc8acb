"""Whether the images can be built for another architecture: every pinned package has a wheel for it.

python -m deploy.check_wheels [amd64|arm64 …]     (`make check-wheels`; asks the package index, installs nothing)
"""

import subprocess
import sys
import tempfile

from contract.errors import PermanentError, UsageError

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
ROLES = ("edge", "central")
GLIBC = (17, 24, 26, 27, 28, 31, 34, 35, 36)
"""manylinux tags that Debian bookworm's glibc 2.36 runs, which the images are based on."""
PYTHON = "3.11"


def missing_wheels(role: str, architecture: str) -> str:
    """What pip says is missing; empty when everything in the role's requirements has a wheel."""
    machine = MACHINES[architecture]
    tags = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC] + [f"manylinux2014_{machine}"]
    with tempfile.TemporaryDirectory() as nowhere:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--target", nowhere]
        command += ["--python-version", PYTHON, "--implementation", "cp", "--only-binary", ":all:"]
        command += [part for tag in tags for part in ("--platform", tag)]
        command += ["--requirement", f"requirements/{role}.txt"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stderr.strip()


def main(architectures: list[str]) -> int:
    unknown = [name for name in architectures if name not in MACHINES]
    if unknown:
        raise UsageError(f"{', '.join(unknown)}: no such architecture; there are {', '.join(MACHINES)}")
    for architecture in architectures or MACHINES:
        for role in ROLES:
            missing = missing_wheels(role, architecture)
            if missing:
                raise PermanentError(f"{role} on {architecture}: {missing}")
            print(f"{role} on {architecture}: every package has a wheel")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except (UsageError, PermanentError) as error:
        sys.exit(str(error))
