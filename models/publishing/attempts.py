"""The INT8 settings that are tried, in order, until one may ship."""

from dataclasses import dataclass

from models.quantise import KeptFloat, Overflow


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to quantise."""

    overflow: Overflow
    kept_float: KeptFloat

    @property
    def told(self) -> str:
        """For the manifest and the table."""
        return f"overflow fix {self.overflow.value}, {self.kept_float.value} in float"


ORDER = (
    Attempt(Overflow.FIRST_LAYER, KeptFloat.DECODING),
    Attempt(Overflow.FIRST_LAYER, KeptFloat.HEAD),
    Attempt(Overflow.ALL_LAYERS, KeptFloat.DECODING),
    Attempt(Overflow.ALL_LAYERS, KeptFloat.HEAD),
    Attempt(Overflow.NONE, KeptFloat.DECODING),
)
"""Cheapest honest one first: keeping the head in float costs some speed, halving all weights' range some accuracy; no
fix at all is right only where every node has VNNI, so it comes last and is judged without VNNI too."""


def attempts(overflow: Overflow | None, kept_float: KeptFloat | None) -> tuple[Attempt, ...]:
    """Those of `ORDER` that fit what the caller insists on."""
    fitting = tuple(
        attempt
        for attempt in ORDER
        if overflow in (None, attempt.overflow) and kept_float in (None, attempt.kept_float)
    )
    if fitting or overflow is None or kept_float is None:
        return fitting
    return (Attempt(overflow, kept_float),)
