"""What the numbers were taken on: engine, processor, instruction sets, versions. Never a host's name."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.evaluation.eyes import Eye
from models.machine import code_version, instruction_sets, package_versions, processor

PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless", "openvino", "pillow")


@dataclass(frozen=True, slots=True)
class Runtime:
    """`median_ms`: wall time of one look, letterbox to boxes, reading the picture not counted; None without a look."""

    engine: str
    threads: int
    median_ms: float | None
    cpu: str
    instruction_sets: tuple[str, ...]
    versions: Mapping[str, str]
    code: str


def runtime(eye: Eye) -> Runtime:
    """Where and how `eye` has run."""
    return Runtime(
        engine=eye.shipped.engine.value,
        threads=eye.threads,
        median_ms=eye.median_ms,
        cpu=processor(),
        instruction_sets=instruction_sets(),
        versions=package_versions(PACKAGES),
        code=code_version(),
    )
