"""A key frame that waits coded until somebody looks at it: 0.2 MB instead of 3, and nothing decoded for nothing.

Looks get it decoded quickly; whoever wants it in full size, as evidence does, gets it decoded as its coder meant it.

Once it was looked at it is coded again: the camera's thread holds it until the next one comes, and forty pictures in
full size would be 370 MB.
"""

import numpy as np
from numpy.typing import NDArray

from contract.errors import TransientError
from edge.capture.decoding import KeyFrames
from edge.capture.picture import DecodedPicture
from edge.capture.port import CodedPacket


class KeyPicture:
    """`edge.values.Pixels` of one key frame. Used by one thread at a time."""

    def __init__(self, packet: CodedPacket, keys: KeyFrames, may_be_quick: bool = True) -> None:
        """`may_be_quick`: False where most looks want the full size anyway."""
        self._packet = packet
        self._may_be_quick = may_be_quick
        self._is_quick = False
        self._keys = keys
        self._is_tried = False
        self._decoded: DecodedPicture | None = None

    @property
    def is_resting(self) -> bool:
        """Whether nothing is decoded now."""
        return self._decoded is None

    def is_whole(self) -> bool:
        if not self._is_tried:
            self._decode(self._may_be_quick and self._keys.can_be_quick)
        return self._decoded is not None

    def bgr(self) -> NDArray[np.uint8]:
        if self._is_quick or not self._is_tried:
            self._decode(is_quick=False)
        return self._picture().bgr()

    def fitted(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        return self._picture().fitted(width_px, height_px)

    def rest(self) -> None:
        if self._decoded is not None:  # what is damaged stays so
            self._decoded, self._is_tried, self._is_quick = None, False, False

    def _decode(self, is_quick: bool) -> None:
        self._decoded = self._keys.decode(self._packet, is_quick)
        self._is_tried, self._is_quick = True, is_quick

    def _picture(self) -> DecodedPicture:
        if not self.is_whole() or self._decoded is None:
            raise TransientError("the key frame is damaged; the next one may be whole")
        return self._decoded
