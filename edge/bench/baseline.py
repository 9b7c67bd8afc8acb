"""What the node is compared with: ultralytics' documented multi-stream loop, in a process of its own.

    python -m edge.bench.baseline WEIGHTS STREAMS_FILE VID_STRIDE SECONDS

``model.predict(source="list.streams", stream=True, vid_stride=…)``, as its guide writes it, over the same sources as
the node, with its own defaults for size and engine. Loaded by name: torch is no part of the node.
"""

import importlib
import json
import os
import resource
import sys
from typing import Any

from contract.clock import SystemClock

WARM_LOOKS = 2


def main(weights: str, streams: str, vid_stride: str, seconds: str) -> None:
    os.environ.update(YOLO_OFFLINE="1", YOLO_AUTOINSTALL="0", YOLO_VERBOSE="false", OMP_WAIT_POLICY="PASSIVE")
    make_importable()
    yolo = importlib.import_module("ultralytics").YOLO(weights)
    clock = SystemClock()
    results = yolo.predict(source=streams, stream=True, vid_stride=int(vid_stride), verbose=False, stream_buffer=False)
    with open(streams, encoding="utf-8") as file:  # noqa: PTH123  # a path in, a path out
        cameras = len(file.read().split())
    for _ in range(WARM_LOOKS * cameras):
        next(results)
    from_s, cpu_s, looks = clock.monotonic(), _cpu_s(), 0
    while clock.monotonic() - from_s < float(seconds):
        for _ in range(cameras):  # whole rounds: a piece of one at the end would say nothing about the rate
            next(results)
        looks += cameras
    passed_s = clock.monotonic() - from_s
    facts = {"cameras": cameras, "looks": looks, "seconds": passed_s, "cpu_s": _cpu_s() - cpu_s}
    sys.stdout.write("\n" + json.dumps(facts) + "\n")
    sys.stdout.flush()
    os._exit(0)  # its reader threads hang in their streams


def make_importable() -> None:
    """PyPI's torchvision beside CPU-only torch lacks its compiled operators: declares the one that is needed."""
    torch: Any = importlib.import_module("torch")
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.impl("nms", _nms, "CPU")
        _kept.append(library)
        importlib.import_module("torchvision")
        extension: Any = importlib.import_module("torchvision.extension")
        extension._has_ops = lambda: True


def _nms(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """Indices of the boxes (N, 4) xyxy that stay, best first: the operator's meaning, for the few boxes of a look."""
    cv2: Any = importlib.import_module("cv2")
    torch: Any = importlib.import_module("torch")
    sizes = torch.cat([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    kept = cv2.dnn.NMSBoxes(sizes.tolist(), scores.tolist(), 0.0, iou_threshold)
    return torch.as_tensor([int(index) for index in kept], dtype=torch.long)


_kept: list[Any] = []  # torch drops a definition when its Library object is collected


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:5])
