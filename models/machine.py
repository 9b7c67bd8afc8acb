"""What ran something: processor, instruction sets, packages, and the version of this code. No host name, no user."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

PACKAGES = ("torch", "torchvision", "ultralytics", "numpy", "opencv-python-headless", "openvino", "nncf", "onnxruntime")

_SET_BY_FLAG = {
    "avx2": "avx2",
    "avx512bw": "avx512",
    "avx_vnni": "vnni",
    "avx512_vnni": "vnni",
    "avx512_bf16": "bf16",
    "amx_bf16": "amx",
    "amx_int8": "amx",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "sve": "sve",
}
"""Linux's names for the sets that decide how INT8 is summed up: without VNNI, AMX or dot product it can saturate."""


def instruction_sets(cpuinfo: str | None = None) -> tuple[str, ...]:
    """The sets that matter to a detector, of this processor or of the given text of ``/proc/cpuinfo``; () if unknown.

    >>> instruction_sets("flags : fpu avx2 avx512bw avx512_vnni")
    ('avx2', 'avx512', 'vnni')
    """
    text = _cpuinfo() if cpuinfo is None else cpuinfo
    lines = [line.split(":", 1)[1].split() for line in text.splitlines() if line.startswith(("flags", "Features"))]
    flags = set(lines[0]) if lines else set()
    return tuple(dict.fromkeys(name for flag, name in _SET_BY_FLAG.items() if flag in flags))


def processor() -> str:
    """Processor and core count."""
    names = [line.split(":", 1)[1].strip() for line in _cpuinfo().splitlines() if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count() or 1} cores"


def package_versions(names: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of what is installed of `names`, and Python's own."""
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def code_version(repository: Path = REPOSITORY) -> str:
    """The commit, with ``+changes`` where tracked files differ from it; ``unknown`` outside a git checkout."""
    commit = _git(repository, "rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    return f"{commit}+changes" if _git(repository, "status", "--porcelain", "--untracked-files=no") else commit


def _git(repository: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
