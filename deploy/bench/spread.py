"""Summaries of repeated timings."""

from collections.abc import Sequence


def spread(values: Sequence[float]) -> dict[str, float | int]:
    """Count, median, 95th percentile and extremes, rounded to three decimals."""
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "min": round(ordered[0], 3),
        "median": round(percentile(ordered, 0.5), 3),
        "p95": round(percentile(ordered, 0.95), 3),
        "max": round(ordered[-1], 3),
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of an ascending sequence."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
