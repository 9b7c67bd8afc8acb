"""A model folder appears whole: it is made under a temporary name beside its place, then renamed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.manifest import ModelFile
from datasets.whole_file import sha256_of

CARD_FILE = "MODEL.md"


@contextmanager
def made_whole(out: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `out` when the block ends well; of the old one only the card is kept.

    A kill in the middle leaves `out` as it was and a hidden ``.part`` folder, which the next export removes.
    """
    out = out.resolve()
    part, old = (out.with_name(f".{out.name}.{suffix}") for suffix in ("part", "old"))
    if old.exists() and not out.exists():
        old.rename(out)
    for left in (part, old):
        shutil.rmtree(left, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        if (out / CARD_FILE).exists():
            shutil.copyfile(out / CARD_FILE, part / CARD_FILE)
        yield part
        if out.exists():
            out.rename(old)
        part.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def listed(path: Path) -> ModelFile:
    """The file as a manifest names it."""
    return ModelFile(path=path.name, sha256=sha256_of(path), size_bytes=path.stat().st_size)
