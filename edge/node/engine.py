"""The model in force: the one that was rolled out last, else the node's own, behind a detector that can be swapped."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import structlog

from contract.clock import Clock
from contract.errors import PermanentError, UsageError
from contract.taxonomy import Context, Seen
from edge.desired.models import read_in_force, write_in_force
from edge.desired.swap import SwappableDetector
from edge.detect.choose import open_detector
from edge.detect.faint import open_beside
from edge.detect.port import Detector
from edge.evidence.people import PeopleFinder
from edge.settings import NodeSettings

MODELS_DIR = "models"

_log = structlog.get_logger(__name__)


class ModelInForce:
    """Opens the model at start; afterwards the model desk swaps it."""

    def __init__(self, settings: NodeSettings, gates: Mapping[Seen | Context, float], clock: Clock) -> None:
        """Loads it.

        Raises:
            UsageError: the folder is no intact model or has nothing for the backend that was set.
            PermanentError: no variant of it works on this machine.
        """
        self.folder = settings.state_dir / MODELS_DIR
        self.open: Callable[[Path], Detector] = partial(
            open_detector,
            engine=settings.engine,
            threads=settings.threads,
            streams=settings.threads,
            gates=gates,
            backend=settings.backend,
        )
        self._model, detector = self._at_start(settings.model)
        self.swap = SwappableDetector(detector, clock)

    def people_finder(self) -> PeopleFinder:
        """A search for people of its own, over the network that is loaded already where the runtime can share it."""
        return PeopleFinder(open_beside(self.swap.inner, self._model, 1))

    def _at_start(self, own: Path) -> tuple[Path, Detector]:
        rolled_out = read_in_force(self.folder)
        if rolled_out is not None:
            try:
                return self.folder / rolled_out, self.open(self.folder / rolled_out)
            except (UsageError, PermanentError) as error:
                _log.error("the rolled-out model does not open; the node's own is used", reason=str(error))
                write_in_force(self.folder, None)
        return own, self.open(own)
