"""Finds the pictures of a data folder in a fixed order, and a fair sample of them."""

from pathlib import Path

from contract.errors import UsageError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


def picture_paths(folder: Path) -> tuple[Path, ...]:
    """Every picture under `folder`, by path."""
    return tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES))


def fair_sample(folder: Path, count: int) -> tuple[Path, ...]:
    """About `count` pictures, the same number from each folder below, evenly spaced: no chance, no favourite source.

    Raises:
        UsageError: there is no picture at all.
    """
    by_parent: dict[Path, list[Path]] = {}
    for path in picture_paths(folder):
        by_parent.setdefault(path.parent, []).append(path)
    if not by_parent:
        raise UsageError(f"{folder}: holds no pictures; give a folder with .jpg or .png files")
    share = -(-count // len(by_parent))
    return tuple(path for parent in sorted(by_parent) for path in _evenly(by_parent[parent], share))[:count]


def _evenly(paths: list[Path], count: int) -> list[Path]:
    if len(paths) <= count:
        return paths
    return [paths[index * len(paths) // count] for index in range(count)]
