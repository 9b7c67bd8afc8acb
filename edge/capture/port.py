"""What the node asks of a camera, whatever it is."""

from collections.abc import Iterator
from typing import Protocol

from contract.ids import CameraId
from edge.values import Frame


class Camera(Protocol):
    """A source of frames in capture-time order."""

    @property
    def camera_id(self) -> CameraId: ...

    @property
    def name(self) -> str:
        """What messages call the source; never holds a password."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Opens the source and yields frames until it ends; closing the iterator closes the source.

        Raises:
            TransientError: the source is away or was cut; opening it again may help.
            PermanentError: it can't be read at all, or ended before its own end.
        """
        ...
