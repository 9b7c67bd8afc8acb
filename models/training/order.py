"""The order in which pictures are shown: the same after a kill, so that an epoch can be taken up in its middle."""

# torch is absent where the bench is not installed; the check passes there too.
# mypy: allow-subclassing-any, allow-untyped-calls
# mypy: disable-error-code="import-not-found, override, assignment, call-overload"

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch.utils.data import Sampler
from ultralytics.data.build import InfiniteDataLoader


class KeptOrder(Sampler[int]):
    """A permutation for each epoch, by seed and epoch alone; every pass over it is the next epoch."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._seed = seed
        self._epoch = 0
        self._skipped = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        order = permutation(self._count, self._seed, self._epoch)[self._skipped :]
        self._epoch, self._skipped = self._epoch + 1, 0
        return iter(order)

    def begin_at(self, epoch: int, skipped: int) -> None:
        """The next pass is this epoch, without its first pictures."""
        self._epoch, self._skipped = epoch, skipped


def permutation(count: int, seed: int, epoch: int) -> list[int]:
    """All of 0..count-1 by chance; the same arguments give the same order."""
    order: list[int] = np.random.default_rng([seed, epoch]).permutation(count).tolist()
    return order


class ContinuedLoader(InfiniteDataLoader):
    """ultralytics' loader, whose first epoch may lack the batches that were shown before the kill."""

    iterator: Any
    batches_skipped = 0

    def __iter__(self) -> Iterator[Any]:
        if self.iterator is None:
            self.iterator = self._get_iterator()
        batches, self.batches_skipped = len(self) - self.batches_skipped, 0
        for _ in range(batches):
            yield next(self.iterator)


def keep_order(loader: Any, seed: int) -> None:
    """Makes a loader that ultralytics built for one process follow `KeptOrder`."""
    batches = loader.batch_sampler.sampler
    batches.sampler = KeptOrder(len(loader.dataset), seed)
    loader.__class__ = ContinuedLoader


def begin_at(loader: Any, epoch: int, batches: int) -> None:
    """The loader's next epoch is `epoch` (from 0) without its first `batches`."""
    loader.batch_sampler.sampler.sampler.begin_at(epoch, batches * loader.batch_size)
    loader.batches_skipped = batches
    loader.reset()
