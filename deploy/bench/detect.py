"""What one look costs in the detector, against ultralytics predicting with the same weights on the same frames.

The weights are the zoo model's own where its folder holds them (``weights.pt``), else those of the first model.
"""

from dataclasses import asdict
from pathlib import Path

from contract.errors import UsageError
from deploy.supervise import ROOT
from edge.scene.render import Renderer
from edge.scene.streets import demo_street
from edge.settings import DEFAULT_MODEL
from models.bench_detect import compare

FRAMES = 20
FIRST_MODEL = ROOT / "models" / "zoo" / "street-yolo11n" / "1.0.0"
FIRST_WEIGHTS = ROOT.parent / "shared" / "weights" / "first-model" / "first.pt"


def measure_detectors() -> dict[str, object]:
    """CPU and wall milliseconds a frame, and how many times cheaper than the predictor each engine is.

    Raises:
        UsageError: neither set of weights is here.
    """
    model, weights = _model_and_weights()
    street = demo_street()
    renderer = Renderer(street.world, street.cameras[0])
    frames = [renderer.frame(60.0 + index) for index in range(FRAMES)]
    comparison = compare(model, weights, frames)
    ratios = {name: round(1 / share, 2) for name, share in comparison.cpu_share_of_ultralytics.items()}
    return {"model": model.resolve().name, "times_cheaper_than_ultralytics": ratios, **asdict(comparison)}


def _model_and_weights() -> tuple[Path, Path]:
    own = DEFAULT_MODEL / "weights.pt"
    if own.is_file():
        return DEFAULT_MODEL, own
    if FIRST_WEIGHTS.is_file():
        return FIRST_MODEL, FIRST_WEIGHTS
    raise UsageError(f"{own}: no weights to compare with; the bench needs the .pt beside the exported model")
