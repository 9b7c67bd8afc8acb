"""Training on sources that each label only some classes, without teaching that unlabelled things are background.

A source's silence counts only for the classes it is exhaustive for. Elsewhere the classification loss keeps the
anchors that were assigned to a boxed object and drops the rest. Boxes of a doubtful class (numbered above ours) are
neither object nor background: their class gives no loss inside them. Mosaics mix pictures of one source only, so that
one mask holds for the whole mosaic.
"""

# torch and ultralytics are partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-subclassing-any, allow-untyped-calls, disable-error-code="import-not-found, assignment, arg-type, index"

import random
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.data.augment import LetterBox, Mosaic, RandomPerspective
from ultralytics.data.dataset import YOLODataset
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.loss import v8DetectionLoss
from ultralytics.utils.tal import make_anchors

from models.degrade import Degrade


def source_of(picture: str) -> str:
    """The source a laid-out picture belongs to (…/<source>/images/<picture>)."""
    return Path(picture).parent.parent.name


class StreetModel(DetectionModel):
    """The detector while it trains: masked loss, and the forward pass in bfloat16 if asked."""

    known_by_source: Mapping[str, Tensor] = {}
    bfloat16 = False

    def init_criterion(self) -> "MaskedLoss":
        return MaskedLoss(self, self.known_by_source)

    def loss(self, batch: dict[str, Any], preds: Any = None) -> Any:
        if preds is None:
            with torch.autocast(batch["img"].device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
                preds = self.forward(batch["img"].contiguous(memory_format=torch.channels_last))
            preds = _as_float(preds)
        return super().loss(batch, preds)


class MaskedLoss(v8DetectionLoss):
    """YOLO's loss with the negatives of unknown classes left out."""

    def __init__(self, model: nn.Module, known_by_source: Mapping[str, Tensor]) -> None:
        super().__init__(model)
        self._known_by_source = known_by_source
        self.bce = MaskedBce()

    def loss(self, preds: dict[str, Tensor], batch: dict[str, Any]) -> Any:
        known = torch.stack([self._known_by_source[source_of(name)] for name in batch["im_file"]]).to(self.device)
        sure = batch["cls"].view(-1) < self.nc
        points, strides = make_anchors(preds["feats"], self.stride, 0.5)
        size_px = torch.tensor(preds["feats"][0].shape[:1:-1], device=self.device) * self.stride[0]  # width, height
        doubtful = doubtful_anchors(
            points * strides / size_px,
            batch["batch_idx"][~sure].long(),
            batch["cls"].view(-1)[~sure].long() - self.nc,
            batch["bboxes"][~sure],
            known.shape,
        )
        self.bce.known = known[:, None, :] * ~doubtful
        kept = {name: batch[name][sure] for name in ("batch_idx", "cls", "bboxes")}
        return super().loss(preds, batch | kept)


def doubtful_anchors(points: Tensor, pictures: Tensor, classes: Tensor, boxes: Tensor, shape: torch.Size) -> Tensor:
    """Where nothing is known although the source is complete: (batch, anchors, classes), true inside doubtful boxes.

    Args:
        points: (anchors, 2) x, y in 0..1 of the picture.
        pictures: (boxes,) each doubtful box's picture in the batch.
        classes: (boxes,) its class.
        boxes: (boxes, 4) centre x, centre y, width, height in 0..1.
        shape: (batch, classes).
    """
    doubtful = torch.zeros(shape[0], len(points), shape[1], dtype=torch.bool, device=points.device)
    for picture, label, box in zip(pictures.tolist(), classes.tolist(), boxes, strict=True):
        doubtful[picture, :, label] |= ((points - box[:2]).abs() * 2 <= box[2:]).all(dim=1)
    return doubtful


class MaskedBce(nn.Module):
    """Binary cross-entropy (batch, anchors, classes), zero where nothing is known.

    `known` broadcasts to that shape: 1 where silence means absence. An anchor assigned to an object always counts.
    """

    known: Tensor

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        per_anchor = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        assigned = targets.amax(dim=2, keepdim=True) > 0
        return per_anchor * torch.maximum(self.known, assigned.to(logits.dtype))


class OneSourceDataset(YOLODataset):
    """A dataset whose mosaics never mix sources, and of which a share looks like poor surveillance frames."""

    degraded_share = 0.3

    def __init__(self, *args: Any, height_px: int | None = None, **named: Any) -> None:
        self._height_px = height_px  # before ultralytics' own, which builds the transforms
        super().__init__(*args, **named)

    def build_transforms(self, hyp: Any = None) -> Any:
        transforms = super().build_transforms(hyp)
        if self.augment:
            inner = transforms.transforms[0]
            inner.transforms = [
                OneSourceMosaic(self, imgsz=self.imgsz, p=step.p) if type(step) is Mosaic else step
                for step in inner.transforms
            ]
            if self._height_px is not None:
                _frame(inner.transforms, (self.imgsz, self._height_px))
            transforms.insert(len(transforms.transforms) - 1, Degrade(self.degraded_share))
        return transforms


class WholePicture:
    """Shrinks a single picture that is higher than the frame, so that nothing of it is cut off; mosaics pass."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._letter_box = LetterBox(size[::-1], scaleup=False)
        self._width_px, self._height_px = size

    def __call__(self, labels: dict[str, Any]) -> dict[str, Any]:
        # single pictures come with their longest side at the frame's width; a mosaic is twice as wide and high
        if not self._height_px < labels["img"].shape[0] <= self._width_px:
            return labels
        return dict(self._letter_box(labels))


def _frame(steps: list[Any], size: tuple[int, int]) -> None:
    """Makes mosaics and single pictures end as frames of `size` (width, height) instead of squares."""
    for index, step in enumerate(steps):
        if isinstance(step, RandomPerspective):
            step.size = size
            steps.insert(index, WholePicture(size))
            return


class OneSourceMosaic(Mosaic):
    """Chooses the three companions of a picture from its own source."""

    def __init__(self, dataset: Any, imgsz: int, p: float) -> None:
        super().__init__(dataset, imgsz=imgsz, p=p)
        self._indices_by_source: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(dataset.im_files):
            self._indices_by_source[source_of(name)].append(index)
        self._source = ""

    def get_params(self, labels: dict[str, Any]) -> Any:
        self._source = source_of(labels["im_file"])
        return super().get_params(labels)

    def get_indexes(self) -> list[int]:
        return random.choices(self._indices_by_source[self._source], k=self.n - 1)


def _as_float(preds: Any) -> Any:
    if isinstance(preds, Tensor):
        return preds.float()
    if isinstance(preds, dict):
        return {name: _as_float(part) for name, part in preds.items()}
    return type(preds)(_as_float(part) for part in preds)
