"""Frames of any size keep their shape in the model's input, and boxes find their way back."""

import numpy as np
import pytest

from contract.manifest import ModelInput
from edge.detect.letterbox import Letterbox, Placement, fit, to_norm


@pytest.mark.parametrize(
    ("frame_width", "frame_height", "expected"),
    [
        (1920, 1080, Placement(0, 12, 640, 360)),
        (640, 384, Placement(0, 0, 640, 384)),
        (320, 180, Placement(0, 12, 640, 360)),
        (1080, 1920, Placement(212, 0, 216, 384)),
        (5000, 1, Placement(0, 191, 640, 1)),
    ],
)
def test_frame_is_placed_whole_and_centred(frame_width: int, frame_height: int, expected: Placement) -> None:
    """The largest picture that keeps its shape lies in the middle, never less than a pixel high."""
    assert fit(frame_width, frame_height, 640, 384) == expected


def test_border_of_one_camera_never_shows_the_other_cameras_picture() -> None:
    """One detector serves cameras of different shapes: what lies beside the picture is always the fill."""
    box = Letterbox(ModelInput(height_px=384, width_px=640))
    box.place(np.full((384, 640, 3), 255, np.uint8))
    box.place(np.zeros((1080, 1920, 3), np.uint8))
    assert (box.tensor[0, :12] == 114).all()
    assert (box.tensor[0, 372:] == 114).all()
    assert (box.tensor[0, 12:372] == 0).all()


def test_tensor_is_the_same_memory_for_every_frame() -> None:
    """The runtime is bound to the buffer once; a new one would never be looked at."""
    box = Letterbox(ModelInput(height_px=384, width_px=640))
    before = box.tensor
    box.place(np.full((360, 640, 3), 7, np.uint8))
    assert np.shares_memory(before, box.tensor)
    assert before[0, 100, 100, 0] == 7


def test_boxes_come_back_as_shares_of_the_frame_and_stay_inside() -> None:
    """A box over the whole picture is 0..1; what reaches into the border is cut."""
    placement = Placement(0, 12, 640, 360)
    boxes = np.array([[0, 12, 640, 372], [-5, 0, 320, 192]], np.float32)
    assert to_norm(boxes, placement).tolist() == [[0, 0, 1, 1], [0, 0, 0.5, 0.5]]
