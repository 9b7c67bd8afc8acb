"""Makes torch and ultralytics usable offline on a CPU, without leaving files in anybody's home.

Called by the commands that need torch, before they import it; importing this module does nothing.
"""

# torch is absent where the bench is not installed; the check passes there too.
# mypy: disable-error-code="import-not-found"

import os
from pathlib import Path
from typing import Any, cast

from contract.errors import UsageError

RUNS_DIR = Path(__file__).resolve().parent.parent / "runs"
"""Where training and the libraries' own settings go; git ignores it."""


def prepare(runs_dir: Path = RUNS_DIR) -> None:
    """Sets ultralytics offline and makes torchvision importable beside CPU-only torch.

    PyPI's torchvision is built against CUDA torch: beside the CPU build its compiled operators don't load and the
    import dies with ``operator torchvision::nms does not exist``. Declaring the operators it names first is enough;
    where torchvision is healthy nothing is touched.

    Raises:
        UsageError: the bench's packages are not installed.
    """
    config_dir = runs_dir / "ultralytics"
    config_dir.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(config_dir))
    os.environ.update(YOLO_OFFLINE="1", YOLO_AUTOINSTALL="0", YOLO_VERBOSE="false")
    os.environ.setdefault(
        "OMP_WAIT_POLICY", "PASSIVE"
    )  # waiting threads that spin: 1.9 instead of 10 pictures a CPU-second
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise UsageError("torch is not installed: run `make setup-bench` for training and export") from error
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        _declare_operators()
        import torchvision.extension

        cast(Any, torchvision.extension)._has_ops = lambda: True  # what it asks itself before every call of nms


_libraries: list[Any] = []  # torch drops a definition when its Library object is collected


def _declare_operators() -> None:
    import torch

    library: Any = cast(Any, torch.library.Library)("torchvision", "FRAGMENT")  # torch leaves it untyped
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", _nms, "CPU")
    _libraries.append(library)


def _nms(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """Greedy non-maximum suppression over `boxes` (N, 4) xyxy; the kept indices by falling score."""
    import torch

    order = scores.argsort(descending=True, stable=True)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = []
    while order.numel():
        best = order[0]
        kept.append(best)
        rest = order[1:]
        low = torch.maximum(boxes[rest, :2], boxes[best, :2])
        high = torch.minimum(boxes[rest, 2:], boxes[best, 2:])
        overlap = (high - low).clamp(min=0).prod(dim=1)
        iou = overlap / (area[rest] + area[best] - overlap)
        order = rest[iou <= iou_threshold]
    return torch.stack(kept) if kept else torch.empty(0, dtype=torch.long)
