"""What a source doesn't label teaches nothing."""

import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

REASON = "the bench's packages are not installed (make setup-bench)"
torch: Any = pytest.importorskip("torch", reason=REASON)
pytest.importorskip("ultralytics", reason=REASON)

from models.torch_env import prepare  # noqa: E402

prepare()

from ultralytics.utils.instance import Instances  # noqa: E402

from models.partial import MaskedBce, OneSourceMosaic, WholePicture, doubtful_anchors, source_of  # noqa: E402

if TYPE_CHECKING:
    from torch import Tensor


def losses(known: list[float], target: list[float]) -> "Tensor":
    """The loss of one anchor of one picture by class, for logits of 0."""
    bce = MaskedBce()
    bce.known = torch.tensor([known])
    cost: Tensor = bce(torch.zeros(1, 1, len(target)), torch.tensor([[target]]))[0, 0]
    return cost


def test_silence_about_an_unknown_class_costs_nothing() -> None:
    """A fire picture without sign boxes says nothing about signs: only fire's absence counts."""
    cost = losses(known=[1.0, 0.0], target=[0.0, 0.0])
    assert cost[0] > 0
    assert cost[1] == 0


def test_a_boxed_object_counts_for_all_classes() -> None:
    """An anchor on a boxed stall is a stall and nothing else, whatever the source is silent about."""
    cost = losses(known=[0.0, 0.0, 0.0], target=[0.0, 0.9, 0.0])
    assert (cost > 0).all()


def test_mosaics_never_mix_sources() -> None:
    """One mask holds for the whole mosaic only if all four pictures come from one source."""
    names = [f"/mix/{source}/images/{k}.jpg" for source in ("fires", "signs") for k in range(5)]
    dataset: Any = SimpleNamespace(im_files=names, cache="ram")
    mosaic = OneSourceMosaic(dataset, imgsz=64, p=1.0)
    random.seed(1)
    for source in ("signs", "fires"):
        mosaic._source = source
        chosen = {source_of(names[index]) for _ in range(20) for index in mosaic.get_indexes()}
        assert chosen == {source}


@pytest.mark.parametrize(("height_px", "width_px", "kept"), [(640, 400, False), (360, 640, True), (1280, 1280, True)])
def test_a_picture_higher_than_the_frame_is_shrunk_into_it(height_px: int, width_px: int, kept: bool) -> None:
    """A mosaic, twice as wide and high as the frame, is cut by what comes after; so is a picture that fits."""
    image = np.zeros((height_px, width_px, 3), np.uint8)
    boxes = Instances(np.array([[0.0, 0.0, width_px, height_px]], np.float32), bbox_format="xyxy", normalized=False)
    found = WholePicture((640, 384))({"img": image, "instances": boxes, "cls": np.zeros((1, 1))})
    if kept:
        assert found["img"].shape == image.shape
    else:
        assert found["img"].shape == (384, 640, 3)
        assert found["instances"].bboxes.tolist() == [[200.0, 0.0, 440.0, 384.0]]


def test_a_doubtful_box_is_neither_object_nor_background() -> None:
    """Anchors inside it know nothing of its class; other classes, anchors and pictures are untouched."""
    points = torch.tensor([[0.5, 0.5], [0.9, 0.9]])
    doubtful = doubtful_anchors(
        points, torch.tensor([1]), torch.tensor([2]), torch.tensor([[0.5, 0.5, 0.2, 0.2]]), torch.Size((2, 3))
    )
    assert doubtful.nonzero().tolist() == [[1, 0, 2]]
