"""Seeded chance without state: the same keys always give the same numbers.

The scene needs random access in time, so no generator may be carried from frame to frame.
"""

import zlib

import numpy as np
from numpy.typing import NDArray


def generator(*keys: int | str) -> np.random.Generator:
    """A fresh generator for a tuple of keys; strings are hashed by CRC because `hash()` differs between processes."""
    return np.random.default_rng([zlib.crc32(key.encode()) if isinstance(key, str) else abs(int(key)) for key in keys])


def unit_floats(seed: int, indices: NDArray[np.int64], channel: int) -> NDArray[np.float64]:
    """One number in [0, 1) for each index, (N,): a splitmix64 hash, so particle 1000 needs no particle 999.

    Args:
        seed: the emitter's seed.
        indices: particle numbers, (N,).
        channel: which of a particle's parameters is drawn.
    """
    with np.errstate(over="ignore"):
        mixed = indices.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed += np.uint64((seed * 0xBF58476D1CE4E5B9 + channel * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    unit: NDArray[np.float64] = (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return unit
