"""One decoded picture → the array the node works on."""

import av
import numpy as np
from numpy.typing import NDArray


def to_bgr(picture: av.VideoFrame) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR, owned by the caller."""
    return np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8)
