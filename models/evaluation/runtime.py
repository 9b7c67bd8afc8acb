"""What the numbers were taken on: engine, processor, instruction sets, versions. Never a host's name."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from models.evaluation.eyes import Eye

INSTRUCTION_SETS = (
    ("amx_int8", "AMX-INT8"),
    ("avx512_vnni", "AVX512-VNNI"),
    ("avx_vnni", "AVX-VNNI"),
    ("avx512f", "AVX512"),
    ("avx2", "AVX2"),
    ("asimddp", "NEON-DOTPROD"),
    ("sse4_2", "SSE4.2"),
)
"""By what INT8 gains from them. Without one that has VNNI, AMX or dot products, INT8 sums can saturate."""

PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless", "openvino", "pillow")


@dataclass(frozen=True, slots=True)
class Runtime:
    """`median_ms`: wall time of one look, letterbox to boxes, reading the picture not counted; None without a look."""

    engine: str
    threads: int
    median_ms: float | None
    cpu: str
    instruction_set: str
    versions: Mapping[str, str]


def runtime(eye: Eye) -> Runtime:
    """Where and how `eye` has run."""
    facts = _cpu_facts()
    flags = set(facts.get("flags", facts.get("Features", "")).split())
    best = next((name for flag, name in INSTRUCTION_SETS if flag in flags), platform.machine() or "unknown")
    versions = {name: found for name in PACKAGES if (found := _version(name))}
    return Runtime(
        engine=eye.shipped.engine.value,
        threads=eye.threads,
        median_ms=eye.median_ms,
        cpu=facts.get("model name") or platform.processor() or "unknown",
        instruction_set=best,
        versions={"python": platform.python_version(), **versions},
    )


def _cpu_facts() -> dict[str, str]:
    """The first processor's entries of /proc/cpuinfo; empty where there is none."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return {}
    pairs = (line.partition(":") for line in cpuinfo.read_text(encoding="utf-8").splitlines())
    facts: dict[str, str] = {}
    for key, _, value in pairs:
        facts.setdefault(key.strip(), value.strip())
    return facts


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
