"""Gives a pretrained net our classes, and gives a trained one back as a plain ultralytics model."""

# torch and ultralytics are partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-untyped-calls, disable-error-code="import-not-found, union-attr, index"

from copy import deepcopy
from math import log
from typing import Any

import torch
from ultralytics.nn.tasks import DetectionModel

_KIN_BY_LABEL = {
    "vehicle": ("car", "bus", "truck"),
    "cycle": ("bicycle", "motorcycle"),
    "parasol": ("umbrella",),
    "table": ("dining table",),
    "vendor_cart": ("stall",),
    "grill": ("vendor_cart", "stall"),
    "banner": ("billboard", "shop_sign"),
}
"""What an added class starts from when the net at hand doesn't know it: COCO's words first, then our own."""

OURS = ("criterion", "known_by_source", "bfloat16")
"""What our training adds to a model; a plain one has none of it."""


def fit_head(model: Any, labels: tuple[str, ...]) -> None:
    """Gives the net one score channel per label: copied by name, or the mean of its kin, or a quiet guess."""
    head = model.model[-1]
    old = {label: index for index, label in model.names.items()}
    for branch, stride in zip(head.cv3, head.stride.tolist(), strict=True):
        before = branch[-1]
        after = torch.nn.Conv2d(before.in_channels, len(labels), 1)
        prior = log(5 / len(labels) / (640 / stride) ** 2)  # as ultralytics starts: a handful of things in a picture
        with torch.no_grad():
            after.weight.mul_(0.1)
            after.bias.fill_(prior)
            for index, label in enumerate(labels):
                rows = [old[kin] for kin in (label,) if kin in old] or [
                    old[kin] for kin in _KIN_BY_LABEL.get(label, ()) if kin in old
                ]
                if rows:
                    after.weight[index] = before.weight[rows].mean(dim=0)
                    after.bias[index] = before.bias[rows].mean(dim=0)
        branch[-1] = after
    head.nc, head.no = len(labels), len(labels) + 4 * head.reg_max
    model.nc = model.yaml["nc"] = len(labels)
    model.names = dict(enumerate(labels))


def plain(model: Any) -> Any:
    """A copy in half precision as a plain ultralytics model, free of our code: anything that reads those reads it."""
    copy: Any = deepcopy(model).half().to(memory_format=torch.contiguous_format)
    for name in OURS:
        copy.__dict__.pop(name, None)
        copy._modules.pop(name, None)
    copy.criterion = None
    copy.__class__ = DetectionModel  # building one anew would give another head: its width follows the first model's
    return copy
