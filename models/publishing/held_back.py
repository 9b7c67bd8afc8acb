"""Holds OpenVINO back from a processor's newer instructions, to measure here what an older one would compute."""

import os

from models.machine import instruction_sets

ONEDNN_LIMIT = "ONEDNN_MAX_CPU_ISA"
"""Read by oneDNN when its process starts."""

WITHOUT_VNNI = "AVX512_CORE"
"""oneDNN's name of what is left. Without VNNI products are summed in 16 bits, which saturate: what the overflow fix is
for. OpenVINO 2026.4 doesn't compile under a limit to AVX2 on a processor with AVX-512 (its softmax picks the wider
kernel), so the AVX-512 of 2017 stands for both: its INT8 instructions are those of AVX2, only wider."""

_NEWER = frozenset({"vnni", "bf16", "amx"})


def can_go_without_vnni() -> bool:
    """Whether this processor has VNNI and can be held back from it."""
    return {"avx512", "vnni"} <= set(instruction_sets())


def usable_sets() -> tuple[str, ...]:
    """This processor's sets, less those that this process is held back from."""
    held_back = os.environ.get(ONEDNN_LIMIT) == WITHOUT_VNNI
    return tuple(entry for entry in instruction_sets() if not (held_back and entry in _NEWER))
