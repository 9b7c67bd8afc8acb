"""What a figure was measured on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("av", "fastapi", "numpy", "onnxruntime", "opencv-python-headless", "openvino", "paho-mqtt", "sqlalchemy")
PACKAGES_BENCH = ("torch", "ultralytics", "playwright")


def describe_machine() -> dict[str, object]:
    """Processor, cores, load and versions; the load says whether anything else was running."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "has_vnni": "avx512_vnni" in _cpu_flags() or "avx_vnni" in _cpu_flags(),
        "load_1min_before": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES + PACKAGES_BENCH},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu_lines(key: str) -> list[str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return []
    return [line.partition(":")[2].strip() for line in path.read_text().splitlines() if line.startswith(key)]


def _processor() -> str:
    return next(iter(_cpu_lines("model name")), platform.processor())


def _cpu_flags() -> set[str]:
    return set(next(iter(_cpu_lines("flags")), "").split())
