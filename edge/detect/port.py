"""What the node asks of a detector, whatever runtime it is built on."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contract.manifest import Engine, ModelManifest
from edge.values import Detection


class Detector(Protocol):
    """A loaded model. A node shares one among all its cameras, and as many threads as it was opened with
    `streams` for may use it at once."""

    @property
    def manifest(self) -> ModelManifest:
        """The manifest of the model that is loaded."""
        ...

    @property
    def engine(self) -> Engine:
        """The variant of the model that runs."""
        ...

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        """Everything above its class's threshold in `frame`, best first.

        `frame` is (height, width, 3) BGR of any size; it is read, never kept or written.
        """
        ...

    def close(self) -> None:
        """Gives the runtime's memory back; the detector can't be used afterwards."""
        ...
